import { AppError } from "@bureau/protocol";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventsAfter, lastSequence } from "../store/events.ts";
import type { GoalRow, RunRow } from "../store/rows.ts";
import {
  aGoal,
  aRun,
  aThread,
  aToolCall,
  anAgent,
  anEntry,
  testCommands,
  type TestCommands,
  owner,
} from "../testing/factories.ts";
import { cancelRun } from "./cancel-run.ts";
import { checkGoal } from "./check-goal.ts";
import { continueGoal } from "./continue-goal.ts";
import { createGoal } from "./create-goal.ts";
import { editGoal } from "./edit-goal.ts";
import { resumeAgent, pauseAgent } from "./pause-agent.ts";
import { pauseGoal } from "./pause-goal.ts";
import { resumeGoal } from "./resume-goal.ts";
import { postMessage, startRun } from "./start-run.ts";
import { stopGoal } from "./stop-goal.ts";
import { changedGoalFiles, syncGoalFile } from "./sync-goal-file.ts";
import { getGoal } from "../queries/goals.ts";
import { getInboxEntry } from "../queries/inbox.ts";
import { listToolCalls } from "../queries/runs.ts";
import { getThread, listItems } from "../queries/threads.ts";
import { decideInboxEntry } from "./decide-entry.ts";

let world: TestCommands;

beforeAll(async () => {
  world = await testCommands();
});
afterAll(() => world.close());

const goalFile = (name: string) => join(world.folder, "goals", `${name}.md`);

async function run(id: string): Promise<RunRow> {
  const { rows } = await world.database.query<RunRow>("SELECT * FROM runs WHERE id = $1", [id]);
  return rows[0]!;
}

async function goal(id: string): Promise<GoalRow> {
  const { rows } = await world.database.query<GoalRow>("SELECT * FROM goals WHERE id = $1", [id]);
  return rows[0]!;
}

async function openRuns(goalId: string): Promise<RunRow[]> {
  const { rows } = await world.database.query<RunRow>(
    "SELECT * FROM runs WHERE goal_id = $1 AND status IN ('queued', 'running', 'waiting') ORDER BY id",
    [goalId],
  );
  return rows;
}

async function setRun(id: string, values: Partial<RunRow>): Promise<void> {
  const entries = Object.entries(values);
  const set = entries.map(([column], index) => `${column} = $${index + 2}`).join(", ");
  await world.database.query(`UPDATE runs SET ${set} WHERE id = $1`, [id, ...entries.map(([, value]) => value)]);
}

async function failure(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AppError)) throw new Error(`expected an AppError, not ${String(error)}`);
  return error;
}

