import { join } from "node:path";
import { writeFile } from "node:fs/promises";
import type { Goal, Run } from "@bureau/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createGoal } from "../commands/create-goal.ts";
import { startRun } from "../commands/start-run.ts";
import { getGoal } from "../queries/goals.ts";
import { getRun, listRuns, listSteps } from "../queries/runs.ts";
import { listItems } from "../queries/threads.ts";
import type { ModelReply, ModelScript } from "../testing/model-server.ts";
import {
  driveAll,
  expectWellFormed,
  fastClock,
  sentMessages,
  systemOf,
  testWorld,
  until,
  type World,
} from "../testing/test-world.ts";
import { driveRun } from "./drive-run.ts";

const CONTEXT_TOKENS = 10_000;
/** About 1,000 tokens a file. */
const FILE = "All work and no play makes a dull report. ".repeat(100);

let world: World;
afterEach(() => world.close());

async function open(script: ModelScript, contextTokens = CONTEXT_TOKENS): Promise<void> {
  world = await testWorld(script, {
    clock: fastClock(),
    models: () => ({ limits: { "test/scripted": { contextTokens, maxOutputTokens: 1_000 } } }),
  });
  for (let part = 0; part < 30; part += 1)
    await writeFile(join(world.folder, `part-${part}.md`), `Part ${part}\n${FILE}`);
}

const isSummary = (tools: string[]) => tools.length === 0;
const read = (part: number): ModelReply => ({
  toolCalls: [{ name: "read_file", arguments: { path: `part-${part}.md` } }],
});

/** Reads `count` files one after another, then ends with `last`. Requests without tools ask for the summary. */
function reading(count: number, last: readonly ModelReply[]): ModelScript {
  let part = 0;
  return ({ tools }) => {
    if (isSummary(tools))
      return { text: `Summary: read up to part ${part - 1}.`, usage: { inputTokens: 900, outputTokens: 20 } };
    part += 1;
    return part <= count ? read(part - 1) : last[part - count - 1]!;
  };
}

const goalEnd: readonly ModelReply[] = [
  { toolCalls: [{ name: "write_file", arguments: { path: "report.md", content: "Read." } }] },
  { toolCalls: [{ name: "request_check", arguments: {} }] },
];

async function aGoal(): Promise<Goal> {
  const spec = {
    brief: "Read every part, then write report.md",
    checks: [{ file: { path: "report.md" } }],
    constraints: ["never quote a part word for word"],
  };
  return await createGoal(world.commands, { agent: "writer", spec });
}

const runOf = async (goal: Goal): Promise<Run> =>
  (await listRuns(world.database, { goal: goal.id, limit: 1 })).runs[0]!;

async function itemsOf(threadId: string) {
  return (await listItems(world.database, threadId as Goal["threadId"], { after: 0, limit: 500 })).items;
}

/** Calls with tools, and how large they were; those for a summary are left out. */
const workRequests = () => world.model.requests.filter((request) => (JSON.parse(request.raw).tools ?? []).length > 0);

describe("a thread that outgrows the model's context", () => {
  let goal: Goal;
  beforeEach(async () => {
    await open(reading(24, goalEnd));
    goal = await aGoal();
    await world.driveAll();
  });

  test("is shortened for the model again and again, and the work is finished", async () => {
    expect(await getGoal(world.database, goal.id)).toMatchObject({ status: "done" });
    const items = await itemsOf(goal.threadId);
    expect(items.filter((item) => item.content.type === "summary").length).toBeGreaterThanOrEqual(2);
    for (const request of workRequests()) {
      expect(request.raw.length).toBeLessThan(CONTEXT_TOKENS * 4);
      expectWellFormed(request);
    }
  });

  test("keeps the rules and the goal's constraints in every call", () => {
    const [first, ...later] = workRequests().map((request) => systemOf(request));
    expect(first).toContain("never quote a part word for word");
    expect(first).toContain("You write reports.");
    for (const system of later) expect(system).toBe(first);
  });

  test("keeps every item itself, in order and without a gap", async () => {
    const items = await itemsOf(goal.threadId);
    expect(items.map((item) => item.position)).toEqual(items.map((_, index) => index + 1));
    const parts = items.flatMap((item) =>
      item.content.type === "tool_result" ? (item.content.text.match(/Part \d+/) ?? []) : [],
    );
    expect(parts).toEqual(Array.from({ length: 24 }, (_, part) => `Part ${part}`));
  });

  test("shows the model the latest summary and what people said word for word", () => {
    const last = workRequests().at(-1)!;
    const texts = sentMessages(last).map((message) => (typeof message.content === "string" ? message.content : ""));
    expect(texts.filter((text) => text.includes("Summary: read up to part")).length).toBe(1);
    expect(texts.join("\n")).toContain("Read every part, then write report.md");
    expect(last.raw).not.toContain("Part 0\\n");
  });

  test("is charged for its summaries too", async () => {
    const summaries = world.model.requests.length - workRequests().length;
    const { steps } = await listSteps(world.database, (await runOf(goal)).id, { after: 0, limit: 500 });
    const compactions = steps.filter((step) => step.kind === "compaction");
    expect(compactions.map((step) => step.status)).toEqual(Array(summaries).fill("completed"));
    expect((await getGoal(world.database, goal.id)).usage.modelCalls).toBe(world.model.requests.length);
  });
});

