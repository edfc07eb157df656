import { AppError } from "@bureau/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventsAfter, lastSequence } from "../store/events.ts";
import type { InboxRow, RunRow, ToolCallRow } from "../store/rows.ts";
import { aGoal, aRun, aToolCall, anEntry, owner, testCommands, type TestCommands } from "../testing/factories.ts";
import { actionHash } from "../tools/action-hash.ts";
import { cancelRun } from "./cancel-run.ts";
import { listRuns } from "../queries/runs.ts";
import { listItems } from "../queries/threads.ts";
import { answerInboxEntry } from "./answer-question.ts";
import { decideInboxEntry } from "./decide-entry.ts";
import { editInboxEntry } from "./edit-approval.ts";
import { pauseGoal } from "./pause-goal.ts";
import { replyToInbox } from "./reply-to-inbox.ts";
import { resumeGoal } from "./resume-goal.ts";

let world: TestCommands;

beforeAll(async () => {
  world = await testCommands();
});
afterAll(() => world.close());

/** A run that waits for a person about one call. */
async function asking(kind: "approval" | "question", values: Partial<InboxRow> = {}) {
  const run = await aRun(world.database, { agent_id: world.agent.id, status: "waiting", wait_reason: kind });
  const call = await aToolCall(world.database, run, { status: "awaiting_approval" });
  return { run, call, entry: await anEntry(world.database, { kind, ...values }, { run, call }) };
}

async function one<Row>(table: "runs" | "tool_calls" | "inbox", id: string): Promise<Row> {
  const { rows } = await world.database.query(`SELECT * FROM ${table} WHERE id = $1`, [id]);
  return rows[0] as Row;
}

async function failure(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AppError)) throw new Error(`expected an AppError, not ${String(error)}`);
  return error;
}

