import type { Run } from "@bureau/protocol";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { createGoal } from "../commands/create-goal.ts";
import { startRun } from "../commands/start-run.ts";
import { getGoal } from "../queries/goals.ts";
import { getRun, listSteps, listToolCalls } from "../queries/runs.ts";
import { listItems } from "../queries/threads.ts";
import type { ModelReply, ModelScript, ScriptRequest } from "../testing/model-server.ts";
import { expectWellFormed, fastClock, testWorld, type World, type WorldOptions } from "../testing/test-world.ts";
import { defineTool } from "../tools/tool.ts";
import { driveRun } from "./drive-run.ts";

const STALL_MS = 60;
const RUNS = 8;
const TURNS_A_RUN = 25;
/** One attempt fewer than a model is given. */
const MAX_FAULTS_IN_A_ROW = 5;

let world: World;
afterEach(() => world.close());

const clock = () => fastClock();

async function open(script: ModelScript, options: WorldOptions = {}): Promise<World> {
  world = await testWorld(script, {
    clock: clock(),
    models: (url) => ({
      providers: { test: { kind: "openai-compatible", baseUrl: url, apiKey: "none", stallMs: STALL_MS } },
    }),
    ...options,
  });
  return world;
}

const ask = (text = "Do it") => startRun(world.commands, { agent: "writer", text });
const list: ModelReply = { toolCalls: [{ name: "list_files", arguments: {} }] };

async function endOf(run: Run): Promise<Run> {
  await world.driveAll();
  for (const request of world.model.requests) expectWellFormed(request);
  return await getRun(world.database, run.id);
}

const stepsOf = async (run: Run) => (await listSteps(world.database, run.id, { after: 0, limit: 500 })).steps;
const callsOf = async (run: Run) => (await listToolCalls(world.database, run.id, { after: 0, limit: 500 })).toolCalls;

const FAULTS: readonly ModelReply[] = [
  { ...list, fault: "drop" },
  { ...list, fault: "cut" },
  { ...list, fault: "garble" },
  { ...list, fault: "stall" },
  { status: 429, retryAfterMs: 15 },
];

