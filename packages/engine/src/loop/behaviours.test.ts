import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CreateGoal, Goal } from "@bureau/protocol";
import { afterEach, describe, expect, test } from "vitest";
import { answerInboxEntry } from "../commands/answer-question.ts";
import { checkGoal } from "../commands/check-goal.ts";
import { createGoal } from "../commands/create-goal.ts";
import { editGoal } from "../commands/edit-goal.ts";
import { pauseGoal } from "../commands/pause-goal.ts";
import { resumeGoal } from "../commands/resume-goal.ts";
import { postMessage, startRun } from "../commands/start-run.ts";
import { stopGoal } from "../commands/stop-goal.ts";
import { remaining } from "../domain/budget.ts";
import { getGoal, listGoals } from "../queries/goals.ts";
import { listInbox } from "../queries/inbox.ts";
import { getRun, listRuns, listToolCalls } from "../queries/runs.ts";
import { getThread } from "../queries/threads.ts";
import { owner } from "../testing/factories.ts";
import type { ModelReply, ModelScript } from "../testing/model-server.ts";
import {
  driveAll,
  fastClock,
  gate,
  goalUpdates,
  testWorld,
  until,
  type World,
  type WorldOptions,
} from "../testing/test-world.ts";
import { driveRun } from "./drive-run.ts";

// The cases are in testing/behaviours.json; docs/reference/goal-behaviours.md says where Bureau differs and why.

const CASES = new URL("../testing/behaviours.json", import.meta.url);
const NO_RESERVE = { tokens: 0, micros: 0 };

let world: World;
afterEach(() => world?.close());

async function open(script: ModelScript, options: WorldOptions = {}): Promise<World> {
  world = await testWorld(script, options);
  return world;
}

/** A goal that a file's presence completes, so that no judge is asked. */
async function aGoal(
  values: Partial<NonNullable<CreateGoal["spec"]>> = {},
  more: Partial<CreateGoal> = {},
): Promise<Goal> {
  const spec = { brief: "Write report.md", checks: [{ file: { path: "report.md" } }], ...values };
  return await createGoal(world.commands, { agent: "writer", spec, ...more });
}

const goalNow = (goal: Goal) => getGoal(world.database, goal.id);
const list = { toolCalls: [{ name: "list_files", arguments: {} }] };
const write = { toolCalls: [{ name: "write_file", arguments: { path: "report.md", content: "Done." } }] };
const check = { toolCalls: [{ name: "request_check", arguments: {} }] };
const blocked = { toolCalls: [{ name: "report_blocked", arguments: { reason: "No access." } }] };
const using = (
  reply: ModelReply,
  inputTokens: number,
  cachedInputTokens: number,
  outputTokens: number,
): ModelReply => ({
  ...reply,
  usage: { inputTokens, cachedInputTokens, outputTokens },
});
/** 23 tokens: 15 of uncached input and 8 of output, 2 of them reasoning. */
const use23 = (reply: ModelReply): ModelReply => ({
  ...reply,
  usage: { inputTokens: 20, cachedInputTokens: 5, outputTokens: 8, reasoningTokens: 2 },
});