describe("an approval", () => {
  test("lets the call run and its run go on", async () => {
    const { run, call, entry } = await asking("approval");
    const before = await lastSequence(world.database);
    const decided = await decideInboxEntry(world.parts, entry.id, {
      decision: "approve",
      note: "fine",
      by: owner("Ana"),
    });
    expect(decided).toMatchObject({
      status: "approved",
      decidedBy: "Ana",
      answer: "fine",
      decidedAt: expect.any(String),
    });
    expect(await one<ToolCallRow>("tool_calls", call.id)).toMatchObject({ status: "pending", approved: true });
    expect(await one<RunRow>("runs", run.id)).toMatchObject({
      status: "queued",
      dispatch: 2,
      control: 1,
      wait_reason: null,
    });
    expect(world.enqueued.at(-1)).toMatchObject({ id: run.id, dispatch: 2 });
    const events = await eventsAfter(world.database, before, 10);
    expect(events.map((event) => event.type)).toEqual(["item.added", "approval.decided", "run.queued"]);
  });

  test("denied gives the model a result that says so, and the call never runs", async () => {
    const { run, call, entry } = await asking("approval", { title: "Send the letter" });
    await decideInboxEntry(world.parts, entry.id, { decision: "deny", note: "not yet", by: owner("Ana") });
    const denied = await one<ToolCallRow>("tool_calls", call.id);
    expect(denied).toMatchObject({ status: "denied", approved: false });
    expect(denied.result).toContain("Denied by Ana: Send the letter");
    expect(denied.result).toContain("not yet");
    const { items } = await listItems(world.database, run.thread_id, { after: 0, limit: 10 });
    expect(items.map((item) => item.content.type)).toEqual(["approval", "tool_result"]);
    expect(await one<RunRow>("runs", run.id)).toMatchObject({ status: "queued" });
  });

  test("decided the same way again is success and changes nothing", async () => {
    const { run, entry } = await asking("approval");
    const first = await decideInboxEntry(world.parts, entry.id, { decision: "approve", by: owner("Ana") });
    const before = await lastSequence(world.database);
    expect(await decideInboxEntry(world.parts, entry.id, { decision: "approve", by: owner("Ben") })).toEqual(first);
    expect(await lastSequence(world.database)).toBe(before);
    expect(await one<RunRow>("runs", run.id)).toMatchObject({ dispatch: 2 });
  });

  test("decided the other way later names who was first", async () => {
    const { entry } = await asking("approval", { title: "Pay the bill" });
    await decideInboxEntry(world.parts, entry.id, { decision: "deny", by: owner("Ana") });
    const error = await failure(decideInboxEntry(world.parts, entry.id, { decision: "approve", by: owner("Ben") }));
    expect(error).toMatchObject({
      code: "conflict",
      message: expect.stringMatching(/was already denied by Ana at \d{4}-/),
    });
  });

  test("decided both ways at the same moment has one outcome, and the run goes on once", async () => {
    for (let round = 0; round < 10; round += 1) {
      const { run, call, entry } = await asking("approval");
      const results = await Promise.allSettled([
        decideInboxEntry(world.parts, entry.id, { decision: "approve", by: owner("Ana") }),
        decideInboxEntry(world.parts, entry.id, { decision: "deny", by: owner("Ben") }),
        decideInboxEntry(world.parts, entry.id, { decision: "approve", by: owner("Cleo") }),
      ]);
      const after = await one<InboxRow>("inbox", entry.id);
      const { status } = await one<ToolCallRow>("tool_calls", call.id);
      expect(status).toBe(after.status === "approved" ? "pending" : "denied");
      expect(results.filter((result) => result.status === "rejected")).toHaveLength(
        after.status === "approved" ? 1 : 2,
      );
      expect(world.enqueued.filter((sent) => sent.id === run.id)).toHaveLength(1);
    }
  });

  test("and a cancel at the same moment leave no call that may run", async () => {
    for (let round = 0; round < 8; round += 1) {
      const { run, call, entry } = await asking("approval");
      await Promise.allSettled([
        decideInboxEntry(world.parts, entry.id, { decision: "approve", by: owner("Ana") }),
        cancelRun(world.parts, run.id),
      ]);
      expect(await one<RunRow>("runs", run.id)).toMatchObject({ status: "canceled" });
      expect(await one<ToolCallRow>("tool_calls", call.id)).toMatchObject({ status: "canceled" });
    }
  });

  test("does not hold for a call whose arguments have changed since", async () => {
    const { call, entry } = await asking("approval");
    await world.database.query("UPDATE tool_calls SET action_hash = 'another' WHERE id = $1", [call.id]);
    expect(
      await failure(decideInboxEntry(world.parts, entry.id, { decision: "approve", by: owner("Ana") })),
    ).toMatchObject({
      code: "conflict",
    });
    expect(await one<InboxRow>("inbox", entry.id)).toMatchObject({ status: "pending" });
  });

  test("decided for an action that was changed since is refused, and still waits", async () => {
    const { entry } = await asking("approval");
    const seen = entry.action_hash!;
    await editInboxEntry(world.parts, entry.id, { arguments: { command: "ls -l" }, by: owner("Ana") });
    for (const decision of ["approve", "deny"] as const) {
      const error = await failure(
        decideInboxEntry(world.parts, entry.id, { decision, actionHash: seen, by: owner("Ben") }),
      );
      expect(error).toMatchObject({ code: "conflict", message: expect.stringContaining("has changed since") });
    }
    expect(await one<InboxRow>("inbox", entry.id)).toMatchObject({ status: "pending" });
    const actionHash = (await one<InboxRow>("inbox", entry.id)).action_hash!;
    const yes = { decision: "approve", actionHash, by: owner("Ben") } as const;
    expect(await decideInboxEntry(world.parts, entry.id, yes)).toMatchObject({ status: "approved", decidedBy: "Ben" });
    expect(await decideInboxEntry(world.parts, entry.id, yes)).toMatchObject({ status: "approved", decidedBy: "Ben" });
    const late = await failure(decideInboxEntry(world.parts, entry.id, { ...yes, actionHash: seen }));
    expect(late).toMatchObject({ code: "conflict", message: expect.stringContaining("already approved by Ben") });
  });

  test("that asks for no action is not decided for one", async () => {
    const entry = await anEntry(world.database, { kind: "failed_run" });
    const named = { decision: "dismiss", actionHash: "any", by: owner("Ana") } as const;
    expect(await failure(decideInboxEntry(world.parts, entry.id, named))).toMatchObject({ code: "conflict" });
    expect(await one<InboxRow>("inbox", entry.id)).toMatchObject({ status: "pending" });
  });

  test("edited keeps the request, binds it to the new action, and tells the model when it is approved", async () => {
    const { run, call, entry } = await asking("approval");
    const edited = await editInboxEntry(world.parts, entry.id, { arguments: { command: "ls -l" }, by: owner("Ana") });
    const hash = actionHash("run_command", { command: "ls -l" });
    expect(edited).toMatchObject({
      id: entry.id,
      status: "pending",
      actionHash: hash,
      detail: { arguments: { command: "ls -l" } },
    });
    expect(edited.actionHash).not.toBe(call.action_hash);
    await decideInboxEntry(world.parts, entry.id, { decision: "approve", by: owner("Ana") });
    expect(await one<ToolCallRow>("tool_calls", call.id)).toMatchObject({
      status: "pending",
      arguments: { command: "ls -l" },
      action_hash: hash,
    });
    const { items } = await listItems(world.database, run.thread_id, { after: 0, limit: 10 });
    expect(items[1]?.content).toMatchObject({ role: "runtime", text: expect.stringContaining("ls -l") });
  });
});

