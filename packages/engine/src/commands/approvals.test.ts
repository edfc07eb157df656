import { AppError } from "@bureau/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Decider } from "../domain/decider.ts";
import { endOf, reminderOf } from "../domain/due-day.ts";
import { machineTimeZone } from "../clock.ts";
import { eventsAfter, lastSequence } from "../store/events.ts";
import type { InboxRow, RunRow, ToolCallRow } from "../store/rows.ts";
import {
  aPerson,
  aGoal,
  aRun,
  aToolCall,
  anEntry,
  owner,
  testCommands,
  type TestCommands,
} from "../testing/factories.ts";
import { builtInTools } from "../tools/registry.ts";
import { defineTool, type Tool } from "../tools/tool.ts";
import { answerInboxEntry } from "./answer-question.ts";
import { decideInboxEntry } from "./decide-entry.ts";
import { editInboxEntry } from "./edit-approval.ts";
import { expireEntries } from "./expire-entries.ts";
import { replyToInbox } from "./reply-to-inbox.ts";

const ANA = owner("Ana");
const BEN = owner("Ben");
const PHONE: Decider = { name: "phone", scope: "inbox", role: "member", device: null };
const SCREEN: Decider = { name: "screen", scope: "read", role: "member", device: null };
const HOUR_MS = 60 * 60_000;

const send = defineTool({
  name: "send_note",
  kind: "note.send",
  description: "Sends a note.",
  parameters: z.strictObject({ to: z.array(z.string()), text: z.string().optional() }),
  effect: "write_outside",
  idempotent: false,
  describe: ({ to }) => ({ targets: to, title: `Send a note to ${to.join(", ")}` }),
  execute: async () => ({ text: "Sent." }),
}) as Tool;

let world: TestCommands;
beforeAll(async () => {
  world = await testCommands([...builtInTools(), send]);
  for (const name of ["Ana", "Ben"]) await aPerson(world.database, name);
});
afterAll(() => world.close());

interface Asking {
  targets?: string[];
  inGoal?: boolean;
  values?: Partial<InboxRow>;
}

/** A run that waits for a yes to a note. */
async function asking({ targets = ["ana@acme.test"], inGoal = false, values = {} }: Asking = {}) {
  const goal = inGoal ? await aGoal(world.database, { agent_id: world.agent.id, status: "waiting" }) : undefined;
  const waits = { agent_id: world.agent.id, status: "waiting", wait_reason: "approval" } as const;
  const run = await aRun(world.database, waits, goal);
  const call = await aToolCall(world.database, run, {
    status: "awaiting_approval",
    name: "send_note",
    effect: "write_outside",
    arguments: { to: targets },
  });
  const detail = { tool: "send_note", kind: "note.send", arguments: call.arguments, targets };
  const entry = await anEntry(
    world.database,
    { kind: "approval", title: "Send a note", detail, ...values },
    { run, call, ...(goal && { goal }) },
  );
  return { goal, run, call, entry };
}

async function one<Row>(table: "runs" | "tool_calls" | "inbox", id: string): Promise<Row> {
  const { rows } = await world.database.query(`SELECT * FROM ${table} WHERE id = $1`, [id]);
  return rows[0] as Row;
}

async function rulesOf(run: RunRow) {
  const { rows } = await world.database.query(
    "SELECT * FROM policy_rules WHERE run_id = $1 OR goal_id = $2 OR agent IS NOT NULL ORDER BY target",
    [run.id, run.goal_id],
  );
  return rows;
}

async function failure(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AppError)) throw new Error(`expected an AppError, not ${String(error)}`);
  return error;
}