describe("creating a goal", () => {
  test("writes its file, and starts on it", async () => {
    const before = await lastSequence(world.database);
    const made = await createGoal(world.parts, {
      spec: {
        brief: "Write alpha.md with three risks.",
        checks: [{ command: "test -s alpha.md" }],
        budget: { tokens: 1000 },
      },
    });
    expect(made).toMatchObject({ status: "active", version: 1, kind: "finish", budget: { tokens: 1000 } });
    expect(made.file).toBe(`goals/${made.name}.md`);
    const text = await readFile(goalFile(made.name), "utf8");
    expect(text).toContain("test -s alpha.md");
    expect(text).toContain("Write alpha.md with three risks.");
    const [first] = await openRuns(made.id);
    expect(first).toMatchObject({ status: "queued", trigger: "goal", goal_version: 1, thread_id: made.threadId });
    const events = await eventsAfter(world.database, before, 10);
    expect(events.map((event) => event.type)).toEqual(["thread.created", "goal.created", "item.added", "run.created"]);
    expect(await syncGoalFile(world.parts, goalFile(made.name))).toMatchObject({ outcome: "unchanged" });
  });

  test("gives goals of one title names of their own, also at the same moment", async () => {
    const made = await Promise.all([1, 2, 3, 4].map(() => createGoal(world.parts, { text: "Tidy the shared drive" })));
    const names = made.map((one) => one.name).toSorted();
    expect(names).toEqual([
      "tidy-the-shared-drive",
      "tidy-the-shared-drive-2",
      "tidy-the-shared-drive-3",
      "tidy-the-shared-drive-4",
    ]);
    for (const name of names) expect(await readFile(goalFile(name), "utf8")).toContain("Tidy the shared drive");
  });

  test("of a thread that has an unfinished goal is refused, and leaves no file", async () => {
    const thread = await aThread(world.database, { agent_id: world.agent.id });
    const first = await createGoal(world.parts, { text: "First of the thread", thread: thread.id, draft: true });
    const files = await readdir(join(world.folder, "goals"));
    const error = await failure(createGoal(world.parts, { text: "Second of the thread", thread: thread.id }));
    expect(error).toMatchObject({
      code: "conflict",
      message: expect.stringContaining("already has an unfinished goal"),
    });
    expect(error.message).toContain("the first goal is unchanged");
    expect(await readdir(join(world.folder, "goals"))).toEqual(files);
    expect(await goal(first.id)).toMatchObject({ status: "draft", version: 1 });
  });

  test("a draft has no run until it is resumed", async () => {
    const draft = await createGoal(world.parts, { text: "Plan the party", draft: true });
    expect(await openRuns(draft.id)).toEqual([]);
    expect(await resumeGoal(world.parts, draft.name)).toMatchObject({ status: "active" });
    expect(await openRuns(draft.id)).toMatchObject([{ status: "queued", trigger: "goal" }]);
  });

  test("in another agent's name lies in that agent's folder", async () => {
    const folder = join(world.folder, "agents", "writer");
    await mkdir(folder, { recursive: true });
    const writer = await anAgent(world.database, { name: "writer", folder });
    const made = await createGoal(world.parts, { text: "Draft the letter", agent: "writer" });
    expect(made).toMatchObject({ agentId: writer.id, file: "agents/writer/goals/draft-the-letter.md" });
  });

  test("from text that says nothing is refused", async () => {
    expect(await failure(createGoal(world.parts, { text: "---\neffort: low\n---\n" }))).toMatchObject({
      code: "invalid",
    });
  });

  test("a run with goal fields is the first run of a new goal", async () => {
    const started = await startRun(world.parts, {
      text: "Count the invoices",
      goal: { checks: [{ command: "true" }] },
    });
    expect(await goal(started.goalId!)).toMatchObject({ status: "active", spec: { checks: [{ command: "true" }] } });
  });
});

