import { newId, SEARCH_KINDS, type SearchKind, type SearchQuery } from "@bureau/protocol";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addItems, change } from "../commands/change.ts";
import { createGoal } from "../commands/create-goal.ts";
import { createTask } from "../commands/create-task.ts";
import { pauseGoal } from "../commands/pause-goal.ts";
import { CATCH_UP_LOCK, catchUp } from "../store/search-index.ts";
import { aGoal, aRun, A_SPEC, aThread, anEntry, testCommands, type TestCommands } from "../testing/factories.ts";
import { search } from "./search.ts";

let world: TestCommands;

beforeAll(async () => {
  world = await testCommands();
});
afterAll(() => world.close());

const parts = () => ({ database: world.database, clock: world.parts.clock });

function find(q: string, more: Partial<SearchQuery> = {}) {
  return search(parts(), { q, limit: 50, ...more });
}

async function say(threadId: string, ...texts: string[]): Promise<void> {
  await change(world.parts, (made) =>
    addItems(
      made,
      threadId as never,
      texts.map((text) => ({ runId: null, turn: 0, content: { type: "message", role: "person", text } })),
    ),
  );
}

describe("search", () => {
  test("finds goals, tasks, threads, messages and runs by words, without case and accents", async () => {
    const goal = await createGoal(world.parts, {
      text: "Plan the Zürich gathering with a café",
      agent: world.agent.id,
    });
    const { task } = await createTask(world.parts, { title: "Book the zurich hall", agent: world.agent.id });
    const { hits, index } = await find("ZURICH");
    expect(index.behind).toBe(0);
    expect(new Set(hits.map((hit) => hit.kind))).toEqual(new Set(["goal", "thread", "item", "task"]));
    expect(hits.find((hit) => hit.kind === "goal")).toMatchObject({ id: goal.id, goalId: goal.id });
    expect(hits.find((hit) => hit.kind === "task")?.id).toBe(task.id);
    const item = hits.find((hit) => hit.kind === "item" && hit.threadId === goal.threadId);
    expect(item).toMatchObject({ position: 1, title: goal.title });
    expect(item?.ranges.map(({ start, end }) => item.snippet.slice(start, end))).toEqual(["Zürich"]);
  });

  test("finds what was there before there was anything to search in, and what is added later", async () => {
    const { agent, database } = world;
    const goal = await aGoal(database, { agent_id: agent.id, spec: { ...A_SPEC, title: "Quokka census" } });
    const run = await aRun(database, { agent_id: agent.id, sentence: "Counts quokkas." }, goal);
    const entry = await anEntry(database, { kind: "question", title: "Which quokka?" }, { run });
    await database.query("TRUNCATE search_entries, search_progress");
    expect((await find("quokka")).hits.map((hit) => hit.id)).toEqual(
      expect.arrayContaining([goal.id, run.id, entry.id]),
    );
    await say(goal.thread_id, "A quokka smiled");
    expect((await find("quokka smiled")).hits.map((hit) => hit.kind)).toEqual(["item"]);
  });

  test("finds a thing by the words it has now", async () => {
    const goal = await createGoal(world.parts, { text: "Water the orchids", agent: world.agent.id });
    expect((await find("orchids", { kinds: ["goal"] })).hits).toHaveLength(1);
    await pauseGoal(world.parts, goal.id);
    const [hit] = (await find("paused orchids", { kinds: ["goal"] })).hits;
    expect(hit?.id).toBe(goal.id);
  });

  test("puts a goal with the word in its title before messages with it, and new before old", async () => {
    const { agent, database } = world;
    const thread = await aThread(database, { agent_id: agent.id, title: "Talk" });
    await say(thread.id, "marmalade one", "marmalade two");
    await createGoal(world.parts, { spec: { title: "Marmalade", brief: "Cook it." }, agent: agent.id, draft: true });
    const { hits } = await find("marmalade", { kinds: ["goal", "item"] });
    expect(hits[0]?.kind).toBe("goal");
    const talk = hits.filter((hit) => hit.threadId === thread.id).map((hit) => hit.position);
    expect(talk).toEqual([2, 1]);
  });

  test("gives a list in parts, each hit once", async () => {
    const thread = await aThread(world.database, { agent_id: world.agent.id, title: "Parts" });
    await say(thread.id, ...Array.from({ length: 25 }, (_, index) => `rhubarb ${index}`));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const part = await find("rhubarb", { limit: 4, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...part.hits.map((hit) => hit.id));
      cursor = part.nextCursor ?? undefined;
    } while (cursor !== undefined && seen.length < 100);
    expect(seen).toHaveLength(25);
    expect(new Set(seen).size).toBe(25);
  });

  test("of words that are everywhere is told by the newest, and by goals of any age", async () => {
    const { agent, database } = world;
    await database.query(
      `INSERT INTO search_entries (id, kind, at, title, body, words)
       SELECT 'item_x' || n, 'item', now() - n * interval '1 hour', 'Many', 'ubiquity', '''=item'' ''ubiquity'':1'
       FROM generate_series(1, 8000) n`,
    );
    await createGoal(world.parts, { spec: { title: "Ubiquity", brief: "It." }, agent: agent.id, draft: true });
    await find("ubiquity");
    await database.query("UPDATE search_entries SET at = now() - interval '3 years' WHERE title = 'Ubiquity'");
    const { hits } = await find("ubiquity", { limit: 500 });
    expect(hits[0]?.id).toBe("item_x1");
    expect((await find("ubiquity", { kinds: ["goal"] })).hits).toHaveLength(1);
  });

  test("goes on where a process that died has stopped, and leaves nothing out", async () => {
    const thread = await aThread(world.database, { agent_id: world.agent.id, title: "Long" });
    await say(thread.id, ...Array.from({ length: 30 }, (_, index) => `persimmon ${index}`));
    await world.database.query("TRUNCATE search_entries, search_progress");
    let calls = 0;
    let index = await catchUp({ ...parts(), maxBatches: 1 });
    expect(index.behind).toBeGreaterThan(0);
    while (index.behind > 0 && calls < 100) {
      calls += 1;
      // A write that is lost in mid-batch takes its mark with it.
      await world.database
        .transaction(async (transaction) => {
          await transaction.query("UPDATE search_progress SET position = 'zzz', done = true");
          throw new Error("died");
        })
        .catch(() => undefined);
      index = await catchUp({ ...parts(), maxBatches: 1 });
    }
    expect(index.behind).toBe(0);
    expect((await find("persimmon")).hits).toHaveLength(30);
  });

  test("answers while another process catches up, and says how far it is behind", async () => {
    await find("anything");
    const goal = await createGoal(world.parts, { text: "Polish the sextant", agent: world.agent.id });
    const other = await world.database.connect();
    try {
      await other.query(`BEGIN; SELECT pg_advisory_xact_lock(${CATCH_UP_LOCK})`);
      const { hits, index } = await find("sextant");
      expect(hits).toEqual([]);
      expect(index.behind).toBeGreaterThan(0);
    } finally {
      await other.end();
    }
    expect((await find("sextant", { kinds: ["goal"] })).hits.map((hit) => hit.id)).toEqual([goal.id]);
  });

  test("of several at once is caught up by one, and fails for none", async () => {
    await world.database.query("TRUNCATE search_entries, search_progress");
    const results = await Promise.all(Array.from({ length: 8 }, () => find("rhubarb")));
    expect(results.every((result) => Array.isArray(result.hits))).toBe(true);
    expect((await find("rhubarb")).hits).toHaveLength(25);
  });

  test("takes any text", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 60 }), async (q) => {
        expect(Array.isArray((await find(q)).hits)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test.each(SEARCH_KINDS.map((kind) => [kind]))("knows how to read each %s", async (kind: SearchKind) => {
    await world.database.query("DELETE FROM search_progress WHERE name = $1", [kind]);
    expect((await find(newId("goal"), { kinds: [kind] })).index.behind).toBe(0);
  });

  test("refuses a cursor that is not its own", async () => {
    await expect(find("x", { cursor: "bm9wZQ" })).rejects.toMatchObject({ code: "invalid" });
    const nul = Buffer.from(JSON.stringify([1, "a\0"])).toString("base64url");
    await expect(find("x", { cursor: nul })).rejects.toMatchObject({ code: "invalid" });
  });
});