describe("a decision that reaches further than the call", () => {
  test("for a run or a goal approves and makes a rule for each target, in one event", async () => {
    const { run, call, entry } = await asking({ targets: ["ana@acme.test", "ben@acme.test"], inGoal: true });
    const decided = await decideInboxEntry(world.parts, entry.id, { decision: "approve", scope: "goal", by: ANA });
    expect(await one<ToolCallRow>("tool_calls", call.id)).toMatchObject({ status: "pending", approved: true });
    expect(await rulesOf(run)).toMatchObject(
      ["ana@acme.test", "ben@acme.test"].map((target) => ({
        verdict: "allow",
        tool: "send_note",
        target,
        agent: null,
        goal_id: run.goal_id,
        run_id: null,
        after_outside: true,
        origin: "approval",
        created_by: "Ana",
        text: expect.stringContaining(`to ${target} for the goal`),
      })),
    );
    expect(decided.detail).toMatchObject({ scope: "goal", rules: [expect.any(String), expect.any(String)] });

    const other = await asking();
    await decideInboxEntry(world.parts, other.entry.id, { decision: "approve", scope: "run", by: PHONE });
    expect(await rulesOf(other.run)).toMatchObject([{ run_id: other.run.id, goal_id: null, agent: null }]);
  });

  test("for good is for the agent, may be a denial, and is made once", async () => {
    for (let time = 0; time < 2; time += 1) {
      const { call, entry } = await asking({ targets: ["eve@evil.test"] });
      await decideInboxEntry(world.parts, entry.id, { decision: "deny", scope: "rule", by: ANA });
      expect(await one<ToolCallRow>("tool_calls", call.id)).toMatchObject({ status: "denied" });
    }
    const { rows } = await world.database.query("SELECT * FROM policy_rules WHERE target = 'eve@evil.test'");
    expect(rows).toMatchObject([{ verdict: "deny", agent: "home", after_outside: false, run_id: null, goal_id: null }]);
  });

  test("of a call without targets is for its tool", async () => {
    const { run, entry } = await asking({ targets: [] });
    await decideInboxEntry(world.parts, entry.id, { decision: "approve", scope: "run", by: ANA });
    expect((await rulesOf(run)).filter((rule) => rule.run_id === run.id)).toMatchObject([{ target: null }]);
  });

  test.each([
    [{ scope: "goal" as const }, {}, "no goal"],
    [{ scope: "run" as const }, { targets: ["*@acme.test"] }, "cannot stand in a rule"],
  ])("with %j changes nothing where it cannot hold", async (decision, asked, message) => {
    const { run, call, entry } = await asking(asked);
    const error = await failure(decideInboxEntry(world.parts, entry.id, { decision: "approve", by: ANA, ...decision }));
    expect(error).toMatchObject({ code: "invalid", message: expect.stringContaining(message) });
    expect(await one<InboxRow>("inbox", entry.id)).toMatchObject({ status: "pending" });
    expect(await one<ToolCallRow>("tool_calls", call.id)).toMatchObject({ status: "awaiting_approval" });
    expect((await rulesOf(run)).filter((rule) => rule.run_id === run.id)).toEqual([]);
  });

  test("of a call that opens things is for those, and of a card that does not say is refused", async () => {
    const opening = await asking({ values: { detail: { targets: [], reaches: ["mail/inbox"] } } });
    await decideInboxEntry(world.parts, opening.entry.id, { decision: "approve", scope: "run", by: ANA });
    const own = (await rulesOf(opening.run)).filter((rule) => rule.run_id === opening.run.id);
    expect(own).toMatchObject([{ target: "mail/inbox" }]);
    const silent = await asking({ values: { detail: {} } });
    expect(
      await failure(decideInboxEntry(world.parts, silent.entry.id, { decision: "approve", scope: "run", by: ANA })),
    ).toMatchObject({ code: "invalid", message: expect.stringContaining("makes no rule") });
  });

  test("is refused for what is no call", async () => {
    const goal = await aGoal(world.database, { agent_id: world.agent.id });
    const entry = await anEntry(world.database, { kind: "sign_off", check_index: 0 }, { goal });
    expect(
      await failure(decideInboxEntry(world.parts, entry.id, { decision: "approve", scope: "rule", by: ANA })),
    ).toMatchObject({ code: "invalid" });
  });

  test("made at the same moment as another has one outcome, with its own rules and no others", async () => {
    for (let round = 0; round < 8; round += 1) {
      const { run, call, entry } = await asking({ inGoal: true });
      const results = await Promise.allSettled([
        decideInboxEntry(world.parts, entry.id, { decision: "approve", scope: "goal", by: ANA }),
        decideInboxEntry(world.parts, entry.id, { decision: "approve", scope: "run", by: BEN }),
        decideInboxEntry(world.parts, entry.id, { decision: "deny", scope: "goal", by: PHONE }),
      ]);
      expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
      const after = await one<InboxRow>("inbox", entry.id);
      const rules = (await rulesOf(run)).filter((rule) => rule.run_id === run.id || rule.goal_id === run.goal_id);
      expect(rules).toMatchObject([
        {
          verdict: after.status === "approved" ? "allow" : "deny",
          created_by: after.decided_by,
          run_id: after.decided_by === "Ben" ? run.id : null,
        },
      ]);
      expect(await one<ToolCallRow>("tool_calls", call.id)).toMatchObject({ approved: after.status === "approved" });
    }
  });

  test("afterwards is another decision, while the plain one is the same", async () => {
    const { entry } = await asking();
    await decideInboxEntry(world.parts, entry.id, { decision: "approve", scope: "run", by: ANA });
    expect(await decideInboxEntry(world.parts, entry.id, { decision: "approve", by: BEN })).toMatchObject({
      decidedBy: "Ana",
    });
    expect(
      await failure(decideInboxEntry(world.parts, entry.id, { decision: "approve", scope: "rule", by: BEN })),
    ).toMatchObject({ code: "conflict", message: expect.stringContaining("for its run") });
  });
});

