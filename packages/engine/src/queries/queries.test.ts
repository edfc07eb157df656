import { newId, type Usage } from "@bureau/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  aGoal,
  aRun,
  aThread,
  aToolCall,
  anAgent,
  anEntry,
  testCommands,
  type TestCommands,
} from "../testing/factories.ts";
import { addItems, change } from "../commands/change.ts";
import type { Queryable } from "../store/database.ts";
import type { GoalRow, RunRow } from "../store/rows.ts";
import { listAgents } from "./agents.ts";
import { countAll } from "./counts.ts";
import { listEvidence, listGoals } from "./goals.ts";
import { hey, listInbox } from "./inbox.ts";
import { listRuns, listSteps, listToolCalls } from "./runs.ts";
import { listItems, listThreads } from "./threads.ts";
import { usage } from "./usage.ts";

let world: TestCommands;

beforeAll(async () => {
  world = await testCommands();
});
afterAll(() => world.close());

/** Every entry of a list, read part by part with a limit of two. */
async function readAll<T>(
  read: (cursor: string | undefined) => Promise<{ part: T[]; nextCursor: string | null }>,
): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | undefined;
  for (let parts = 0; parts < 50; parts += 1) {
    const { part, nextCursor } = await read(cursor);
    expect(part.length).toBeLessThanOrEqual(2);
    all.push(...part);
    if (nextCursor === null) return all;
    cursor = nextCursor;
  }
  throw new Error("the list has no end");
}

const page = (cursor: string | undefined) => ({ limit: 2, ...(cursor !== undefined && { cursor }) });

async function aStep(
  database: Queryable,
  run: RunRow,
  number: number,
  values: { kind?: string; usage?: object; startedAt?: string } = {},
) {
  await database.query(
    `INSERT INTO steps (id, run_id, number, kind, status, turn, name, usage, started_at, ended_at)
     VALUES ($1, $2, $3, $4, 'completed', 1, 'x', $5, $6::timestamptz, $6::timestamptz + interval '250 milliseconds')`,
    [
      newId("step"),
      run.id,
      number,
      values.kind ?? "model_call",
      JSON.stringify(values.usage ?? null),
      values.startedAt ?? "2026-03-01T10:00:00Z",
    ],
  );
}

