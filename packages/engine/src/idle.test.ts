import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NO_USAGE } from "@bureau/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Clock, systemClock } from "./clock.ts";
import { type Engine, startEngine } from "./engine.ts";
import { createModels } from "./models/models.ts";
import { createSandbox } from "./sandbox/create-sandbox.ts";
import { A_SPEC, anAgent } from "./testing/factories.ts";
import { type ModelServer, startModelServer } from "./testing/model-server.ts";
import { testDatabase, type TestDatabase } from "./testing/test-database.ts";
import { builtInTools } from "./tools/registry.ts";

const GOALS = 1_000;
const HOUR_MS = 60 * 60_000;

let database: TestDatabase;
let model: ModelServer;
let engine: Engine;
let workspace: string;
let ahead = 0;
const clock: Clock = { now: () => systemClock.now() + ahead, sleep: systemClock.sleep };

beforeAll(async () => {
  database = await testDatabase();
  workspace = await realpath(await mkdtemp(join(tmpdir(), "bureau-idle-")));
  model = await startModelServer({ script: () => "Done." });
  const agent = await anAgent(database, { folder: workspace, name: "home" });
  await addWaitingGoals(agent.id);
  engine = await startEngine({
    database,
    workspace,
    stateFolder: join(workspace, ".bureau"),
    models: createModels({
      default: "test/scripted",
      providers: { test: { kind: "openai-compatible", baseUrl: model.openaiUrl, apiKey: "none" } },
    }),
    sandbox: createSandbox({ stateFolder: join(workspace, ".bureau", "commands"), clock }),
    tools: builtInTools(),
    clock,
    log: () => undefined,
  });
}, 60_000);

afterAll(async () => {
  await engine.stop();
  await model.close();
  await database.drop();
  await rm(workspace, { recursive: true, force: true });
});

/** Each with a run that waits for a person, in one of the four ways. */
async function addWaitingGoals(agentId: string): Promise<void> {
  await database.query(
    `WITH n AS (
       SELECT i, 'thr_idle' || i AS thread, 'goal_idle' || i AS goal, 'run_idle' || i AS run,
         (ARRAY['approval', 'question', 'sign_off', 'paused'])[1 + i % 4] AS reason
       FROM generate_series(1, ${GOALS}) AS i
     ), threads AS (
       INSERT INTO threads (id, agent_id, title, status, item_count) SELECT thread, $1, 'T', 'open', 1 FROM n
     ), goals AS (
       INSERT INTO goals (id, name, agent_id, thread_id, kind, status, spec, usage)
       SELECT goal, 'idle-' || i, $1, thread, 'finish', CASE reason WHEN 'paused' THEN 'paused' ELSE 'waiting' END, $2, $3
       FROM n
     ), items AS (
       INSERT INTO items (id, thread_id, run_id, position, type, content, created_at)
       SELECT 'item_idle' || i, thread, run, 1, 'message', '{"type": "message", "role": "person", "text": "Go"}', now()
       FROM n
     ), runs AS (
       INSERT INTO runs (id, thread_id, agent_id, goal_id, goal_version, status, trigger, dispatch, wait_reason,
         pause_requested, usage)
       SELECT run, thread, $1, goal, 1, 'waiting', 'goal', 1, reason, reason = 'paused', $3 FROM n
     )
     INSERT INTO inbox (id, kind, status, agent_id, goal_id, goal_version, run_id, thread_id, title)
     SELECT 'note_idle' || i, reason, 'pending', $1, goal, 1, run, thread, 'Waits' FROM n WHERE reason <> 'paused'`,
    [agentId, JSON.stringify(A_SPEC), JSON.stringify(NO_USAGE)],
  );
}

test("a thousand goals that wait make no model call in a day", async () => {
  for (let hour = 0; hour < 24; hour += 1) {
    ahead += HOUR_MS;
    engine.commands.dispatcher.kick();
    await engine.prune();
  }
  expect(model.count()).toBe(0);
  // The engine is not asleep: what is asked of it now is done, and nothing else was.
  const run = await engine.startRun({ text: "Say something" });
  await expect.poll(async () => (await engine.getRun(run.id)).status, { timeout: 10_000 }).toBe("completed");
  expect(model.count()).toBe(1);
  const { rows } = await database.query(
    "SELECT status, count(*)::int AS count, max(epoch) AS epoch FROM runs WHERE goal_id IS NOT NULL GROUP BY status",
  );
  expect(rows).toEqual([{ status: "waiting", count: GOALS, epoch: 0 }]);
}, 60_000);