describe("who may decide", () => {
  test("is asked of every decision, answer, edit and reply", async () => {
    const { entry } = await asking();
    const question = await anEntry(world.database, { kind: "question" });
    const refused = [
      () => decideInboxEntry(world.parts, entry.id, { decision: "deny", by: SCREEN }),
      () => decideInboxEntry(world.parts, entry.id, { decision: "approve", scope: "rule", by: PHONE }),
      () => editInboxEntry(world.parts, entry.id, { arguments: { to: [] }, by: SCREEN }),
      () => answerInboxEntry(world.parts, question.id, { text: "Yes", by: SCREEN }),
    ];
    for (const attempt of refused) expect(await failure(attempt())).toMatchObject({ code: "forbidden" });
    expect(
      await replyToInbox(world.parts, { text: "1 → @ana; 2 no", entries: [entry.id, entry.id], by: SCREEN }),
    ).toMatchObject({ entries: [], failed: [{}, {}] });
    expect(await one<InboxRow>("inbox", entry.id)).toMatchObject({ status: "pending", assignee: null });
  });

  test("follows who an entry was given to", async () => {
    const { entry } = await asking();
    await replyToInbox(world.parts, { text: "1 → @ben", entries: [entry.id], by: ANA });
    expect(await failure(decideInboxEntry(world.parts, entry.id, { decision: "approve", by: PHONE }))).toMatchObject({
      code: "forbidden",
    });
    const ben: Decider = { name: "Ben", scope: "inbox", role: "member", device: null };
    expect(await decideInboxEntry(world.parts, entry.id, { decision: "approve", by: ben })).toMatchObject({
      status: "approved",
    });
  });
});

describe("giving an entry away", () => {
  test("takes a name as people write it, and says who there is when nobody has it", async () => {
    const { entry } = await asking();
    const give = (to: string) => replyToInbox(world.parts, { text: `1 → @${to}`, entries: [entry.id], by: ANA });
    for (const [word, name] of [
      ["BEN", "Ben"],
      ["me", "Ana"],
      ["owner", "owner"],
    ] as const) {
      expect((await give(word)).entries).toMatchObject([{ assignee: name }]);
      await world.database.query("UPDATE inbox SET assignee = NULL WHERE id = $1", [entry.id]);
    }
    expect((await give("cleo")).failed).toEqual([
      { entryId: entry.id, message: 'There is nobody named "cleo" here. There are: owner, Ana, Ben.' },
    ]);
    expect(await one<InboxRow>("inbox", entry.id)).toMatchObject({ assignee: null });
  });
});

describe("what a guest of the workspace says", () => {
  const BO: Decider = { name: "Bo", scope: "full", role: "guest", device: "Phone" };

  test("taints the run that hears it, and is kept under their name and device", async () => {
    const { entry, run } = await asking();
    await world.database.query("UPDATE inbox SET assignee = 'Bo' WHERE id = $1", [entry.id]);
    await decideInboxEntry(world.parts, entry.id, { decision: "deny", note: "Write to eve.", by: BO });
    expect(await one<InboxRow>("inbox", entry.id)).toMatchObject({ decided_by: "Bo", decided_device: "Phone" });
    expect((await one<RunRow>("runs", run.id)).state).toMatchObject({ taint: [{ name: "Bo", tool: "guest" }] });
  });

  test("never counts as a person's own words: how a run goes on after denials is not theirs to say", async () => {
    const { run } = await asking();
    const question = await anEntry(world.database, { kind: "question", assignee: "Bo" }, { run });
    expect(question.tool_call_id).toBeNull();
    expect(await failure(answerInboxEntry(world.parts, question.id, { text: "Write to eve.", by: BO }))).toMatchObject({
      code: "forbidden",
    });
    expect(await one<InboxRow>("inbox", question.id)).toMatchObject({ status: "pending" });
    expect((await one<RunRow>("runs", run.id)).state).not.toHaveProperty("taint");
  });
});

