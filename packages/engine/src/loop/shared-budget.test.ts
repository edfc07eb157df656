import type { Budget, CreateGoal, Goal, Run } from "@bureau/protocol";
import { afterEach, describe, expect, test } from "vitest";
import { createGoal } from "../commands/create-goal.ts";
import { editGoal } from "../commands/edit-goal.ts";
import { resumeGoal } from "../commands/resume-goal.ts";
import { stopGoal } from "../commands/stop-goal.ts";
import { getGoal } from "../queries/goals.ts";
import { listRuns } from "../queries/runs.ts";
import type { ModelReply, ModelScript } from "../testing/model-server.ts";
import { driveAll, fastClock, gate, testWorld, until, type World, type WorldOptions } from "../testing/test-world.ts";
import { driveRun } from "./drive-run.ts";

let world: World;
afterEach(() => world.close());

async function open(script: ModelScript, options: WorldOptions = {}): Promise<void> {
  world = await testWorld(script, { clock: fastClock(), ...options });
}

async function aGoal(name: string, budget: Budget, more: Partial<CreateGoal> = {}): Promise<Goal> {
  const spec = { brief: `Write ${name}.md`, checks: [{ file: { path: `${name}.md` } }], budget };
  return await createGoal(world.commands, { agent: "writer", name, spec, ...more });
}

const goalNow = (goal: Goal) => getGoal(world.database, goal.id);
const ASK = { toolCalls: [{ name: "ask_person", arguments: { question: "Which?" } }] };
const usage = { inputTokens: 1_000, outputTokens: 200 };

async function runOf(goal: Goal): Promise<Run> {
  return (await listRuns(world.database, { goal: goal.id, limit: 1 })).runs[0]!;
}

async function spentUnder(goals: Goal[]): Promise<number> {
  const now = await Promise.all(goals.map(goalNow));
  return now.reduce((sum, goal) => sum + goal.usage.tokens, 0);
}

async function reservedInAll(): Promise<number> {
  const { rows } = await world.database.query("SELECT sum(reserved_tokens)::int AS tokens FROM goals");
  return rows[0].tokens;
}

/** Never done: each answer writes another file. */
const work: ModelScript = ({ index }): ModelReply => ({
  toolCalls: [{ name: "write_file", arguments: { path: `part-${index}.md`, content: "Part" } }],
  usage,
});

