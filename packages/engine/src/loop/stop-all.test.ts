import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { createGoal } from "../commands/create-goal.ts";
import { decideInboxEntry } from "../commands/decide-entry.ts";
import { pauseAgent } from "../commands/pause-agent.ts";
import { pauseGoal } from "../commands/pause-goal.ts";
import { resumeAll } from "../commands/resume-all.ts";
import { resumeGoal } from "../commands/resume-goal.ts";
import { startRun } from "../commands/start-run.ts";
import { stopAll } from "../commands/stop-all.ts";
import { getGoal } from "../queries/goals.ts";
import { hey } from "../queries/inbox.ts";
import { getRun } from "../queries/runs.ts";
import { HALTED_SENTENCE } from "../store/halt.ts";
import { owner } from "../testing/factories.ts";
import type { ModelReply, ModelScript } from "../testing/model-server.ts";
import { driveAll, testWorld, until, type World, type WorldOptions } from "../testing/test-world.ts";

const RUNS = 200;
/** How soon a stop holds, whatever is at work. */
const STOPPED_WITHIN_MS = 1_000;
/** The same for 200 runs and the model they call in one process, on a machine that does other things too. */
const ALL_STOPPED_WITHIN_MS = 2_500;
/** Long enough for a call that should not begin to begin. */
const SETTLE_MS = 150;

let world: World;
afterEach(() => world.close());

async function open(script: ModelScript, options: WorldOptions = {}): Promise<void> {
  world = await testWorld(script, options);
}

const start = (text = "Go on") => startRun(world.commands, { text, agent: "writer" });
const startMany = (count: number) => Promise.all(Array.from({ length: count }, () => start()));
const list: ModelReply = { toolCalls: [{ name: "list_files", arguments: {} }] };
const answered = (request: { messages: { role: string }[] }) => request.messages.some(({ role }) => role === "tool");

/** No model call, tool call or check began since `moment`, and none is at work. */
async function expectQuiet(moment: number): Promise<void> {
  await delay(SETTLE_MS);
  // A request that was on its way may be taken in later, by a busy machine; none is without a step begun before.
  const begun = await world.database.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM steps WHERE kind = 'model_call' AND started_at <= $1",
    [new Date(moment)],
  );
  expect(world.model.count()).toBeLessThanOrEqual(begun.rows[0]!.count);
  const { rows } = await world.database.query(
    "SELECT kind, name FROM steps WHERE started_at > $1 OR status = 'running'",
    [new Date(moment)],
  );
  expect(rows).toEqual([]);
}

describe("stopping everything", () => {
  test("ends 200 runs at work within a second, and nothing begins after it answered", async () => {
    // Each run goes round between quick model calls and tool calls until it is stopped.
    await open(() => ({ ...list, eventDelayMs: 5 }));
    const runs = await startMany(RUNS);
    const driving = world.driveAll();
    await until(() => world.model.count() > RUNS, "all are at work");
    const given = Date.now();
    const reply = await stopAll(world.commands, "owner");
    const answeredAt = Date.now();
    expect(reply).toMatchObject({ halted: { by: "owner" }, runs: RUNS });
    expect(answeredAt - given).toBeLessThan(ALL_STOPPED_WITHIN_MS);
    await driving;
    await expectQuiet(answeredAt);
    for (const run of runs) {
      expect(await getRun(world.database, run.id)).toMatchObject({
        status: "waiting",
        waitReason: "paused",
        sentence: HALTED_SENTENCE,
      });
    }
  }, 30_000);

  test("ends a command that is running", async () => {
    await open([{ toolCalls: [{ name: "run_command", arguments: { command: "sleep 60" } }] }, "Done."]);
    const run = await start();
    const driving = world.driveAll();
    await until(async () => {
      const { rows } = await world.database.query("SELECT 1 FROM tool_calls WHERE status = 'running'");
      return rows.length > 0;
    }, "the command is running");
    const given = Date.now();
    expect(await stopAll(world.commands, "owner")).toMatchObject({ runs: 1, ending: 0 });
    expect(Date.now() - given).toBeLessThan(STOPPED_WITHIN_MS);
    await driving;
    await resumeAll(world.commands);
    await world.driveAll();
    expect(await getRun(world.database, run.id)).toMatchObject({ status: "completed" });
  });

  test("holds for runs that are taken up while it is given", async () => {
    await open((request) => (answered(request) ? "Done." : list));
    for (let round = 0; round < 8; round += 1) {
      const runs = await startMany(20);
      const driving = world.driveAll();
      await delay(round);
      await stopAll(world.commands, "owner");
      const at = Date.now();
      await driving;
      await expectQuiet(at);
      // Resumed while runs are being taken up: none of them may be left behind.
      const more = await startMany(20);
      const parking = world.driveAll();
      await delay(round);
      await resumeAll(world.commands);
      await parking;
      await world.driveAll();
      for (const run of [...runs, ...more]) {
        expect(await getRun(world.database, run.id)).toMatchObject({ status: "completed" });
      }
    }
  }, 30_000);

  test("holds in other processes: their next intent is refused", async () => {
    await open(() => ({ ...list, eventDelayMs: 5 }));
    await startMany(10);
    const other = world.restarted({ executorId: "other" });
    const driving = driveAll(other);
    await until(() => world.model.count() > 20, "the other process is at work");
    expect((await stopAll(world.commands, "owner")).ending).toBe(0);
    const at = Date.now();
    await driving;
    await expectQuiet(at);
  });

  test("twice names who was first", async () => {
    await open([]);
    await stopAll(world.commands, "owner");
    expect(await stopAll(world.commands, "other")).toMatchObject({ halted: { by: "owner" }, runs: 0 });
    expect(await hey(world.database)).toMatchObject({ halted: { by: "owner" } });
    await resumeAll(world.commands);
    const { rows } = await world.database.query("SELECT type, data->'halted'->>'by' AS by FROM events ORDER BY id");
    expect(rows).toEqual([
      { type: "everything.stopped", by: "owner" },
      { type: "everything.resumed", by: null },
    ]);
  });
});