test("every case has its proof", async () => {
  const { cases } = JSON.parse(await readFile(CASES, "utf8")) as { cases: { id: string }[] };
  const here = await readFile(new URL(import.meta.url), "utf8");
  const proven = [...here.matchAll(/test\("(goal-\d\d): /g)].map(([, id]) => id!);
  expect(proven.toSorted()).toEqual(cases.map((one) => one.id).toSorted());
});

describe("making a goal", () => {
  test("goal-01: a new goal is active, has used nothing, and gives its thread a title", async () => {
    await open([]);
    const goal = await aGoal({ budget: { tokens: 123 } });
    expect(goal).toMatchObject({ status: "active", usage: { tokens: 0, activeMs: 0 }, budget: { tokens: 123 } });
    expect(remaining(goal.usage, NO_RESERVE, goal.budget)).toEqual({ tokens: 123 });
    expect(await getThread(world.database, goal.threadId)).toMatchObject({ title: "Write report.md", goalId: goal.id });
  });

  test("goal-02: a second goal on the thread of an unfinished one is refused, and the first is unchanged", async () => {
    await open(["Nothing."]);
    const goal = await aGoal();
    await expect(aGoal({ brief: "Another" }, { thread: goal.threadId })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("the first goal is unchanged"),
    });
    expect(await goalNow(goal)).toEqual(goal);
    expect((await listGoals(world.database, { limit: 10 })).goals).toHaveLength(1);
  });

  test("goal-03: the separate model that judges a goal is given no tools at all", async () => {
    const tools: string[][] = [];
    await open((request) => {
      tools.push(request.tools);
      return request.tools.length > 0 ? "I am done." : '{"verdict":"met","reason":"It is there."}';
    });
    const goal = await aGoal({ checks: [{ judge: "The report is good" }] });
    await world.driveAll();
    expect(await goalNow(goal)).toMatchObject({ status: "done" });
    expect(tools[0]).toContain("request_check");
    expect(tools[1]).toEqual([]);
  });

  test("goal-04: a thread without a goal at work is offered no goal tools", async () => {
    const tools: string[][] = [];
    await open((request) => {
      tools.push(request.tools);
      return "Hello.";
    });
    const goal = await aGoal();
    await stopGoal(world.commands, goal.id);
    await startRun(world.commands, { agent: "writer", text: "Hello" });
    await postMessage(world.commands, goal.threadId, "How far did you come?");
    await world.driveAll();
    expect(tools).toHaveLength(2);
    for (const offered of tools) expect(offered).not.toEqual(expect.arrayContaining(["request_check"]));
    for (const offered of tools) expect(offered).not.toEqual(expect.arrayContaining(["report_blocked"]));
  });

  test("goal-21: no goal is made unless one is asked for", async () => {
    await open(["Here it is."]);
    await startRun(world.commands, { agent: "writer", text: "Write me a haiku and do not stop until it is good" });
    await world.driveAll();
    expect((await listGoals(world.database, { limit: 10 })).goals).toEqual([]);
  });

  test("goal-22: a goal for a thread whose turn is running is refused; that turn ends with one request", async () => {
    const answer = gate<string>();
    await open(() => answer.passed);
    const run = await startRun(world.commands, { agent: "writer", text: "Think" });
    const driving = world.driveAll();
    await until(() => world.model.count() === 1, "the first turn runs");
    await expect(aGoal({}, { thread: run.threadId })).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("still at work"),
    });
    answer.open("Thought.");
    await driving;
    expect(await getRun(world.database, run.id)).toMatchObject({ status: "completed", outcome: "answered" });
    expect(world.model.count()).toBe(1);
    expect((await listGoals(world.database, { limit: 10 })).goals).toEqual([]);
  });
});

