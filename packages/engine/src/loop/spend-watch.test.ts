import { newId, NO_USAGE } from "@bureau/protocol";
import { afterEach, describe, expect, test } from "vitest";
import { createGoal } from "../commands/create-goal.ts";
import { decideInboxEntry } from "../commands/decide-entry.ts";
import { holdSpending } from "../commands/hold-spending.ts";
import { startRun } from "../commands/start-run.ts";
import { getAgent } from "../queries/agents.ts";
import { getGoal } from "../queries/goals.ts";
import { listInbox } from "../queries/inbox.ts";
import { getRun } from "../queries/runs.ts";
import { readHalt } from "../store/halt.ts";
import { owner } from "../testing/factories.ts";
import type { ModelReply, ModelScript } from "../testing/model-server.ts";
import { fastClock, testWorld, type World } from "../testing/test-world.ts";
import { SpendWatch } from "./spend-watch.ts";

const WINDOW_MS = 10 * 60_000;

let world: World;
let watch: SpendWatch;
afterEach(() => world.close());

async function open(script: ModelScript): Promise<void> {
  const clock = fastClock();
  // In the middle of a stretch and of a minute, so that none ends while a test runs.
  clock.advance(WINDOW_MS * 1.05 - (clock.now() % WINDOW_MS));
  world = await testWorld(script, { clock });
  watch = new SpendWatch({
    reads: world.database,
    clock,
    hold: (held, title) => holdSpending(world.commands, held, title),
    log: (level, message) => {
      throw new Error(`${level}: ${message}`);
    },
  });
  world.parts.watch = watch;
}

/** Earlier stretches in which a run used so many tokens each. */
async function aPast(runId: string, tokens: readonly number[]): Promise<void> {
  const now = Math.floor(world.parts.clock.now() / WINDOW_MS) * WINDOW_MS;
  for (const [index, used] of tokens.entries()) {
    const at = new Date(now - (index + 1) * WINDOW_MS + 1_000);
    await world.database.query(
      `INSERT INTO steps (id, run_id, number, kind, status, turn, name, usage, started_at, ended_at)
       VALUES ($1, $2, $3, 'model_call', 'completed', 1, 'm', $4, $5, $5)`,
      [newId("step"), runId, 1_000 + index, JSON.stringify({ ...NO_USAGE, tokens: used }), at],
    );
  }
}

const asked = async () =>
  (await listInbox(world.database, { status: ["pending"], kind: ["budget"], limit: 10 })).entries;
const costly: ModelReply = {
  toolCalls: [{ name: "list_files", arguments: {} }],
  usage: { inputTokens: 200_000, outputTokens: 1_000 },
};
const spec = { brief: "Write", checks: [{ file: { path: "never.md" } }] };

async function driveAndJudge(): Promise<void> {
  await world.driveAll();
  await watch.judged();
}

describe("the watch over spending", () => {
  test("pauses a goal whose run spends far more than usual, and asks; yes lets it go on", async () => {
    await open(({ index }) =>
      index < 2 ? costly : { toolCalls: [{ name: "ask_person", arguments: { question: "?" } }] },
    );
    const goal = await createGoal(world.commands, { agent: "writer", spec });
    const { rows } = await world.database.query("SELECT id FROM runs");
    await aPast(rows[0].id, [10_000, 20_000, 30_000]);
    await driveAndJudge();
    const [entry, ...others] = await asked();
    expect(others).toEqual([]);
    expect(entry).toMatchObject({
      title: "A goal's run spent 402,000 tokens in ten minutes, usually 20,000 tokens. Go on?",
      detail: { held: { of: "goal", id: goal.id } },
    });
    expect(await getGoal(world.database, goal.id)).toMatchObject({
      status: "paused",
      sentence: expect.stringContaining("Paused: A goal's run spent 402,000 tokens"),
    });
    await decideInboxEntry(world.commands, entry!.id, { decision: "approve", by: owner() });
    expect((await getGoal(world.database, goal.id)).status).not.toBe("paused");
  });

  test("pauses an agent whose runs together do, when no run has a past of its own", async () => {
    await open(({ toolTurns }) => (toolTurns === 0 ? costly : "Done."));
    const past = await startRun(world.commands, { text: "Before", agent: "writer" });
    await world.database.query("UPDATE runs SET status = 'completed' WHERE id = $1", [past.id]);
    await aPast(past.id, [10_000, 20_000, 30_000]);
    for (let run = 0; run < 3; run += 1) await startRun(world.commands, { text: "Go", agent: "writer" });
    await driveAndJudge();
    const entries = await asked();
    expect(entries).toMatchObject([
      { title: expect.stringMatching(/^The agent writer spent/), detail: { held: { of: "agent" } } },
    ]);
    expect(await getAgent(world.database, "writer")).toMatchObject({ status: "paused" });
    expect(await readHalt(world.database)).toBe(null);
    await decideInboxEntry(world.commands, entries[0]!.id, { decision: "deny", by: owner() });
    expect(await getAgent(world.database, "writer")).toMatchObject({ status: "paused" });
  });

  test("leaves a first large run alone: there is nothing to compare it with", async () => {
    await open(({ index }) => (index < 4 ? costly : "Done."));
    const run = await startRun(world.commands, { text: "Go", agent: "writer" });
    await driveAndJudge();
    expect(await asked()).toEqual([]);
    expect(await getRun(world.database, run.id)).toMatchObject({ status: "completed" });
  });

  test("stops everything when only the whole workspace does, and goes on after a yes", async () => {
    await open(["Done."]);
    await holdSpending(world.commands, { of: "workspace", id: "" }, "The workspace spent a lot. Go on?");
    await holdSpending(world.commands, { of: "workspace", id: "" }, "The workspace spent a lot. Go on?");
    expect(await readHalt(world.database)).toMatchObject({ by: "the watch over spending" });
    const [entry, ...others] = await asked();
    expect(others).toEqual([]);
    await decideInboxEntry(world.commands, entry!.id, { decision: "dismiss", by: owner() });
    expect(await readHalt(world.database)).toBe(null);
  });

  test("pauses a goal that calls its model again and again for nothing", async () => {
    await open([]);
    const goal = await createGoal(world.commands, { agent: "writer", spec });
    const settled = {
      runId: "run_1",
      goalId: goal.id,
      agent: { id: world.agentId, name: "writer" },
      tokens: 1,
      micros: 0,
    };
    for (let call = 0; call < 30; call += 1) watch.settled({ ...settled, runId: `run_${call}`, idleCalls: 1 });
    await watch.judged();
    expect(await asked()).toEqual([]);
    watch.settled({ ...settled, idleCalls: 1 });
    await watch.judged();
    expect(await asked()).toMatchObject([{ title: expect.stringContaining("31 times in a minute") }]);
    expect(await getGoal(world.database, goal.id)).toMatchObject({ status: "paused" });
  });
});