describe("editing a goal", () => {
  test("rewrites the file, keeps its comments, and has the run see it", async () => {
    const made = await createGoal(world.parts, { text: "---\n# the usual\ndone: it is there\n---\nWrite beta.md" });
    const [open] = await openRuns(made.id);
    await setRun(open!.id, { status: "running" });
    const edited = await editGoal(world.parts, made.id, { spec: { done: "it is there and read" }, version: 1 });
    expect(edited).toMatchObject({ version: 2, done: "it is there and read", status: "active" });
    const text = await readFile(goalFile(made.name), "utf8");
    expect(text).toContain("# the usual");
    expect(text).toContain("it is there and read");
    expect(await run(open!.id)).toMatchObject({ goal_version: 2, control: open!.control + 1 });
    expect(world.interrupted).toContain(open!.id);
    const { items } = await listItems(world.database, made.threadId, { after: 0, limit: 50 });
    expect(items.at(-1)?.content).toMatchObject({
      type: "message",
      role: "runtime",
      text: expect.stringContaining("done"),
    });
  });

  test("never overwrites a change made by hand", async () => {
    const made = await createGoal(world.parts, { text: "Write gamma.md", draft: true });
    await writeFile(goalFile(made.name), "Write gamma.md by hand");
    const error = await failure(editGoal(world.parts, made.id, { spec: { brief: "Write gamma.md by app" } }));
    expect(error).toMatchObject({ code: "conflict", message: expect.stringContaining(goalFile(made.name)) });
    expect(await readFile(goalFile(made.name), "utf8")).toBe("Write gamma.md by hand");
    expect(await goal(made.id)).toMatchObject({ version: 1 });
  });

  test("under another version than was seen is a conflict", async () => {
    const made = await createGoal(world.parts, { text: "Write delta.md", draft: true });
    expect(await failure(editGoal(world.parts, made.id, { spec: { done: "x" }, version: 7 }))).toMatchObject({
      code: "conflict",
    });
  });

  test("puts the file back when the transaction fails", async () => {
    const made = await createGoal(world.parts, { text: "Write epsilon.md" });
    const before = await readFile(goalFile(made.name), "utf8");
    const [open] = await openRuns(made.id);
    await setRun(open!.id, { status: "waiting", wait_reason: "timer" });
    const broken = {
      ...world.parts,
      dispatcher: { ...world.parts.dispatcher, enqueue: async () => Promise.reject(new Error("the queue is away")) },
    };
    await expect(editGoal(broken, made.id, { spec: { done: "never" } })).rejects.toThrow("the queue is away");
    expect(await readFile(goalFile(made.name), "utf8")).toBe(before);
    expect(await goal(made.id)).toMatchObject({ version: 1 });
  });

  test("takes back what waited for a yes under the old version", async () => {
    const made = await aGoal(world.database, { agent_id: world.agent.id, status: "waiting" });
    const open = await aRun(
      world.database,
      { agent_id: world.agent.id, status: "waiting", wait_reason: "approval", state: { verdict: "failed", turns: 3 } },
      made,
    );
    const call = await aToolCall(world.database, open, { status: "awaiting_approval" });
    const entry = await anEntry(world.database, { kind: "approval" }, { run: open, call, goal: made });
    const edited = await editGoal(world.parts, made.id, { spec: { constraints: ["never write outside drafts/"] } });
    expect(edited).toMatchObject({ status: "active", version: 2 });
    expect(await run(open.id)).toMatchObject({ status: "queued", goal_version: 2, state: { turns: 3 } });
    expect(await getInboxEntry(world.database, entry.id)).toMatchObject({ status: "dismissed" });
    expect((await listToolCalls(world.database, open.id, { after: 0, limit: 9 })).toolCalls).toMatchObject([
      { status: "canceled" },
    ]);
  });

  test("takes up a blocked goal again, and leaves a paused one paused", async () => {
    const blocked = await aGoal(world.database, { agent_id: world.agent.id, status: "blocked", idle_count: 2 });
    const paused = await aGoal(world.database, { agent_id: world.agent.id, status: "paused" });
    const held = await aRun(
      world.database,
      { agent_id: world.agent.id, status: "waiting", wait_reason: "paused", pause_requested: true },
      paused,
    );
    await editGoal(world.parts, blocked.id, { spec: { brief: "Another way" } });
    await editGoal(world.parts, paused.id, { spec: { brief: "Another way" } });
    expect(await goal(blocked.id)).toMatchObject({ status: "active", idle_count: 0 });
    expect(await openRuns(blocked.id)).toMatchObject([{ status: "queued", trigger: "resume", goal_version: 2 }]);
    expect(await goal(paused.id)).toMatchObject({ status: "paused", version: 2 });
    expect(await run(held.id)).toMatchObject({ status: "waiting", wait_reason: "paused" });
  });
});