describe("while everything is stopped", () => {
  test("a new run waits and says so, also after a restart", async () => {
    await open(["Done."]);
    await stopAll(world.commands, "owner");
    const run = await start();
    expect(run).toMatchObject({ status: "queued", sentence: HALTED_SENTENCE });
    await driveAll(world.restarted());
    expect(world.model.count()).toBe(0);
    expect(await getRun(world.database, run.id)).toMatchObject({ stepCount: 0, sentence: HALTED_SENTENCE });
    expect(await resumeAll(world.commands)).toMatchObject({ runs: 1 });
    await world.driveAll();
    expect(await getRun(world.database, run.id)).toMatchObject({ status: "completed" });
  });

  test("a goal keeps its status, and what a person paused stays paused after it", async () => {
    await open(() => "Done.");
    const spec = { brief: "Write", checks: [{ file: { path: "x.md" } }] };
    const goal = await createGoal(world.commands, { agent: "writer", name: "one", spec });
    const paused = await createGoal(world.commands, { agent: "writer", name: "two", spec });
    await pauseGoal(world.commands, paused.id);
    await stopAll(world.commands, "owner");
    await world.driveAll();
    expect(await getGoal(world.database, goal.id)).toMatchObject({ status: "active" });
    await resumeAll(world.commands);
    expect(await getGoal(world.database, paused.id)).toMatchObject({ status: "paused" });
    const { rows } = await world.database.query("SELECT goal_id FROM runs WHERE status = 'queued'");
    expect(rows).toEqual([{ goal_id: goal.id }]);
  });

  test("a goal that a person resumes begins nothing yet", async () => {
    await open(() => "Done.");
    const spec = { brief: "Write", checks: [{ file: { path: "x.md" } }] };
    const goal = await createGoal(world.commands, { agent: "writer", spec });
    await pauseGoal(world.commands, goal.id);
    await stopAll(world.commands, "owner");
    await resumeGoal(world.commands, goal.id);
    await world.driveAll();
    expect(world.model.count()).toBe(0);
    await resumeAll(world.commands);
    await world.driveAll();
    expect(world.model.count()).toBeGreaterThan(0);
  });

  test("a run at work that a person resumes at that moment stays stopped", async () => {
    await open(() => ({ ...list, eventDelayMs: 50, deltas: 50 }));
    const spec = { brief: "Write", checks: [{ file: { path: "x.md" } }] };
    const goal = await createGoal(world.commands, { agent: "writer", spec });
    const driving = world.driveAll();
    await until(() => world.model.count() === 1, "it is at work");
    const stopping = stopAll(world.commands, "owner");
    await pauseGoal(world.commands, goal.id);
    await resumeGoal(world.commands, goal.id);
    await stopping;
    await driving;
    await world.driveAll();
    expect(world.model.count()).toBe(1);
  });

  test("an approval is taken, and its call is made after the resume", async () => {
    await open([{ toolCalls: [{ name: "ask_person", arguments: { question: "Which?" } }] }, "Done."]);
    const run = await start();
    await world.driveAll();
    await stopAll(world.commands, "owner");
    const { rows } = await world.database.query("SELECT id FROM inbox WHERE status = 'pending'");
    await decideInboxEntry(world.commands, rows[0].id, { decision: "dismiss", by: owner() });
    await world.driveAll();
    expect(world.model.count()).toBe(1);
    await resumeAll(world.commands);
    await world.driveAll();
    expect(await getRun(world.database, run.id)).toMatchObject({ status: "completed" });
  });

  test("runs of an agent that was paused by itself wait on after the resume", async () => {
    await open(["Done."]);
    await pauseAgent(world.commands, "writer");
    const run = await start();
    await stopAll(world.commands, "owner");
    expect(await resumeAll(world.commands)).toMatchObject({ runs: 0 });
    await world.driveAll();
    expect(await getRun(world.database, run.id)).toMatchObject({ status: "waiting", waitReason: "paused" });
    expect(world.model.count()).toBe(0);
  });
});