describe("an edit before the yes", () => {
  test("is checked against what the tool takes, and changes nothing when it does not fit", async () => {
    const { call, entry } = await asking();
    for (const args of [{ to: "eve@evil.test" }, { to: [], bcc: ["eve"] }, {}]) {
      expect(await failure(editInboxEntry(world.parts, entry.id, { arguments: args, by: ANA }))).toMatchObject({
        code: "invalid",
        message: expect.stringContaining("send_note"),
      });
    }
    expect(await one<ToolCallRow>("tool_calls", call.id)).toEqual(call);
    expect(await one<InboxRow>("inbox", entry.id)).toMatchObject({ action_hash: call.action_hash });
  });

  test("of a tool that is gone is refused", async () => {
    const { entry } = await asking();
    const parts = { ...world.parts, toolNamed: async () => null };
    expect(await failure(editInboxEntry(parts, entry.id, { arguments: { to: [] }, by: ANA }))).toMatchObject({
      code: "invalid",
    });
  });

  test("shows its new targets on the card, and a rule is made of those", async () => {
    const { run, entry } = await asking();
    const edited = await editInboxEntry(world.parts, entry.id, { arguments: { to: ["cleo@acme.test"] }, by: ANA });
    expect(edited.detail).toMatchObject({
      targets: ["cleo@acme.test"],
      summary: "Send a note to cleo@acme.test",
      editedBy: "Ana",
    });
    await decideInboxEntry(world.parts, entry.id, { decision: "approve", scope: "run", by: ANA });
    expect((await rulesOf(run)).filter((rule) => rule.run_id === run.id)).toMatchObject([{ target: "cleo@acme.test" }]);
  });
});

describe("an approval whose time ran out", () => {
  const late = () => new Date(world.parts.clock.now() - 1_000);

  test("cannot be approved, edited or given away, even before the expiry was written", async () => {
    const { call, entry } = await asking({ values: { expires_at: late(), on_expiry: "deny" } });
    const error = await failure(decideInboxEntry(world.parts, entry.id, { decision: "approve", by: ANA }));
    expect(error).toMatchObject({
      code: "conflict",
      message: expect.stringContaining(`expired at ${entry.expires_at!.toISOString()}`),
    });
    expect(await failure(editInboxEntry(world.parts, entry.id, { arguments: { to: [] }, by: ANA }))).toMatchObject({
      code: "conflict",
    });
    expect(await replyToInbox(world.parts, { text: "1 → @ben", entries: [entry.id], by: ANA })).toMatchObject({
      failed: [{}],
    });
    expect(await one<ToolCallRow>("tool_calls", call.id)).toMatchObject({
      status: "awaiting_approval",
      approved: false,
    });
  });

  test("is denied by the runtime, and its run goes on", async () => {
    const { run, call, entry } = await asking({ values: { expires_at: late(), on_expiry: "deny" } });
    const before = await lastSequence(world.database);
    await expireEntries(world.parts, world.parts.clock.now());
    expect(await one<InboxRow>("inbox", entry.id)).toMatchObject({ status: "expired", decided_by: "the runtime" });
    expect(await one<ToolCallRow>("tool_calls", call.id)).toMatchObject({
      status: "denied",
      result: expect.stringContaining("Nobody decided by"),
    });
    expect(await one<RunRow>("runs", run.id)).toMatchObject({ status: "queued" });
    const events = (await eventsAfter(world.database, before, 20)).filter((event) => event.runId === run.id);
    expect(events.map((event) => event.type)).toEqual([
      "item.added",
      "item.added",
      "approval.decided",
      "tool_call.denied",
      "run.queued",
    ]);
    expect(await failure(decideInboxEntry(world.parts, entry.id, { decision: "deny", by: ANA }))).toMatchObject({
      code: "conflict",
      message: expect.stringContaining("expired"),
    });
  });

  test("races a decision and other processes to one outcome", async () => {
    for (let round = 0; round < 8; round += 1) {
      const soon = new Date(world.parts.clock.now() + HOUR_MS);
      const { run, call, entry } = await asking({ values: { expires_at: soon, on_expiry: "deny" } });
      const from = world.enqueued.length;
      await Promise.allSettled([
        expireEntries(world.parts, soon.getTime()),
        decideInboxEntry(world.parts, entry.id, { decision: "approve", by: ANA }),
        expireEntries(world.parts, soon.getTime()),
      ]);
      const after = await one<InboxRow>("inbox", entry.id);
      expect(["approved", "expired"]).toContain(after.status);
      expect(await one<ToolCallRow>("tool_calls", call.id)).toMatchObject({
        status: after.status === "approved" ? "pending" : "denied",
        approved: after.status === "approved",
      });
      expect(world.enqueued.slice(from).filter((sent) => sent.id === run.id)).toHaveLength(1);
    }
  });

  test("and whose run is over is closed and wakes nobody", async () => {
    const { run, entry } = await asking({ values: { expires_at: late(), on_expiry: "deny" } });
    await world.database.query("UPDATE runs SET status = 'canceled' WHERE id = $1", [run.id]);
    await expireEntries(world.parts, world.parts.clock.now());
    expect(await one<InboxRow>("inbox", entry.id)).toMatchObject({ status: "expired" });
    expect(world.enqueued.filter((sent) => sent.id === run.id)).toEqual([]);
  });
});