describe("pausing and resuming", () => {
  test("holds the runs of the whole tree and lets them go on", async () => {
    const top = await aGoal(world.database, { agent_id: world.agent.id });
    const below = await aGoal(world.database, { agent_id: world.agent.id, parent_id: top.id });
    const deepest = await aGoal(world.database, { agent_id: world.agent.id, parent_id: below.id });
    const over = await aGoal(world.database, { agent_id: world.agent.id, parent_id: top.id, status: "done" });
    const running = await aRun(world.database, { agent_id: world.agent.id }, top);
    const queued = await aRun(world.database, { agent_id: world.agent.id, status: "queued" }, below);
    const asking = await aRun(
      world.database,
      { agent_id: world.agent.id, status: "waiting", wait_reason: "approval" },
      deepest,
    );
    expect(await pauseGoal(world.parts, top.id)).toMatchObject({ status: "paused", version: 2 });
    expect(await pauseGoal(world.parts, top.id)).toMatchObject({ status: "paused", version: 2 });
    expect(await goal(deepest.id)).toMatchObject({ status: "paused", version: 2 });
    expect(await goal(over.id)).toMatchObject({ status: "done", version: 1 });
    expect(await run(running.id)).toMatchObject({
      status: "running",
      pause_requested: true,
      control: 1,
      goal_version: 2,
    });
    expect(await run(queued.id)).toMatchObject({ status: "waiting", wait_reason: "paused" });
    expect(await run(asking.id)).toMatchObject({ status: "waiting", wait_reason: "approval", pause_requested: true });
    expect(world.interrupted.filter((id) => id === running.id)).toHaveLength(1);

    expect(await resumeGoal(world.parts, top.id)).toMatchObject({ status: "active", version: 3 });
    expect(await run(running.id)).toMatchObject({ status: "running", pause_requested: false, goal_version: 3 });
    expect(await run(queued.id)).toMatchObject({ status: "queued", dispatch: 2, pause_requested: false });
    expect(await run(asking.id)).toMatchObject({ status: "waiting", wait_reason: "approval", pause_requested: false });
    expect(await goal(deepest.id)).toMatchObject({ status: "waiting" });
  });

  test("a decision made while paused holds the run until it is resumed", async () => {
    const made = await aGoal(world.database, { agent_id: world.agent.id, status: "waiting" });
    const open = await aRun(
      world.database,
      { agent_id: world.agent.id, status: "waiting", wait_reason: "approval" },
      made,
    );
    const call = await aToolCall(world.database, open, { status: "awaiting_approval" });
    const entry = await anEntry(world.database, { kind: "approval" }, { run: open, call, goal: made });
    await pauseGoal(world.parts, made.id);
    await decideInboxEntry(world.parts, entry.id, { decision: "approve", by: owner("Ana") });
    expect(await run(open.id)).toMatchObject({ status: "waiting", wait_reason: "paused" });
    await resumeGoal(world.parts, made.id);
    expect(await run(open.id)).toMatchObject({ status: "queued", pause_requested: false });
  });

  test("a run of a paused agent stays paused when its goal is resumed, and the other way round", async () => {
    const agent = await anAgent(world.database);
    const made = await aGoal(world.database, { agent_id: agent.id });
    const open = await aRun(world.database, { agent_id: agent.id, status: "queued" }, made);
    await pauseAgent(world.parts, agent.id);
    await pauseGoal(world.parts, made.id);
    await resumeGoal(world.parts, made.id);
    expect(await run(open.id)).toMatchObject({ status: "waiting", wait_reason: "paused" });
    await pauseGoal(world.parts, made.id);
    await resumeAgent(world.parts, agent.id);
    expect(await run(open.id)).toMatchObject({ status: "waiting", wait_reason: "paused" });
    await resumeGoal(world.parts, made.id);
    expect(await run(open.id)).toMatchObject({ status: "queued" });
  });

  test("resuming a goal without a run starts one, and forgets that it was idle", async () => {
    const made = await aGoal(world.database, {
      agent_id: world.agent.id,
      status: "blocked",
      idle_count: 3,
      fingerprint: "x",
    });
    const entry = await anEntry(world.database, { kind: "stopped" }, { goal: made });
    await resumeGoal(world.parts, made.name);
    expect(await goal(made.id)).toMatchObject({ status: "active", idle_count: 0, fingerprint: null });
    expect(await openRuns(made.id)).toHaveLength(1);
    expect(await getInboxEntry(world.database, entry.id)).toMatchObject({ status: "dismissed" });
  });

  test("resuming before a cancel has held lets the run go on", async () => {
    const made = await aGoal(world.database, { agent_id: world.agent.id });
    const open = await aRun(world.database, { agent_id: world.agent.id }, made);
    await cancelRun(world.parts, open.id);
    expect(await goal(made.id)).toMatchObject({ status: "paused" });
    expect(await resumeGoal(world.parts, made.id)).toMatchObject({ status: "active" });
    expect(await run(open.id)).toMatchObject({ status: "running", cancel_requested: false, pause_requested: false });
  });

  test("nothing below a paused goal is resumed or begun by itself", async () => {
    const top = await aGoal(world.database, { agent_id: world.agent.id });
    const below = await aGoal(world.database, { agent_id: world.agent.id, parent_id: top.id });
    await pauseGoal(world.parts, top.id);
    expect(await failure(resumeGoal(world.parts, below.id))).toMatchObject({ code: "conflict" });
    expect(await failure(createGoal(world.parts, { text: "A part", parent: top.id }))).toMatchObject({
      code: "conflict",
    });
    await resumeGoal(world.parts, top.id);
    expect(await goal(below.id)).toMatchObject({ status: "active" });
  });

  test("a goal added below one that is being paused is paused with it or refused", async () => {
    for (let round = 0; round < 6; round += 1) {
      const top = await aGoal(world.database, { agent_id: world.agent.id });
      const [added] = await Promise.allSettled([
        createGoal(world.parts, { text: "A part of it", parent: top.id }),
        pauseGoal(world.parts, top.id),
      ]);
      expect(await goal(top.id)).toMatchObject({ status: "paused" });
      if (added.status === "rejected") continue;
      expect(await goal(added.value.id)).toMatchObject({ status: "paused" });
      expect(await openRuns(added.value.id)).toMatchObject([{ status: "waiting", wait_reason: "paused" }]);
    }
  });

  test("pause and cancel at the same moment both hold", async () => {
    for (let round = 0; round < 8; round += 1) {
      const made = await aGoal(world.database, { agent_id: world.agent.id });
      const open = await aRun(
        world.database,
        { agent_id: world.agent.id, status: round % 2 === 0 ? "running" : "queued" },
        made,
      );
      await Promise.all([pauseGoal(world.parts, made.id), cancelRun(world.parts, open.id)]);
      expect(await goal(made.id)).toMatchObject({ status: "paused" });
      const after = await run(open.id);
      expect(after.status === "canceled" || after.cancel_requested).toBe(true);
    }
  });
});