describe("a question", () => {
  test("answered by the number of a choice becomes the call's result", async () => {
    const { run, call, entry } = await asking("question", { choices: ["Lisbon", "Porto"] });
    expect(await answerInboxEntry(world.parts, entry.id, { choice: 2, by: owner("Ana") })).toMatchObject({
      status: "answered",
      answer: "Porto",
    });
    expect(await one<ToolCallRow>("tool_calls", call.id)).toMatchObject({ status: "completed", result: "Porto" });
    expect(await one<RunRow>("runs", run.id)).toMatchObject({ status: "queued" });
    expect(await answerInboxEntry(world.parts, entry.id, { text: "Porto", by: owner("Ben") })).toMatchObject({
      decidedBy: "Ana",
    });
    expect(await failure(answerInboxEntry(world.parts, entry.id, { choice: 1, by: owner("Ben") }))).toMatchObject({
      code: "conflict",
    });
  });

  test("has no choice that was not offered, and cannot be approved", async () => {
    const { entry } = await asking("question", { choices: ["yes"] });
    expect(await failure(answerInboxEntry(world.parts, entry.id, { choice: 2, by: owner("Ana") }))).toMatchObject({
      code: "invalid",
    });
    expect(
      await failure(decideInboxEntry(world.parts, entry.id, { decision: "approve", by: owner("Ana") })),
    ).toMatchObject({
      code: "invalid",
    });
  });

  test("set aside lets the agent go on without an answer", async () => {
    const { run, call, entry } = await asking("question");
    await decideInboxEntry(world.parts, entry.id, { decision: "dismiss", by: owner("Ana") });
    expect(await one<ToolCallRow>("tool_calls", call.id)).toMatchObject({ status: "canceled" });
    expect(await one<RunRow>("runs", run.id)).toMatchObject({ status: "queued" });
  });
});

describe("a sign-off", () => {
  test("has the checks run again, by the run that waits or by a new one", async () => {
    const goal = await aGoal(world.database, { agent_id: world.agent.id, status: "waiting" });
    const run = await aRun(
      world.database,
      { agent_id: world.agent.id, status: "waiting", wait_reason: "sign_off" },
      goal,
    );
    const entry = await anEntry(world.database, { kind: "sign_off", check_index: 0 }, { run, goal });
    await decideInboxEntry(world.parts, entry.id, { decision: "approve", by: owner("Ana") });
    expect(await one<RunRow>("runs", run.id)).toMatchObject({ status: "queued", state: { checkRequested: true } });

    const idle = await aGoal(world.database, { agent_id: world.agent.id });
    const later = await anEntry(world.database, { kind: "sign_off", check_index: 0 }, { goal: idle });
    await decideInboxEntry(world.parts, later.id, { decision: "deny", by: owner("Ana") });
    expect((await listRuns(world.database, { goal: idle.id, limit: 5 })).runs).toMatchObject([
      { trigger: "check", status: "queued" },
    ]);
  });

  test("of a goal that was edited since is a conflict; a pause in between does no harm", async () => {
    const goal = await aGoal(world.database, { agent_id: world.agent.id });
    const entry = await anEntry(world.database, { kind: "sign_off", check_index: 0 }, { goal });
    await pauseGoal(world.parts, goal.id);
    await resumeGoal(world.parts, goal.id);
    expect(await decideInboxEntry(world.parts, entry.id, { decision: "approve", by: owner("Ana") })).toMatchObject({
      status: "approved",
    });
    const stale = await anEntry(
      world.database,
      { kind: "sign_off", check_index: 0 },
      { goal: { ...goal, version: 99 } },
    );
    expect(
      await failure(decideInboxEntry(world.parts, stale.id, { decision: "approve", by: owner("Ana") })),
    ).toMatchObject({
      code: "conflict",
    });
  });
});

describe("replying to a list", () => {
  test("decides what the words say, and one that fails stops no other", async () => {
    const asked = await Promise.all([1, 2, 3, 4].map(() => asking("approval")));
    const stopped = await anEntry(world.database, { kind: "stopped", title: "The budget is spent" });
    const entries = [...asked.map(({ entry }) => entry.id), stopped.id];
    const result = await replyToInbox(world.parts, { text: "all but 2", entries, by: owner("Ana") });
    expect(result.entries.map((entry) => entry.status)).toEqual(["approved", "approved", "approved"]);
    expect(result.failed).toMatchObject([{ entryId: stopped.id, message: expect.stringContaining("stopped") }]);
    expect(await one<InboxRow>("inbox", asked[1]!.entry.id)).toMatchObject({ status: "pending" });
    expect(await replyToInbox(world.parts, { text: "2 no", entries, by: owner("Ana") })).toMatchObject({
      entries: [{ status: "denied" }],
    });
  });

  test("that is not understood decides nothing", async () => {
    const { entry } = await asking("approval");
    expect(
      await failure(replyToInbox(world.parts, { text: "perhaps", entries: [entry.id], by: owner("Ana") })),
    ).toMatchObject({ code: "invalid" });
    expect(await one<InboxRow>("inbox", entry.id)).toMatchObject({ status: "pending" });
  });
});