test("a provider that says the input is too long gets a shorter one", async () => {
  let overflows = 0;
  const script = reading(6, [{ text: "All read." }]);
  await open((request) => {
    const tooLong = !isSummary(request.tools) && JSON.stringify(request.body).length > 12_000;
    if (!tooLong) return (script as (r: typeof request) => ModelReply)(request);
    overflows += 1;
    return { fault: "context_overflow" };
  }, 200_000);
  const run = await startRun(world.commands, { agent: "writer", text: "Read all parts" });
  await world.driveAll();
  expect(overflows).toBeGreaterThan(0);
  expect(await getRun(world.database, run.id)).toMatchObject({ status: "completed", outcome: "answered" });
  for (const request of world.model.requests) expectWellFormed(request);
});

test("a thread that cannot be shortened ends its run with a sentence", async () => {
  await open(({ tools }) => (isSummary(tools) ? "Nothing." : { fault: "context_overflow" }));
  const run = await startRun(world.commands, { agent: "writer", text: "Hello" });
  await world.driveAll();
  expect(await getRun(world.database, run.id)).toMatchObject({
    status: "failed",
    failure: "model",
    sentence: expect.stringMatching(/long/),
  });
  expect(world.model.count()).toBeLessThanOrEqual(14);
});

test("a summary that the model fails to write is replaced by a note, and the work goes on", async () => {
  const script = reading(12, goalEnd);
  await open((request) =>
    isSummary(request.tools) ? { status: 500 } : (script as (r: typeof request) => ModelReply)(request),
  );
  const goal = await aGoal();
  await world.driveAll();
  expect(await getGoal(world.database, goal.id)).toMatchObject({ status: "done" });
  const items = await itemsOf(goal.threadId);
  expect(items.find((item) => item.content.type === "summary")?.content).toMatchObject({
    text: expect.stringContaining("without a summary"),
  });
});

test("a process that dies in a summary leaves nothing of it, and the next one makes it again", async () => {
  let hung = false;
  const script = reading(12, goalEnd);
  await open((request) => {
    if (isSummary(request.tools) && !hung) {
      hung = true;
      return new Promise(() => undefined);
    }
    return (script as (r: typeof request) => ModelReply)(request);
  });
  const goal = await aGoal();
  const dead = world.restarted({ executorId: "dead" });
  void driveRun(dead, (await runOf(goal)).id, 1).catch(() => undefined);
  await until(() => hung, "a summary is being written");
  const before = await itemsOf(goal.threadId);
  await driveAll(world.restarted({ executorId: "next" }));
  expect(await getGoal(world.database, goal.id)).toMatchObject({ status: "done" });
  const items = await itemsOf(goal.threadId);
  expect(items.slice(0, before.length)).toEqual(before);
  expect(items.map((item) => item.position)).toEqual(items.map((_, index) => index + 1));
  const { steps } = await listSteps(world.database, (await runOf(goal)).id, { after: 0, limit: 500 });
  const compactions = steps.filter((step) => step.kind === "compaction").map((step) => step.status);
  expect(compactions[0]).toBe("interrupted");
  expect(compactions.slice(1)).not.toContain("interrupted");
  dead.signals.stop();
});

test("a summary that the budget has no room for is not asked for, and the work goes on without it", async () => {
  const limit = 2_600;
  let part = 0;
  await open(({ tools, body }) => {
    if (isSummary(tools)) return "Summary.";
    if (JSON.stringify(body).length > 25_000) return { fault: "context_overflow" };
    part += 1;
    const usage = { inputTokens: 20, outputTokens: 10 };
    return part <= 10 ? { ...read(part - 1), usage } : { text: "Read.", usage };
  }, 200_000);
  const run = await startRun(world.commands, { agent: "writer", text: "Read all parts", limits: { tokens: limit } });
  await world.driveAll();
  const { steps } = await listSteps(world.database, run.id, { after: 0, limit: 100 });
  const errors = steps.filter((step) => step.kind === "compaction").map((step) => step.error);
  expect(errors.length).toBeGreaterThan(0);
  for (const error of errors) expect(error).toMatch(/tokens/);
  expect(world.model.requests.filter((request) => isSummary(JSON.parse(request.raw).tools ?? []))).toEqual([]);
  expect(await getRun(world.database, run.id)).toMatchObject({ status: "completed", outcome: "answered" });
});