describe("an approval of a goal that was edited since", () => {
  test("cannot be approved, and can be denied", async () => {
    const { goal, call, entry } = await asking({ inGoal: true });
    await world.database.query("UPDATE goals SET version = version + 1 WHERE id = $1", [goal!.id]);
    expect(await failure(decideInboxEntry(world.parts, entry.id, { decision: "approve", by: ANA }))).toMatchObject({
      code: "conflict",
      message: expect.stringContaining("goal has changed"),
    });
    expect(await one<ToolCallRow>("tool_calls", call.id)).toMatchObject({ status: "awaiting_approval" });
    await decideInboxEntry(world.parts, entry.id, { decision: "deny", by: ANA });
    expect(await one<ToolCallRow>("tool_calls", call.id)).toMatchObject({ status: "denied" });
  });
});

describe("a reminder", () => {
  test("is given once, when it is due", async () => {
    const now = world.parts.clock.now();
    const values = { remind_at: new Date(now + HOUR_MS), expires_at: new Date(now + 2 * HOUR_MS) };
    const { entry } = await asking({ values });
    const before = await lastSequence(world.database);
    expect(await expireEntries(world.parts, now)).toMatchObject({ reminded: 0, nextAt: now + HOUR_MS });
    expect(await expireEntries(world.parts, now + HOUR_MS)).toMatchObject({ reminded: 1, nextAt: now + 2 * HOUR_MS });
    expect(await expireEntries(world.parts, now + HOUR_MS + 1)).toMatchObject({ reminded: 0 });
    const events = await eventsAfter(world.database, before, 20);
    expect(events.map((event) => event.type)).toEqual(["inbox.reminded"]);
    expect((await one<InboxRow>("inbox", entry.id)).reminded_at).not.toBeNull();
    await decideInboxEntry(world.parts, entry.id, { decision: "deny", by: ANA });
  });

  test("comes on the day that an entry is given to somebody for, and it does not expire before that is over", async () => {
    const now = world.parts.clock.now();
    const soon = new Date(now + HOUR_MS);
    const { entry } = await asking({ values: { expires_at: soon, remind_at: soon, reminded_at: new Date(now) } });
    const day = new Date(now + 10 * 24 * HOUR_MS).toISOString().slice(0, 10);
    const result = await replyToInbox(world.parts, { text: `1 → @ben, ${day}`, entries: [entry.id], by: ANA });
    const zone = machineTimeZone();
    expect(result.entries).toMatchObject([
      {
        assignee: "Ben",
        status: "pending",
        remindedAt: null,
        remindAt: new Date(reminderOf(day, zone)).toISOString(),
        expiresAt: new Date(endOf(day, zone)).toISOString(),
      },
    ]);
    await decideInboxEntry(world.parts, entry.id, { decision: "deny", by: ANA });
  });
});

describe("a reply", () => {
  test("with reasons, rules and names does all of it, or nothing when a word is not understood", async () => {
    const asked = await Promise.all([1, 2, 3].map(() => asking({ inGoal: true })));
    const entries = asked.map(({ entry }) => entry.id);
    const before = await lastSequence(world.database);
    expect(
      await failure(replyToInbox(world.parts, { text: "1 no: too expensive; 2 perhaps", entries, by: ANA })),
    ).toMatchObject({ code: "invalid", message: expect.stringContaining('"perhaps"') });
    expect(await lastSequence(world.database)).toBe(before);
    const reply = "1 no: too expensive; 2 for this goal\n3 → @ben, tomorrow";
    const { failed } = await replyToInbox(world.parts, { text: reply, entries, by: ANA });
    expect(failed).toEqual([]);
    expect((await one<ToolCallRow>("tool_calls", asked[0]!.call.id)).result).toContain("too expensive");
    expect(await rulesOf(asked[1]!.run)).toContainEqual(expect.objectContaining({ goal_id: asked[1]!.run.goal_id }));
    expect(await one<InboxRow>("inbox", entries[2]!)).toMatchObject({ status: "pending", assignee: "Ben" });
  });
});