describe("what a goal is charged", () => {
  test("goal-05: it pays uncached input and output since it was made, not what its thread used before", async () => {
    await open([using({ text: "First." }, 120, 14, 42), using(write, 7, 2, 10), using(check, 0, 0, 0)]);
    const run = await startRun(world.commands, { agent: "writer", text: "Hello" });
    await world.driveAll();
    const goal = await aGoal({}, { thread: run.threadId });
    await world.driveAll();
    expect(await goalNow(goal)).toMatchObject({
      status: "done",
      usage: { tokens: 15, inputTokens: 7, cachedInputTokens: 2, outputTokens: 10 },
    });
  });

  test("goal-06: a call is charged once, and watchers are told of the charge once, with its run and turn", async () => {
    await open([use23(list), use23(write), use23(check)]);
    const goal = await aGoal();
    await world.driveAll();
    const [run] = (await listRuns(world.database, { goal: goal.id, limit: 1 })).runs;
    const updates = await goalUpdates(world, goal.id);
    expect(updates.map((update) => [update.status ?? null, update.tokens])).toEqual([
      [null, 23],
      [null, 46],
      [null, 69],
      ["done", 69],
    ]);
    for (const update of updates) expect(update.runId).toBe(run!.id);
    expect(updates[0]!.data).toMatchObject({ turn: 1, goal: { usage: { tokens: 23 } } });
  });

  test("goal-07: a budget that is reached pauses the goal before the call that would pass it", async () => {
    await open([using(list, 20, 5, 10), using(list, 5, 0, 5)]);
    const goal = await aGoal({ budget: { tokens: 25 } });
    await world.driveAll();
    expect(await goalNow(goal)).toMatchObject({
      status: "paused",
      usage: { tokens: 25 },
      sentence: "The budget of 25 tokens is used up.",
    });
    expect(world.model.count()).toBe(1);
    expect((await goalUpdates(world, goal.id)).map((update) => [update.status ?? null, update.tokens])).toEqual([
      [null, 25],
      ["paused", 25],
    ]);
  });

  test("goal-08: an account that is used up pauses the goal with that reason, charged for what it used", async () => {
    await open([use23(list), { fault: "usage_limit" }, use23(list)]);
    const goal = await aGoal();
    await world.driveAll();
    expect(await goalNow(goal)).toMatchObject({
      status: "paused",
      usage: { tokens: 23 },
      sentence: expect.stringContaining("used up"),
    });
    const [run] = (await listRuns(world.database, { goal: goal.id, limit: 1 })).runs;
    expect(run).toMatchObject({ status: "failed", failure: "usage_limit" });
    expect(world.model.count()).toBe(2);
    expect((await goalUpdates(world, goal.id)).map((update) => [update.status ?? null, update.tokens])).toEqual([
      [null, 23],
      ["paused", 23],
    ]);
  });

  test("goal-09: a goal stopped by its budget makes no call that a usage limit could end", async () => {
    await open([using(list, 20, 5, 10), { fault: "usage_limit" }]);
    const goal = await aGoal({ budget: { tokens: 25 } });
    await world.driveAll();
    await resumeGoal(world.commands, goal.id);
    await world.driveAll();
    expect(await goalNow(goal)).toMatchObject({
      status: "paused",
      usage: { tokens: 25 },
      sentence: "The budget of 25 tokens is used up.",
    });
    expect(world.model.count()).toBe(1);
  });

  test("goal-10: a usage limit in a conversation about a goal leaves the goal alone", async () => {
    await open([{ fault: "usage_limit" }]);
    const goal = await aGoal({}, { draft: true });
    const { run } = await postMessage(world.commands, goal.threadId, "What would you do?");
    await world.driveAll();
    expect(await getRun(world.database, run.id)).toMatchObject({
      status: "failed",
      failure: "usage_limit",
      goalId: null,
    });
    expect(await goalNow(goal)).toEqual(goal);
    expect(await goalUpdates(world, goal.id)).toEqual([]);
  });

  test("goal-11: a stale process of the same run cannot stop the goal", async () => {
    const stale = gate<ModelReply>();
    const next = gate<ModelReply>();
    await open(({ index }) => [stale.passed, list, next.passed, check][index]!);
    const goal = await aGoal();
    const [run] = (await listRuns(world.database, { goal: goal.id, limit: 1 })).runs;
    const first = driveRun(world.parts, run!.id, 1);
    await until(() => world.model.count() === 1, "the first process calls the model");
    const second = driveRun(world.restarted({ executorId: "second" }), run!.id, 1);
    await until(() => world.model.count() === 3, "the second process is at work");
    stale.open({ fault: "usage_limit" });
    await first;
    expect(await goalNow(goal)).toMatchObject({ status: "active", usage: { modelCalls: 1 } });
    expect(await getRun(world.database, run!.id)).toMatchObject({ status: "running", failure: null });
    next.open(write);
    await second;
    expect(await goalNow(goal)).toMatchObject({ status: "done", usage: { modelCalls: 3 } });
  });

  test("goal-14: an agent that reports an obstacle blocks the goal, with what was used", async () => {
    await open(({ index }) => use23(index % 2 === 0 ? blocked : { text: "I cannot go on." }));
    const goal = await aGoal();
    await world.driveAll();
    expect(await goalNow(goal)).toMatchObject({
      status: "blocked",
      usage: { tokens: 115 },
      sentence: "Blocked: No access.",
    });
    const updates = await goalUpdates(world, goal.id);
    expect(updates.at(-2)).toMatchObject({ tokens: 115 });
    expect(updates.at(-1)).toMatchObject({ tokens: 115, status: "blocked" });
  });

  test("goal-15: a done goal says what it used and what was left", async () => {
    await open([using(write, 1_200, 0, 0), using(check, 1_100, 0, 0)]);
    const goal = await aGoal({ budget: { tokens: 4_000 } });
    await world.driveAll();
    const done = await goalNow(goal);
    expect(done).toMatchObject({ status: "done", usage: { tokens: 2_300 } });
    expect(remaining(done.usage, NO_RESERVE, done.budget)).toEqual({ tokens: 1_700 });
    expect((await goalUpdates(world, goal.id)).at(-1)).toMatchObject({ status: "done", tokens: 2_300 });
  });

  test("goal-16: an edit from outside sees what was used until then", async () => {
    const second = gate<ModelReply>();
    await open(({ index }) => (index === 1 ? second.passed : [using(list, 12, 0, 8), null, write, check][index]!));
    const goal = await aGoal();
    const driving = world.driveAll();
    await until(() => world.model.count() === 2, "the second call is in flight");
    const edited = await editGoal(world.commands, goal.id, { spec: { done: "report.md is there" } });
    expect(edited).toMatchObject({ version: 2, usage: { tokens: 20 } });
    await driving;
    expect((await goalUpdates(world, goal.id)).find((update) => update.status === "active")).toMatchObject({
      tokens: 20,
    });
  });

  test("goal-17: an edit in mid-work loses no charge and makes none twice", async () => {
    const second = gate<ModelReply>();
    await open(({ index }) =>
      index === 1 ? second.passed : [using(list, 12, 0, 8), null, using(write, 4, 0, 2), using(check, 4, 0, 0)][index]!,
    );
    const goal = await aGoal();
    const driving = world.driveAll();
    await until(() => world.model.count() === 2, "the second call is in flight");
    await editGoal(world.commands, goal.id, { spec: { brief: "Write report.md anew" } });
    await driving;
    expect(await goalNow(goal)).toMatchObject({ status: "done", usage: { tokens: 30 } });
    expect((await goalUpdates(world, goal.id)).flatMap((update) => update.tokens ?? [])).toEqual([20, 20, 26, 30, 30]);
  });

  test("goal-18: time is counted at work, not while the goal waits", async () => {
    const clock = fastClock();
    await open(
      [{ toolCalls: [{ name: "ask_person", arguments: { question: "Which?" } }] }, { ...write, delayMs: 60 }, check],
      { clock },
    );
    const goal = await aGoal();
    await world.driveAll();
    const waiting = await goalNow(goal);
    expect(waiting.status).toBe("waiting");
    clock.advance(3_600_000);
    const { entries } = await listInbox(world.database, { status: ["pending"], limit: 5 });
    await answerInboxEntry(world.commands, entries[0]!.id, { text: "This one", by: owner("person") });
    expect((await goalNow(goal)).usage.activeMs).toBe(waiting.usage.activeMs);
    await world.driveAll();
    const { activeMs } = (await goalNow(goal)).usage;
    expect(activeMs).toBeGreaterThanOrEqual(waiting.usage.activeMs + 55);
    expect(activeMs).toBeLessThan(60_000);
  });
});