/** Numbers from 0 up to 1, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("two hundred turns of which half of the answers fail", () => {
  test("all end, and no tool call runs twice", async () => {
    const ran: string[] = [];
    const note = defineTool({
      name: "note",
      description: "Notes a number.",
      parameters: z.strictObject({ text: z.string() }),
      effect: "write_workspace",
      idempotent: false,
      execute: async ({ text }: { text: string }, { runId }) => {
        ran.push(`${runId} ${text}`);
        return { text: `Noted ${text}.` };
      },
    });
    const random = seeded(20_260_101);
    const failing = new Map<string, number>();
    const script = (request: ScriptRequest): ModelReply => {
      const who = request.messages.find((message) => message.role === "user")!.text;
      const inRow = failing.get(who) ?? 0;
      const fault = FAULTS[Math.floor(random() * 10)];
      if (fault && inRow < MAX_FAULTS_IN_A_ROW) {
        failing.set(who, inRow + 1);
        return fault;
      }
      failing.set(who, 0);
      const turn = request.toolTurns;
      return turn < TURNS_A_RUN
        ? { toolCalls: [{ name: "note", arguments: { text: String(turn) } }] }
        : { text: "All noted." };
    };
    await open(script, { tools: [note] as never });
    const runs = await Promise.all(Array.from({ length: RUNS }, (_, index) => ask(`Worker ${index}`)));
    await world.driveAll();
    const expected: string[] = [];
    for (const run of runs) {
      expect(await getRun(world.database, run.id)).toMatchObject({ status: "completed", outcome: "answered" });
      for (let turn = 0; turn < TURNS_A_RUN; turn += 1) expected.push(`${run.id} ${turn}`);
    }
    expect(ran.toSorted()).toEqual(expected.toSorted());
    expect(world.model.count()).toBeGreaterThan(RUNS * TURNS_A_RUN * 1.5);
    for (const request of world.model.requests) expectWellFormed(request);
  });
});

describe("a rate limit", () => {
  test("is waited for as long as the provider asks, and at most a tenth longer", async () => {
    const time = fastClock();
    await open([{ status: 429, retryAfter: "3" }, "Done."], { clock: time });
    const before = time.now();
    expect(await endOf(await ask())).toMatchObject({ status: "completed" });
    const longest = Math.max(...time.slept);
    expect(longest).toBeGreaterThanOrEqual(3_000);
    expect(longest).toBeLessThanOrEqual(3_300);
    expect(time.now() - before).toBeGreaterThanOrEqual(3_000);
  });

  test("of more than five seconds is a row: the run holds nothing while it waits", async () => {
    const time = fastClock();
    await open([{ status: 429, retryAfter: "60" }, "Done."], { clock: time });
    const goal = await createGoal(world.commands, {
      agent: "writer",
      spec: { brief: "Go", checks: [{ command: "true" }] },
    });
    const { rows } = await world.database.query("SELECT id FROM runs");
    const before = time.now();
    await driveRun(world.parts, rows[0].id, 1);
    const run = await getRun(world.database, rows[0].id);
    expect(run).toMatchObject({ status: "waiting", waitReason: "timer" });
    const asked = Date.parse(run.waitUntil!) - before;
    expect(asked).toBeGreaterThanOrEqual(60_000);
    expect(asked).toBeLessThanOrEqual(66_500);
    expect(await getGoal(world.database, goal.id)).toMatchObject({ status: "waiting" });
    await world.driveAll();
    expect(await getGoal(world.database, goal.id)).toMatchObject({ status: "done" });
    expect(world.model.count()).toBe(2);
  });

  test("that never ends is given up after six attempts, with the reason", async () => {
    await open(() => ({ status: 429, retryAfterMs: 10 }));
    expect(await endOf(await ask())).toMatchObject({
      status: "failed",
      failure: "model",
      sentence: expect.stringContaining("rate limit"),
    });
    expect(world.model.count()).toBe(6);
  });
});

describe("an answer that does not arrive whole", () => {
  const cases: [string, ModelReply][] = [
    ["cut off", { ...list, fault: "cut" }],
    ["garbled", { ...list, fault: "garble" }],
    ["never sent", { ...list, fault: "drop" }],
    ["stalled", { ...list, fault: "stall" }],
    ["refused by an overloaded server", { status: 503 }],
    ["ended by a server's error", { status: 500 }],
  ];
  test.each(cases)("%s is asked for again, and nothing of it is used or charged", async (_name, fault) => {
    await open([fault, { text: "Whole.", usage: { inputTokens: 100, outputTokens: 10 } }]);
    const run = await endOf(await ask());
    expect(run).toMatchObject({ status: "completed", outcome: "answered", usage: { tokens: 110, modelCalls: 1 } });
    expect(await callsOf(run)).toEqual([]);
    expect(await stepsOf(run)).toMatchObject([{ kind: "model_call", status: "completed", attempts: 2 }]);
    const { items } = await listItems(world.database, run.threadId, { after: 0, limit: 10 });
    expect(items.map((item) => item.content.type)).toEqual(["message", "message"]);
  });

  test("with arguments that cannot be read is answered so that the model mends them", async () => {
    await open([{ toolCalls: [{ name: "list_files", arguments: '{"path": ' }] }, list, "Listed."]);
    const run = await endOf(await ask());
    expect((await callsOf(run)).map((call) => call.status)).toEqual(["failed", "completed"]);
    expect(run).toMatchObject({ status: "completed" });
  });
});

describe("a failure that no second attempt mends", () => {
  test("of the key ends the run with what to look at", async () => {
    await open(() => ({ status: 401 }));
    expect(await endOf(await ask())).toMatchObject({
      status: "failed",
      failure: "model",
      sentence: expect.stringContaining("did not accept the key"),
    });
    expect(world.model.count()).toBe(1);
  });

  test("of the request ends the run", async () => {
    await open(() => ({ status: 422 }));
    expect(await endOf(await ask())).toMatchObject({
      status: "failed",
      failure: "model",
      sentence: expect.stringContaining("did not accept the request"),
    });
    expect(world.model.count()).toBe(1);
  });

  test("of the account ends the run as a usage limit", async () => {
    await open(() => ({ fault: "usage_limit" }));
    expect(await endOf(await ask())).toMatchObject({
      status: "failed",
      failure: "usage_limit",
      sentence: expect.stringContaining("used up"),
    });
    expect(world.model.count()).toBe(1);
  });

  test("a refusal is data: what was said is kept, it is charged, and the run says that the model refused", async () => {
    await open([{ text: "I cannot help with that.", finish: "refused", usage: { inputTokens: 50, outputTokens: 5 } }]);
    const run = await endOf(await ask());
    expect(run).toMatchObject({
      status: "failed",
      failure: "model_refused",
      usage: { tokens: 55 },
      sentence: expect.stringContaining("refused to answer"),
    });
    expect(await stepsOf(run)).toMatchObject([{ status: "completed" }]);
    const { items } = await listItems(world.database, run.threadId, { after: 0, limit: 10 });
    expect(items.map((item) => item.content)).toContainEqual(
      expect.objectContaining({ role: "agent", text: "I cannot help with that." }),
    );
  });
});

describe("a second model", () => {
  const withSecond = (url: string) => ({
    fallbacks: ["spare/second"],
    providers: {
      test: { kind: "openai-compatible" as const, baseUrl: url, apiKey: "none" },
      spare: { kind: "openai-compatible" as const, baseUrl: url, apiKey: "other" },
    },
  });

  test.each([
    ["is used up", { fault: "usage_limit" }, 1],
    ["does not accept the key", { status: 401 }, 1],
    ["is overloaded", { status: 529 }, 6],
  ] as [string, ModelReply, number][])(
    "takes over when the first %s, and is kept for the rest of the run",
    async (_name, fault, attempts) => {
      await open(({ model, toolTurns }) => (model === "scripted" ? fault : toolTurns === 0 ? list : "Listed."), {
        models: withSecond,
      });
      const run = await endOf(await ask());
      expect(run).toMatchObject({ status: "completed", model: "spare/second" });
      expect(world.model.requests.map((request) => request.model)).toEqual([
        ...Array(attempts).fill("scripted"),
        "second",
        "second",
      ]);
    },
  );

  test("that fails too ends the run with its own reason", async () => {
    await open(({ model }) => (model === "scripted" ? { fault: "usage_limit" } : { status: 401 }), {
      models: withSecond,
    });
    expect(await endOf(await ask())).toMatchObject({
      status: "failed",
      failure: "model",
      sentence: expect.stringContaining("key"),
    });
  });
});