describe("lists", () => {
  test("are read whole in parts, in a stable order, without gaps", async () => {
    const agent = await anAgent(world.database);
    const goals: GoalRow[] = [];
    for (let count = 0; count < 5; count += 1) goals.push(await aGoal(world.database, { agent_id: agent.id }));
    const runs: RunRow[] = [];
    for (const goal of goals) runs.push(await aRun(world.database, { agent_id: agent.id }, goal));

    const listed = await readAll(async (cursor) => {
      const { goals: part, nextCursor } = await listGoals(world.database, { agent: agent.name, ...page(cursor) });
      return { part, nextCursor };
    });
    expect(listed.map((goal) => goal.id)).toEqual(goals.map((goal) => goal.id).toReversed());
    const listedRuns = await readAll(async (cursor) => {
      const { runs: part, nextCursor } = await listRuns(world.database, {
        agent: agent.id,
        status: ["running"],
        ...page(cursor),
      });
      return { part, nextCursor };
    });
    expect(listedRuns.map((run) => run.id)).toEqual(runs.map((run) => run.id).toReversed());
    const threads = await readAll(async (cursor) => {
      const { threads: part, nextCursor } = await listThreads(world.database, { agent: agent.id, ...page(cursor) });
      return { part, nextCursor };
    });
    expect(threads).toHaveLength(5);
    const agents = await readAll(async (cursor) => {
      const { agents: part, nextCursor } = await listAgents(world.database, page(cursor));
      return { part, nextCursor };
    });
    expect(agents.map((one) => one.name)).toEqual(agents.map((one) => one.name).toSorted());
  });

  test("filter by status and parent, and name what is not there", async () => {
    const top = await aGoal(world.database, { agent_id: world.agent.id, status: "paused" });
    const below = await aGoal(world.database, { agent_id: world.agent.id, parent_id: top.id });
    const found = await listGoals(world.database, { parent: top.name, limit: 10 });
    expect(found.goals.map((goal) => goal.id)).toEqual([below.id]);
    expect((await listGoals(world.database, { parent: top.id, status: ["paused"], limit: 10 })).goals).toEqual([]);
    await expect(listGoals(world.database, { agent: "nobody", limit: 10 })).rejects.toMatchObject({
      code: "not_found",
    });
    await expect(listEvidence(world.database, "no-goal", { limit: 10 })).rejects.toMatchObject({ code: "not_found" });
  });

  test("of items, steps and calls go on after a position", async () => {
    const thread = await aThread(world.database, { agent_id: world.agent.id });
    const words = ["one", "two", "three"];
    await change(world.parts, (change) =>
      addItems(
        change,
        thread.id,
        words.map((text) => ({ content: { type: "notice", text }, runId: null, turn: 0 })),
      ),
    );
    const first = await listItems(world.database, thread.id, { after: 0, limit: 2 });
    expect(first).toMatchObject({ items: [{ position: 1 }, { position: 2 }], nextAfter: 2 });
    const second = await listItems(world.database, thread.id, { after: 2, limit: 2 });
    expect(second).toMatchObject({ items: [{ position: 3, content: { text: "three" } }], nextAfter: null });

    const run = await aRun(world.database, { agent_id: world.agent.id, thread_id: thread.id });
    for (const number of [1, 2, 3]) {
      await aStep(world.database, run, number);
      await aToolCall(world.database, run, { status: "completed", position: number * 10, name: `tool-${number}` });
    }
    expect(await listSteps(world.database, run.id, { after: 1, limit: 1 })).toMatchObject({
      steps: [{ number: 2 }],
      nextAfter: 2,
    });
    expect(await listToolCalls(world.database, run.id, { after: 1, limit: 1 })).toMatchObject({
      toolCalls: [{ name: "tool-2" }],
      nextAfter: 2,
    });
    expect(await listToolCalls(world.database, run.id, { after: Number.MAX_SAFE_INTEGER, limit: 1 })).toMatchObject({
      toolCalls: [],
    });
    expect(await listItems(world.database, thread.id, { after: Number.MAX_SAFE_INTEGER, limit: 1 })).toMatchObject({
      items: [],
    });
  });
});

