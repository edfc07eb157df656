import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { systemClock } from "../clock.ts";
import { continueGoal } from "../commands/continue-goal.ts";
import { JournalWriter } from "../loop/journal-writer.ts";
import type { LoopParts } from "../loop/parts.ts";
import type { Models } from "../models/model.ts";
import { createModels } from "../models/models.ts";
import type { Database } from "../store/database.ts";
import { lastSequence } from "../store/events.ts";
import { expectWhole, readStored, type Stored } from "./crash-invariants.ts";
import { crashingDatabase, type CrashPoint, type WatchedTools } from "./crash-points.ts";
import type { ModelReply, ScriptRequest } from "./model-reply.ts";
import { runUntilIdle, type TestEngine } from "./test-engine.ts";

const MAX_WRITES = 200;
const MAX_VISITS = 10;
const MOMENTS = ["before", "after"] as const;

/** A piece of work that is done again for each write, with the process dying there. */
export interface CrashScenario {
  /** Answers by the conversation alone, so that a call that is made again gets the same answer. */
  script: (request: ScriptRequest) => ModelReply | string;
  /** Files of the agent's folder, which is emptied each time. */
  files?: Record<string, string>;
  start(): Promise<{ threadId: string }>;
  /** What a person does while the work waits. Returns false when there is nothing to do. */
  person?(threadId: string): Promise<boolean>;
  parts?(models: Models): Partial<LoopParts>;
  /** Set when a judge is asked. */
  judged?: true;
  /** Set when a step that is made again changes how many model calls the rest takes. */
  varies?: true;
  /** What must be true at the end, besides that nothing is lost, left open or done twice. */
  check(stored: Stored): void | Promise<void>;
}

/**
 * Does the work without a crash, then once for each of its writes with a crash before it, and once after.
 * Returns at how many points the process died.
 */
export async function crashAtEveryWrite(
  engine: TestEngine,
  watched: WatchedTools,
  scenario: CrashScenario,
): Promise<number> {
  engine.model.setScript((request) => scenario.script(request));
  const whole = await work(engine, watched, scenario, null);
  let died = 0;
  for (const moment of MOMENTS) {
    for (let write = 1; ; write += 1) {
      expect(write, "the work ends").toBeLessThan(MAX_WRITES);
      const crashed = await workWith(engine, watched, scenario, { moment, write });
      if (!scenario.varies) expect(answers(crashed.stored), "completed model calls").toBe(answers(whole.stored));
      if (!crashed.reached) break;
      died += 1;
    }
  }
  return died;
}

/** Two deaths, the second in the process that came after the first. */
export async function crashTwice(
  engine: TestEngine,
  watched: WatchedTools,
  scenario: CrashScenario,
  first: CrashPoint,
  second: CrashPoint,
): Promise<void> {
  engine.model.setScript((request) => scenario.script(request));
  await workWith(engine, watched, scenario, first, second);
}

async function workWith(
  engine: TestEngine,
  watched: WatchedTools,
  scenario: CrashScenario,
  ...points: CrashPoint[]
): Promise<Worked> {
  const places = points.map((point) => `${point.moment} write ${point.write}`).join(", then ");
  try {
    return await work(engine, watched, scenario, ...points);
  } catch (error) {
    if (error instanceof Error) error.message = `Died ${places}: ${error.message}`;
    throw error;
  }
}

interface Worked {
  stored: Stored;
  /** Whether the first point was reached. */
  reached: boolean;
}

async function work(
  engine: TestEngine,
  watched: WatchedTools,
  scenario: CrashScenario,
  ...points: (CrashPoint | null)[]
): Promise<Worked> {
  await fill(engine.folder, scenario.files ?? {});
  watched.executions.clear();
  const afterSeq = await lastSequence(engine.database);
  const { threadId } = await scenario.start();
  const processes = startProcesses(engine, scenario);
  let reached = false;
  try {
    for (const point of points) {
      if (point === null) continue;
      const crash = crashingDatabase(engine.database, point);
      await Promise.race([drive(engine, scenario, threadId, () => processes.start(crash.database)), crash.died]);
      if (!crash.isDead()) break;
      reached = true;
      await watched.idle();
    }
    const settled = await endedCalls(engine.database, threadId);
    const before = new Map(watched.executions);
    await drive(engine, scenario, threadId, () => processes.start(engine.database));
    for (const id of settled) {
      expect(watched.executions.get(id), "executions of a call whose outcome is stored").toBe(before.get(id));
    }
  } finally {
    await processes.end();
  }
  const stored = await readStored(engine.database, threadId, afterSeq);
  await expectWhole(engine.database, stored, afterSeq, scenario);
  for (const call of stored.calls) {
    const executions = watched.executions.get(call.id) ?? 0;
    if (!call.idempotent) expect(executions, `executions of ${call.name}`).toBeLessThanOrEqual(1);
  }
  await scenario.check(stored);
  return { stored, reached };
}

/** Processes one after another: each has nothing of the one before. */
function startProcesses(engine: TestEngine, scenario: CrashScenario) {
  const ends: (() => Promise<void> | void)[] = [];
  return {
    start(database: Database): LoopParts {
      const models = createModels({
        default: "test/scripted",
        providers: { test: { kind: "openai-compatible", baseUrl: engine.model.openaiUrl, apiKey: "none" } },
      });
      const parts = engine.restarted({
        reads: database,
        database,
        writer: new JournalWriter({ database, clock: systemClock }),
        continueGoal: (transaction, run) => continueGoal(engine.commands, transaction, run.goalId ?? ""),
        models,
        ...scenario.parts?.(models),
      });
      ends.push(
        () => parts.sandbox.close(),
        () => models.close(),
      );
      return parts;
    },
    end: async () => {
      for (const end of ends) await end();
    },
  };
}

/** Until the work is over; a process is replaced when its run has waited for a time to come. */
async function drive(
  engine: TestEngine,
  scenario: CrashScenario,
  threadId: string,
  startProcess: () => LoopParts,
): Promise<void> {
  let parts = startProcess();
  for (let visit = 0; visit < MAX_VISITS; visit += 1) {
    await runUntilIdle(parts);
    if (await comesDue(engine.database, threadId)) parts = startProcess();
    else if (!(await scenario.person?.(threadId))) return;
  }
  throw new Error(`The work still waited after ${MAX_VISITS} visits.`);
}

/** Moves the time of a run that waits for it, in place of waiting. */
async function comesDue(database: Database, threadId: string): Promise<boolean> {
  const { rowCount } = await database.query(
    `UPDATE runs SET wait_until = now() WHERE thread_id = $1 AND status = 'waiting' AND wait_reason = 'timer'`,
    [threadId],
  );
  return (rowCount ?? 0) > 0;
}

async function endedCalls(database: Database, threadId: string): Promise<string[]> {
  const { rows } = await database.query(
    "SELECT c.id FROM tool_calls c JOIN runs r ON r.id = c.run_id WHERE r.thread_id = $1 AND c.ended_at IS NOT NULL",
    [threadId],
  );
  return rows.map((row) => row.id as string);
}

function answers({ steps }: Stored): number {
  return steps.filter((step) => step.kind === "model_call" && step.status === "completed").length;
}

/** Empties the folder and puts these files into it. */
export async function fill(folder: string, files: Record<string, string>): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries({ "AGENTS.md": "You write reports.\n", ...files })) {
    await writeFile(join(folder, name), text);
  }
}