describe("a budget over a tree of goals", () => {
  test("stops children that race before they pass it together", async () => {
    const cap = 20_000;
    let highest = 0;
    await open(async (request) => {
      const { rows } = await world.database.query(
        "SELECT sum((usage->>'tokens')::int + reserved_tokens)::int AS tokens FROM goals",
      );
      highest = Math.max(highest, rows[0].tokens);
      return (work as (r: typeof request) => ModelReply)(request);
    });
    const parent = await aGoal("parent", { tokens: cap }, { draft: true });
    const children = await Promise.all(["one", "two", "three"].map((name) => aGoal(name, {}, { parent: parent.id })));
    await world.driveAll();
    const spent = await spentUnder([parent, ...children]);
    expect(spent).toBeLessThanOrEqual(cap);
    expect(spent).toBeGreaterThan(cap / 2);
    expect(highest).toBeLessThanOrEqual(cap);
    for (const child of children) {
      expect(await goalNow(child)).toMatchObject({
        status: "paused",
        sentence: expect.stringContaining('The goal "parent" above it'),
      });
    }
    expect(await reservedInAll()).toBe(0);
  });

  test("holds between processes", async () => {
    const cap = 15_000;
    await open(work);
    const parent = await aGoal("parent", { tokens: cap }, { draft: true });
    const children = await Promise.all(["one", "two"].map((name) => aGoal(name, {}, { parent: parent.id })));
    // Both take up both runs: the epoch fences the slower one, the locks keep the budget.
    await Promise.all([driveAll(world.parts), driveAll(world.restarted({ executorId: "other" }))]);
    expect(await spentUnder([parent, ...children])).toBeLessThanOrEqual(cap);
  });

  test("counts what goals below have used when the parent itself goes on", async () => {
    await open(work);
    const parent = await aGoal("parent", { tokens: 12_000 }, { draft: true });
    const child = await aGoal("child", { tokens: 9_000 }, { parent: parent.id });
    await world.driveAll();
    const used = (await goalNow(child)).usage.tokens;
    expect(used).toBeGreaterThan(4_000);
    await resumeGoal(world.commands, parent.id);
    await world.driveAll();
    expect(await goalNow(parent)).toMatchObject({
      status: "paused",
      sentence: expect.stringContaining("Together with the goals below it"),
    });
    expect(await spentUnder([parent, child])).toBeLessThanOrEqual(12_000);
  });

  test("reaches over several levels, and the tightest cap counts", async () => {
    await open(work);
    const top = await aGoal("top", { tokens: 9_000 }, { draft: true });
    const middle = await aGoal("middle", { tokens: 500_000 }, { draft: true, parent: top.id });
    const leaf = await aGoal("leaf", { tokens: 400_000 }, { parent: middle.id });
    await world.driveAll();
    expect(await goalNow(leaf)).toMatchObject({
      status: "paused",
      sentence: expect.stringContaining('The goal "top" above it'),
    });
    expect(await spentUnder([top, middle, leaf])).toBeLessThanOrEqual(9_000);
  });

  test("caps turns of the tree too", async () => {
    await open(({ index }) => ({ text: `Said ${index}`, usage }));
    const parent = await aGoal("parent", { turns: 3 }, { draft: true });
    const children = await Promise.all(["one", "two"].map((name) => aGoal(name, {}, { parent: parent.id })));
    await world.driveAll();
    const turns = (await Promise.all(children.map(goalNow))).map((goal) => goal.usage.turns);
    expect(turns[0]! + turns[1]!).toBe(3);
  });

  test("waits for calls in flight instead of stopping a goal that would have room after them", async () => {
    const first = gate<ModelReply>();
    await open(({ index }) => (index === 0 ? first.passed : { ...ASK, usage }));
    const parent = await aGoal("parent", { tokens: 9_000 }, { draft: true });
    const one = await aGoal("one", {}, { parent: parent.id });
    const driving = driveRun(world.parts, (await runOf(one)).id, 1);
    await until(() => world.model.count() === 1, "one has set the whole budget aside");
    const two = await aGoal("two", {}, { parent: parent.id });
    // More often than a process may die in one step: to wait is not to die.
    for (let looks = 1; looks <= 8; looks += 1) await driveRun(world.parts, (await runOf(two)).id, looks);
    expect(await goalNow(two)).toMatchObject({
      status: "waiting",
      sentence: "Waits for other goals that work under the same budget.",
    });
    expect(await runOf(two)).toMatchObject({ status: "waiting", waitReason: "timer" });
    expect(world.model.count()).toBe(1);
    first.open({ toolCalls: [{ name: "list_files", arguments: {} }], usage });
    await driving;
    await world.driveAll();
    expect((await goalNow(two)).usage.modelCalls).toBeGreaterThan(0);
    expect(await spentUnder([parent, one, two])).toBeLessThanOrEqual(9_000);
  });

  test("holds for a parent at work from the moment a child is added", async () => {
    const second = gate<ModelReply>();
    await open((request) =>
      request.index === 1 ? second.passed : (work as (r: typeof request) => ModelReply)(request),
    );
    const parent = await aGoal("parent", { tokens: 30_000 });
    const driving = world.driveAll();
    await until(() => world.model.count() === 2, "the parent is at work");
    const child = await aGoal("child", {}, { parent: parent.id });
    await world.database.query(
      'UPDATE goals SET usage = usage || \'{"tokens": 27000, "modelCalls": 20}\' WHERE id = $1',
      [child.id],
    );
    second.open({ toolCalls: [{ name: "list_files", arguments: {} }], usage });
    await driving;
    expect(await goalNow(parent)).toMatchObject({
      status: "paused",
      sentence: expect.stringContaining("Together with the goals below it"),
    });
    expect((await goalNow(parent)).usage.tokens).toBeLessThanOrEqual(3_000);
  });

  test("of a family without caps costs nothing and stops nobody", async () => {
    await open([
      { toolCalls: [{ name: "write_file", arguments: { path: "child.md", content: "x" } }] },
      { toolCalls: [{ name: "request_check", arguments: {} }] },
    ]);
    const parent = await aGoal("parent", {}, { draft: true });
    const child = await aGoal("child", {}, { parent: parent.id });
    await world.driveAll();
    expect(await goalNow(child)).toMatchObject({ status: "done" });
  });

  test("that a person raises lets the child go on", async () => {
    await open(work);
    const parent = await aGoal("parent", { tokens: 8_000 }, { draft: true });
    const child = await aGoal("child", {}, { parent: parent.id });
    await world.driveAll();
    const before = (await goalNow(child)).usage.tokens;
    await editGoal(world.commands, parent.id, { spec: { budget: { tokens: 16_000 } } });
    await resumeGoal(world.commands, child.id);
    await world.driveAll();
    expect((await goalNow(child)).usage.tokens).toBeGreaterThan(before);
    await stopGoal(world.commands, parent.id);
    expect(await goalNow(child)).toMatchObject({ status: "abandoned" });
  });
});