describe("stopping", () => {
  test("gives up the tree, its runs and what waited for a person, once", async () => {
    const top = await aGoal(world.database, { agent_id: world.agent.id });
    const below = await aGoal(world.database, { agent_id: world.agent.id, parent_id: top.id });
    const running = await aRun(world.database, { agent_id: world.agent.id }, top);
    const waiting = await aRun(
      world.database,
      { agent_id: world.agent.id, status: "waiting", wait_reason: "sign_off" },
      below,
    );
    const entry = await anEntry(world.database, { kind: "sign_off" }, { goal: below });
    expect(await stopGoal(world.parts, top.id)).toMatchObject({
      status: "abandoned",
      version: 2,
      endedAt: expect.any(String),
    });
    expect(await stopGoal(world.parts, top.id)).toMatchObject({ status: "abandoned", version: 2 });
    expect(await goal(below.id)).toMatchObject({ status: "abandoned" });
    expect(await run(running.id)).toMatchObject({ cancel_requested: true });
    expect(await run(waiting.id)).toMatchObject({ status: "canceled" });
    expect(await getInboxEntry(world.database, entry.id)).toMatchObject({ status: "dismissed" });
  });

  test("what is over cannot be paused, resumed, edited or stopped otherwise", async () => {
    const done = await aGoal(world.database, { agent_id: world.agent.id, status: "done" });
    for (const act of [pauseGoal, resumeGoal, stopGoal, checkGoal]) {
      expect(await failure(act(world.parts, done.id) as Promise<unknown>)).toMatchObject({ code: "conflict" });
    }
    expect(await failure(editGoal(world.parts, done.id, { spec: { done: "x" } }))).toMatchObject({ code: "conflict" });
  });
});

describe("asking for the checks", () => {
  test("wakes a run that waits for a time, and tells a running one", async () => {
    const made = await aGoal(world.database, { agent_id: world.agent.id, status: "waiting" });
    const open = await aRun(
      world.database,
      { agent_id: world.agent.id, status: "waiting", wait_reason: "timer" },
      made,
    );
    const { run: asked, goal: awake } = await checkGoal(world.parts, made.name);
    expect(asked).toMatchObject({ id: open.id, status: "queued" });
    expect(awake.status).toBe("active");
    expect(await run(open.id)).toMatchObject({ state: { checkRequested: true } });
  });

  test("starts a run that only checks when none is at work", async () => {
    const made = await aGoal(world.database, { agent_id: world.agent.id });
    const { run: asked } = await checkGoal(world.parts, made.id);
    expect(await run(asked.id)).toMatchObject({ trigger: "check", status: "queued", state: { checkRequested: true } });
    expect((await getThread(world.database, made.thread_id)).itemCount).toBe(0);
  });

  test("is refused while the goal is paused", async () => {
    const made = await aGoal(world.database, { agent_id: world.agent.id, status: "paused" });
    expect(await failure(checkGoal(world.parts, made.id))).toMatchObject({
      code: "conflict",
      hint: expect.stringContaining("resume"),
    });
  });
});