describe("what needs a person", () => {
  test("is ranked by kind and then by age, and read in parts", async () => {
    const goal = await aGoal(world.database, { agent_id: world.agent.id });
    const at = (minute: number) => new Date(Date.UTC(2026, 1, 1, 9, minute));
    const stopped = await anEntry(
      world.database,
      { kind: "stopped", title: "The budget is spent", created_at: at(0) },
      { goal },
    );
    const newer = await anEntry(world.database, { kind: "approval", title: "Send it", created_at: at(5) }, { goal });
    const older = await anEntry(world.database, { kind: "approval", title: "Book it", created_at: at(2) }, { goal });
    const question = await anEntry(
      world.database,
      { kind: "question", title: "Which city?", created_at: at(1) },
      { goal },
    );
    const signOff = await anEntry(
      world.database,
      { kind: "sign_off", title: "The letter", created_at: at(1) },
      { goal },
    );
    const telling = [];
    for (const kind of ["unknown_effect", "budget", "failed_run", "sign_in"] as const) {
      telling.push(await anEntry(world.database, { kind, created_at: at(9) }, { goal }));
    }
    const [unknown, ...others] = telling.map((entry) => entry.id);
    const expected = [unknown, older.id, newer.id, question.id, signOff.id, ...others, stopped.id];
    const listed = await readAll(async (cursor) => {
      const query = { status: ["pending" as const], goal: goal.id, ...page(cursor) };
      const { entries: part, nextCursor } = await listInbox(world.database, query);
      return { part, nextCursor };
    });
    expect(listed.map((entry) => entry.id)).toEqual(expected);
    const { entries, counts } = await hey(world.database);
    expect(entries.map((line) => line.entry.id)).toEqual(expected);
    expect(entries.map((line) => line.number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(entries[3]).toMatchObject({ agentName: "home", sentence: 'home asks, for "Write the report": Which city?' });
    expect(counts).toEqual(await countAll(world.database));
    expect(counts.inboxPending).toBe(9);
  });

  test("of what was decided begins with the latest", async () => {
    const at = (minute: number) => new Date(Date.UTC(2026, 1, 1, 9, minute));
    const goal = await aGoal(world.database, { agent_id: world.agent.id });
    const decided = [];
    for (const [kind, minute] of [
      ["question", 3],
      ["approval", 1],
      ["stopped", 2],
    ] as const) {
      const values = { kind, status: "dismissed" as const, created_at: at(0), decided_at: at(minute) };
      decided.push(await anEntry(world.database, values, { goal }));
    }
    const query = { status: ["dismissed" as const], goal: goal.id, order: "latest" as const };
    const listed = await readAll(async (cursor) => {
      const { entries: part, nextCursor } = await listInbox(world.database, { ...query, ...page(cursor) });
      return { part, nextCursor };
    });
    expect(listed.map((entry) => entry.id)).toEqual([decided[0]!.id, decided[2]!.id, decided[1]!.id]);
    await expect(listInbox(world.database, { ...query, limit: 2, cursor: "nonsense" })).rejects.toMatchObject({
      code: "invalid",
    });
  });

  test("takes no cursor that is not its own", async () => {
    for (const cursor of [
      "nonsense",
      Buffer.from("[1]").toString("base64url"),
      Buffer.from('["a","b","c"]').toString("base64url"),
    ]) {
      await expect(listInbox(world.database, { status: ["pending"], limit: 2, cursor })).rejects.toMatchObject({
        code: "invalid",
      });
    }
  });
});

describe("usage", () => {
  const call = (inputTokens: number, micros: number) => ({
    inputTokens,
    cachedInputTokens: 10,
    outputTokens: 5,
    reasoningTokens: 0,
    micros,
  });
  const sum = (rows: { key: string; usage: Usage }[], key: string) => rows.find((row) => row.key === key)?.usage;

  test("sums a goal with the goals below it, by agent and by day, and counts nothing twice in the total", async () => {
    const own = await testCommands();
    try {
      const [used, database] = [own.agent, own.database];
      const top = await aGoal(database, { agent_id: used.id });
      const below = await aGoal(database, { agent_id: used.id, parent_id: top.id });
      const runs = [
        await aRun(database, { agent_id: used.id }, top),
        await aRun(database, { agent_id: used.id }, below),
        await aRun(database, { agent_id: used.id }),
      ];
      await aStep(database, runs[0]!, 1, { usage: call(110, 1000) });
      await aStep(database, runs[0]!, 2, { kind: "tool_call" });
      await aStep(database, runs[1]!, 1, { usage: call(210, 2000), startedAt: "2026-03-02T23:59:59Z" });
      await aStep(database, runs[2]!, 1, { usage: call(310, 4000) });

      const byGoal = await usage(database, { by: "goal" });
      expect(sum(byGoal.rows, top.id)).toMatchObject({
        tokens: 310,
        micros: 3000,
        modelCalls: 2,
        toolCalls: 1,
        activeMs: 750,
      });
      expect(sum(byGoal.rows, below.id)).toMatchObject({ tokens: 205, micros: 2000, modelCalls: 1 });
      expect(sum(byGoal.rows, "none")).toMatchObject({ micros: 4000 });
      expect(byGoal.total).toMatchObject({
        tokens: 615,
        micros: 7000,
        modelCalls: 3,
        toolCalls: 1,
        cachedInputTokens: 30,
        turns: 3,
      });
      const byAgent = await usage(database, { by: "agent" });
      expect(byAgent.rows).toMatchObject([{ key: used.id, label: "home", usage: { micros: 7000 } }]);
      const byDay = await usage(database, { by: "day" });
      expect(byDay.rows.map((row) => [row.key, row.usage.micros])).toEqual([
        ["2026-03-02", 2000],
        ["2026-03-01", 5000],
      ]);
      const bounded = await usage(database, { by: "day", since: "2026-03-02", until: "2026-03-02" });
      expect(bounded.total.micros).toBe(2000);
    } finally {
      await own.close();
    }
  });
});
