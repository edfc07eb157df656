import { expect } from "vitest";
import type { Clock } from "../clock.ts";
import { continueGoal } from "../commands/continue-goal.ts";
import { driveRun } from "../loop/drive-run.ts";
import { JournalWriter } from "../loop/journal-writer.ts";
import type { LoopParts } from "../loop/parts.ts";
import { policyReader } from "../loop/policy-view.ts";
import { Signals } from "../loop/signals.ts";
import type { PolicyRule } from "../domain/policy.ts";
import { type Database, patientReads } from "../store/database.ts";
import { lastSequence } from "../store/events.ts";
import { expectWhole, readStored, type Stored } from "./crash-invariants.ts";
import type { WatchedTools } from "./crash-points.ts";
import { type CrashScenario, fill } from "./crash-scenario.ts";
import type { CutMoment, CuttingProxy } from "./cutting-proxy.ts";
import type { TestEngine } from "./test-engine.ts";

const MAX_QUERIES = 400;
const MAX_VISITS = 10;
/** Ends a transaction, or writes and is one by itself. */
const COMMITS = /^\s*(COMMIT|WITH (input|held) )/;

/** An engine whose runs reach the database through a proxy; commands and checks of the test go past it. */
export interface OutageWorld {
  engine: TestEngine;
  watched: WatchedTools;
  proxy: CuttingProxy;
  /** The database by way of the proxy. */
  database: Database;
  clock: Clock;
  rules: readonly PolicyRule[];
}

/** The parts of one process whose database is reached through the proxy. */
export function partsOverProxy(
  { engine, database, rules, ...world }: OutageWorld,
  changes: Partial<LoopParts> = {},
): LoopParts {
  const clock = changes.clock ?? world.clock;
  const signals = new Signals();
  const reads = changes.reads ?? patientReads(database, { clock, signal: signals.stopped });
  return engine.restarted({
    clock,
    signals,
    reads,
    database,
    writer: new JournalWriter({ database, clock, signal: signals.stopped }),
    policy: policyReader(reads, clock, rules),
    continueGoal: (transaction, run) => continueGoal(engine.commands, transaction, run.goalId ?? ""),
    ...changes,
  });
}

/**
 * Does the work with no cut, then once for each of its queries with all connections dying at it, until none is left to
 * cut. Each time one process does it to the end: no drive rejects, and each run is taken up once for each time that it
 * could go on. Returns the texts of the queries that were cut.
 *
 * A query that is on its way is either carried out or not, so that is tried only where it makes a difference.
 */
export async function cutAtEveryQuery(
  world: OutageWorld,
  scenario: CrashScenario,
  moment: CutMoment,
): Promise<readonly string[]> {
  const { proxy } = world;
  world.engine.model.setScript((request) => scenario.script(request));
  const whole = await work(world, scenario, null, moment);
  const { texts } = proxy;
  const cutAt: string[] = [];
  for (let query = 1; ; query += 1) {
    expect(query, "the work ends").toBeLessThan(MAX_QUERIES);
    const text = texts[query - 1];
    if (moment === "meanwhile" && text !== undefined && !COMMITS.test(text)) continue;
    try {
      const cut = await work(world, scenario, query, moment);
      expect(summaryOf(cut), "what is stored at the end").toEqual(summaryOf(whole));
    } catch (error) {
      if (error instanceof Error) {
        error.message = `Cut ${moment} query ${query} (${proxy.cutAt?.text.slice(0, 90)}): ${error.message}`;
      }
      throw error;
    }
    if (proxy.cutAt === null) return cutAt;
    cutAt.push(proxy.cutAt.text);
  }
}

interface Worked {
  stored: Stored;
  drives: number;
}

async function work(
  world: OutageWorld,
  scenario: CrashScenario,
  query: number | null,
  moment: CutMoment,
): Promise<Worked> {
  const { engine, watched, proxy } = world;
  await fill(engine.folder, scenario.files ?? {});
  watched.executions.clear();
  const afterSeq = await lastSequence(engine.database);
  const { threadId } = await scenario.start();
  const parts = partsOverProxy(world, scenario.parts?.(engine.parts.models));
  proxy.cut(query === null ? null : ({ number }) => number === query, moment, 1);
  const drives = await driveThrough(world, scenario, parts, threadId);
  await parts.sandbox.close();
  const stored = await readStored(engine.database, threadId, afterSeq);
  await expectWhole(engine.database, stored, afterSeq, scenario);
  for (const call of stored.calls.filter(({ startedAt }) => startedAt !== null)) {
    expect(watched.executions.get(call.id) ?? 0, `executions of ${call.name}`).toBeLessThanOrEqual(1);
  }
  await scenario.check(stored);
  return { stored, drives };
}

/** Takes up what can go on, as a dispatcher would, and never a run that somebody should be driving. */
async function driveThrough(
  { engine }: OutageWorld,
  scenario: CrashScenario,
  parts: LoopParts,
  threadId: string,
): Promise<number> {
  for (let drives = 0; drives < MAX_VISITS;) {
    const { rows } = await engine.database.query(
      "SELECT id, dispatch, status FROM runs WHERE thread_id = $1 AND status IN ('queued', 'running')",
      [threadId],
    );
    const run = rows[0];
    if (run) {
      expect(run.status, "a run that nobody drives").toBe("queued");
      drives += 1;
      await driveRun(parts, run.id, run.dispatch);
    } else if (!(await scenario.person?.(threadId))) return drives;
  }
  throw new Error(`The work still went on after ${MAX_VISITS} visits.`);
}

/** What an outage must not change: each step, call and item once, and how often runs were taken up. */
function summaryOf({ stored, drives }: Worked): unknown {
  return {
    drives,
    runs: stored.runs.map(({ status, outcome, stepCount }) => `${status} ${outcome} ${stepCount}`),
    steps: stored.steps.map(({ kind, name, status }) => `${kind} ${name} ${status}`),
    calls: stored.calls.map(({ name, status }) => `${name} ${status}`),
    items: stored.items.map(({ content }) => content.type),
  };
}