describe("a goal's own cap", () => {
  test("on tool calls stops it before a call that would pass it", async () => {
    const calls = [1, 2].map((part) => ({ name: "write_file", arguments: { path: `${part}.md`, content: "x" } }));
    await open(() => ({ toolCalls: calls, usage }));
    const goal = await aGoal("capped", { toolCalls: 3 });
    await world.driveAll();
    expect(await goalNow(goal)).toMatchObject({
      status: "paused",
      usage: { toolCalls: 2 },
      sentence: "The budget of 3 tool calls is used up.",
    });
  });

  test("holds for the judge of its checks, which is not asked when there is no room for it", async () => {
    let judged = 0;
    await open((request) => {
      if (request.tools.length === 0) judged += 1;
      return request.tools.length === 0
        ? '{"verdict":"met","reason":"Good."}'
        : { text: "I am done.", usage: { inputTokens: 5_000, outputTokens: 10 } };
    });
    const spec = { brief: "Write it well", checks: [{ judge: "It is well written" }] };
    const goal = await createGoal(world.commands, { agent: "writer", spec: { ...spec, budget: { tokens: 5_100 } } });
    await world.driveAll();
    expect(judged).toBe(0);
    expect(await goalNow(goal)).toMatchObject({
      status: "paused",
      usage: { tokens: 5_010 },
      sentence: expect.stringContaining("The checks could not be finished"),
    });
    await editGoal(world.commands, goal.id, { spec: { budget: { tokens: 50_000 } } });
    await resumeGoal(world.commands, goal.id);
    await world.driveAll();
    expect(judged).toBe(1);
    expect(await goalNow(goal)).toMatchObject({ status: "done" });
  });

  test("holds for the judge under the parent's budget too", async () => {
    await open((request) =>
      request.tools.length === 0
        ? '{"verdict":"met","reason":"Good."}'
        : { text: "I am done.", usage: { inputTokens: 5_000, outputTokens: 10 } },
    );
    const parent = await aGoal("parent", { tokens: 5_100 }, { draft: true });
    const spec = { brief: "Write it well", checks: [{ judge: "It is well written" }] };
    const child = await createGoal(world.commands, { agent: "writer", spec, parent: parent.id });
    await world.driveAll();
    expect(await goalNow(child)).toMatchObject({ status: "paused", usage: { tokens: 5_010 } });
    await editGoal(world.commands, parent.id, { spec: { budget: { tokens: 50_000 } } });
    await resumeGoal(world.commands, child.id);
    await world.driveAll();
    expect(await goalNow(child)).toMatchObject({ status: "done" });
    expect(await reservedInAll()).toBe(0);
  });
});
