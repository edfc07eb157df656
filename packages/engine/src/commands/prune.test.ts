import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../clock.ts";
import { openBlobs, type Blobs } from "../store/blobs.ts";
import { appendEvents } from "../store/events.ts";
import { aRun, aToolCall, testCommands, type TestCommands } from "../testing/factories.ts";
import { addItems, change } from "./change.ts";
import { prune } from "./prune.ts";

const DAY_MS = 24 * 60 * 60_000;

let world: TestCommands;
let blobs: Blobs;
let folder: string;

beforeAll(async () => {
  world = await testCommands();
  folder = await mkdtemp(join(tmpdir(), "bureau-prune-"));
  blobs = openBlobs({ folder });
});
afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

/** The same moment for the whole test, `days` ahead. */
const inDays = (days: number) => ({ ...systemClock, now: () => systemClock.now() + days * DAY_MS });

async function count(statement: string): Promise<number> {
  return Number((await world.database.query(`SELECT count(*) AS count FROM ${statement}`)).rows[0].count);
}

test("removes the journal of runs that ended long ago and keeps threads, open runs and blobs in use", async () => {
  const over = await aRun(world.database, {
    agent_id: world.agent.id,
    status: "completed",
    ended_at: new Date(systemClock.now()),
  });
  const open = await aRun(world.database, { agent_id: world.agent.id });
  for (const run of [over, open]) {
    await aToolCall(world.database, run, { status: "completed" });
    await world.database.query(
      `INSERT INTO steps (id, run_id, number, kind, status, turn, name, started_at)
       VALUES ('step_' || $1, $1, 1, 'model_call', 'completed', 1, 'x', now())`,
      [run.id],
    );
    await appendEvents(world.database, [{ type: "run.started", runId: run.id, data: {} }]);
  }
  const used = await blobs.put("named by an item");
  const unused = await blobs.put("named by nothing");
  const context = await blobs.put("what a run was told");
  await world.database.query("UPDATE runs SET context_hash = $1", [context]);
  await change(world.parts, (change) =>
    addItems(change, over.thread_id, [
      {
        content: { type: "message", role: "agent", text: "named", blob: { hash: used, bytes: 16 } },
        runId: over.id,
        turn: 1,
      },
    ]),
  );

  const early = await prune({ database: world.database, clock: systemClock, blobs });
  expect(early).toEqual({ steps: 0, toolCalls: 0, events: 0, dispatches: 0, blobs: 0, more: false });

  const late = await prune({ database: world.database, clock: inDays(91), blobs });
  expect(late).toMatchObject({ steps: 1, toolCalls: 1, events: 2, blobs: 1, more: false });
  expect(await count(`steps WHERE run_id = '${open.id}'`)).toBe(1);
  expect(await count(`tool_calls WHERE run_id = '${open.id}'`)).toBe(1);
  expect(await count(`events WHERE run_id = '${open.id}'`)).toBe(1);
  expect(await count("items")).toBe(1);
  expect(await count("runs")).toBe(2);
  await expect(blobs.get(used)).resolves.toBeDefined();
  await expect(blobs.get(context)).resolves.toBeDefined();
  await expect(blobs.get(unused)).rejects.toMatchObject({ code: "not_found" });
});

test("removes the dispatcher's finished rows after a day and leaves those at work", async () => {
  await world.database.query("CREATE SCHEMA dbos");
  await world.database.query("CREATE TABLE dbos.workflow_status (workflow_uuid text, status text, updated_at bigint)");
  await world.database.query(
    "INSERT INTO dbos.workflow_status VALUES ('a', 'SUCCESS', $1), ('b', 'PENDING', $1), ('c', 'SUCCESS', $2)",
    [systemClock.now() - 2 * DAY_MS, systemClock.now()],
  );
  expect(await prune({ database: world.database, clock: systemClock })).toMatchObject({ dispatches: 1, blobs: 0 });
  expect(await count("dbos.workflow_status")).toBe(2);
});