describe("a goal file written by hand", () => {
  test("in a folder named goals is a new goal, once", async () => {
    await writeFile(goalFile("by-hand"), "---\nchecks:\n  - command: true\n---\nDo it by hand");
    const reports = await Promise.all([1, 2, 3].map(() => syncGoalFile(world.parts, goalFile("by-hand"))));
    expect(reports.filter((report) => report.outcome === "created")).toHaveLength(1);
    expect(await getGoal(world.database, "by-hand")).toMatchObject({ status: "active", file: "goals/by-hand.md" });
    await writeFile(join(world.folder, "notes.md"), "No goal at all");
    expect(await syncGoalFile(world.parts, join(world.folder, "notes.md"))).toMatchObject({ outcome: "ignored" });
  });

  test("written, changed or removed while nobody watched is found; all others are left alone", async () => {
    const [same, changed, removed] = await Promise.all(
      ["same", "changed", "removed"].map((name) => createGoal(world.parts, { text: `Write offline-${name}.md` })),
    );
    await writeFile(goalFile(changed!.name), "Write another file");
    await rm(goalFile(removed!.name));
    await writeFile(goalFile("offline-new"), "Write a new one");
    const paths = [same!.name, changed!.name, "offline-new"].map(goalFile);
    const found = await changedGoalFiles(world.parts, paths);
    expect(found).toEqual(expect.arrayContaining([changed!.name, "offline-new", removed!.name].map(goalFile)));
    expect(found).not.toContain(goalFile(same!.name));
  });

  test("by the app itself is never taken for an edit by hand, whenever it is looked at", async () => {
    for (let round = 0; round < 6; round += 1) {
      const made = await createGoal(world.parts, { text: `Write theta-${round}.md`, draft: true });
      const work = editGoal(world.parts, made.id, { spec: { done: "it is there" } });
      const looks = Array.from({ length: 4 }, () => syncGoalFile(world.parts, made.file!));
      expect((await Promise.all(looks)).map((report) => report.outcome)).toEqual(Array(4).fill("unchanged"));
      expect((await work).version).toBe(2);
      expect(await goal(made.id)).toMatchObject({ version: 2 });
    }
  });

  test("edited is a new version; broken changes nothing; removed leaves the goal with a sentence", async () => {
    const made = await createGoal(world.parts, { text: "Write zeta.md" });
    await writeFile(goalFile(made.name), "Write zeta.md and eta.md");
    expect(await syncGoalFile(world.parts, made.file!)).toMatchObject({ outcome: "edited", goal: { version: 2 } });
    await writeFile(goalFile(made.name), "---\nbudget: { tokens: many }\n---\nWrite zeta.md");
    const refused = await syncGoalFile(world.parts, made.file!);
    expect(refused).toMatchObject({ outcome: "refused", goal: { version: 2, brief: "Write zeta.md and eta.md" } });
    expect(refused.notices).toHaveLength(1);
    await rm(goalFile(made.name));
    expect(await syncGoalFile(world.parts, made.file!)).toMatchObject({
      outcome: "removed",
      goal: { file: null, status: "active" },
    });
    expect((await getGoal(world.database, made.id)).sentence).toContain("file was removed");
  });
});

test("a message on the thread of a goal at work starts a run for that goal", async () => {
  const made = await aGoal(world.database, { agent_id: world.agent.id });
  const reply = await postMessage(world.parts, made.thread_id, "and mind the budget");
  expect(reply).toMatchObject({ steered: false, run: { goalId: made.id } });
});

test("a goal goes on in a new run in the transaction that ends the old one, unless it is not at work", async () => {
  const made = await aGoal(world.database, { agent_id: world.agent.id });
  const paused = await aGoal(world.database, { agent_id: world.agent.id, status: "paused" });
  const old = await aRun(world.database, { agent_id: world.agent.id }, made);
  await world.database.transaction(async (transaction) => {
    await transaction.query("UPDATE runs SET status = 'completed' WHERE id = $1", [old.id]);
    await continueGoal(world.parts, transaction, made.id);
    await continueGoal(world.parts, transaction, paused.id);
  });
  expect(await openRuns(made.id)).toMatchObject([{ status: "queued", trigger: "goal" }]);
  expect(await openRuns(paused.id)).toEqual([]);
});