describe("who moves a goal", () => {
  test("goal-12: an agent that stops early is told once what its checks found, and a paused goal is told nothing", async () => {
    await open(["I think that is it.", write, check]);
    const goal = await aGoal();
    await world.driveAll();
    const told = JSON.parse(world.model.requests[1]!.raw).messages.at(-1);
    expect(told.content).toContain("The goal is not done: 1 of 1 checks do not pass.");
    expect(world.model.requests[2]!.raw.split("The goal is not done").length).toBe(2);
    expect(await goalNow(goal)).toMatchObject({ status: "done" });
    const paused = await aGoal({ brief: "Another", checks: [{ file: { path: "other.md" } }] });
    await pauseGoal(world.commands, paused.id);
    await world.driveAll();
    expect(world.model.count()).toBe(3);
  });

  test("goal-13: a continuation is dropped when the goal was stopped, and sees the goal as edited", async () => {
    const options = { parts: { limits: { steps: 2, activeMs: 600_000, attempts: 5 } } };
    await open(() => list, options);
    const stopped = await aGoal();
    const edited = await aGoal({ brief: "Write other.md" });
    for (const goal of [stopped, edited]) {
      const [run] = (await listRuns(world.database, { goal: goal.id, limit: 1 })).runs;
      await driveRun(world.parts, run!.id, 1);
      const { runs } = await listRuns(world.database, { goal: goal.id, limit: 5 });
      expect(runs.map((each) => each.status)).toEqual(["queued", "completed"]);
    }
    await stopGoal(world.commands, stopped.id);
    await editGoal(world.commands, edited.id, { spec: { brief: "Write a poem" } });
    world.model.setScript(() => "Written.");
    const before = world.model.requests.length;
    await world.driveAll();
    const later = world.model.requests.slice(before);
    expect(later.length).toBeGreaterThan(0);
    for (const request of later) expect(JSON.parse(request.raw).messages[0].content).toContain("Write a poem");
    expect((await listRuns(world.database, { goal: stopped.id, limit: 5 })).runs.map((run) => run.status)).toEqual([
      "canceled",
      "completed",
    ]);
  });

  test("goal-19: an agent can ask for the check or report an obstacle, and nothing else", async () => {
    const tools: string[] = [];
    const tries = ["update_goal", "pause_goal", "complete_goal"].map((name) => ({
      name,
      arguments: { status: "done" },
    }));
    await open((request) => {
      if (request.index === 0) tools.push(...request.tools);
      return request.index === 0 ? { toolCalls: tries } : "I give up.";
    });
    const goal = await aGoal();
    await world.driveAll();
    expect(tools.filter((name) => /goal|check|blocked|pause|resume|budget/.test(name))).toEqual([
      "request_check",
      "report_blocked",
    ]);
    const [run] = (await listRuns(world.database, { goal: goal.id, limit: 1 })).runs;
    const { toolCalls } = await listToolCalls(world.database, run!.id, { after: 0, limit: 10 });
    expect(toolCalls.map((call) => call.status)).toEqual(["failed", "failed", "failed"]);
    expect((await goalNow(goal)).status).toBe("paused");
  });

  test("goal-20: an obstacle blocks after three turns in a row, and a resume starts the count again", async () => {
    const answer = gate<ModelReply>();
    const script: ModelReply[] = [blocked, { text: "Stuck." }, blocked, { text: "Stuck." }];
    await open(({ index }) =>
      index === 4 ? answer.passed : (script[index] ?? (index % 2 === 1 ? blocked : { text: "Stuck." })),
    );
    const goal = await aGoal();
    const driving = world.driveAll();
    await until(() => world.model.count() === 5, "two turns with an obstacle are over");
    await pauseGoal(world.commands, goal.id);
    await driving;
    expect(await goalNow(goal)).toMatchObject({ status: "paused" });
    await resumeGoal(world.commands, goal.id);
    await world.driveAll();
    expect(await goalNow(goal)).toMatchObject({ status: "blocked" });
    const reports = world.model.requests.at(-1)!.raw.match(/Noted \(turn \d/g);
    expect(reports).toEqual(["Noted (turn 1", "Noted (turn 2", "Noted (turn 1", "Noted (turn 2"]);
  });
});

describe("a goal goes on", () => {
  test("goal-23: after a kill it goes on by itself, charged for the calls that ended and not for the one in flight", async () => {
    await open(({ index }) =>
      index === 15
        ? new Promise(() => undefined)
        : index < 15
          ? { ...step(index), usage: TOKENS_1050 }
          : index === 16
            ? write
            : check,
    );
    const goal = await aGoal();
    const [run] = (await listRuns(world.database, { goal: goal.id, limit: 1 })).runs;
    const dead = world.restarted({ executorId: "dead" });
    void driveRun(dead, run!.id, 1).catch(() => undefined);
    await until(() => world.model.count() === 16, "the sixteenth call is in flight");
    expect(await goalNow(goal)).toMatchObject({ status: "active", usage: { tokens: 15_750, modelCalls: 15 } });
    await driveAll(world.restarted({ executorId: "next" }));
    expect(await goalNow(goal)).toMatchObject({ status: "done" });
    expect((await getRun(world.database, run!.id)).usage.modelCalls).toBe(17);
    dead.signals.stop();
  });

  test("goal-24: a goal without progress stops by itself, with the reason", async () => {
    await open(() => "It is done.");
    const goal = await aGoal();
    await world.driveAll();
    expect(await goalNow(goal)).toMatchObject({
      status: "paused",
      sentence: expect.stringContaining("changed nothing"),
    });
    expect(world.model.count()).toBe(4);
  });

  test("goal-25: a model that fails six times blocks the goal", async () => {
    await open(() => ({ status: 503 }), { clock: fastClock() });
    const goal = await aGoal();
    await world.driveAll();
    expect(world.model.count()).toBe(6);
    expect(await goalNow(goal)).toMatchObject({ status: "blocked", sentence: expect.stringContaining("overloaded") });
    await writeFile(join(world.folder, "report.md"), "By hand.");
    await checkGoal(world.commands, goal.id);
    await world.driveAll();
    expect(await goalNow(goal)).toMatchObject({ status: "done" });
  });
});

const TOKENS_1050 = { inputTokens: 1_000, outputTokens: 50 };

function step(index: number): ModelReply {
  return { toolCalls: [{ name: "write_file", arguments: { path: `part-${index}.md`, content: `Part ${index}` } }] };
}
