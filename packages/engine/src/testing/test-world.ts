import { expect } from "vitest";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock, type Clock } from "../clock.ts";
import { continueGoal } from "../commands/continue-goal.ts";
import type { CommandParts } from "../commands/parts.ts";
import { driveRun } from "../loop/drive-run.ts";
import type { LoopParts } from "../loop/parts.ts";
import { createModels } from "../models/models.ts";
import type { ModelSettings } from "../models/settings.ts";
import type { ModelScript, RecordedRequest } from "./model-server.ts";
import { testEngine, type TestEngine, type TestEngineOptions } from "./test-engine.ts";

const MAX_DRIVES = 2_000;
const UNTIL_LIMIT_MS = 10_000;
const UNTIL_STEP_MS = 5;

export interface WorldOptions extends Omit<TestEngineOptions, "script"> {
  /** Settings of the models, given the scripted server's address. */
  models?: (url: string) => Partial<ModelSettings>;
  clock?: Clock;
}

/** An engine whose runs are driven side by side, as a dispatcher would: timed waits are over at once. */
export interface World extends TestEngine {
  /** Drives every run that can go on until all wait for a person or are over. */
  driveAll(): Promise<void>;
}

export async function testWorld(script: ModelScript, options: WorldOptions = {}): Promise<World> {
  const { models: settings, clock = systemClock, ...rest } = options;
  const engine = await testEngine({ ...rest, script });
  const models = createModels(
    {
      default: "test/scripted",
      providers: { test: { kind: "openai-compatible", baseUrl: engine.model.openaiUrl, apiKey: "none" } },
      ...settings?.(engine.model.openaiUrl),
    },
    clock,
  );
  const commands: CommandParts = { ...engine.commands, clock };
  const parts: LoopParts = {
    ...engine.parts,
    models,
    clock,
    continueGoal: (transaction, run) => continueGoal(commands, transaction, run.goalId!),
    ...rest.parts,
  };
  return {
    ...engine,
    parts,
    commands,
    runUntilIdle: () => driveAll(parts),
    driveAll: () => driveAll(parts),
    // Clock and models as here, but nothing else that is in memory.
    restarted: (changes) =>
      engine.restarted({ models, clock, continueGoal: parts.continueGoal, limits: parts.limits, ...changes }),
    close: async () => {
      models.close();
      await engine.close();
    },
  };
}

/** Drives runs side by side. A timed wait is taken to be over: its clock is one that tests move. */
export async function driveAll(parts: LoopParts): Promise<void> {
  const atWork = new Map<string, Promise<void>>();
  for (let drives = 0; drives < MAX_DRIVES;) {
    const { rows } = await parts.reads.query(
      `SELECT id, dispatch, wait_until FROM runs WHERE status IN ('queued', 'running') OR (status = 'waiting' AND wait_reason = 'timer')
       ORDER BY priority, created_at`,
    );
    for (const run of rows) {
      if (atWork.has(run.id)) continue;
      drives += 1;
      const until = run.wait_until === null ? 0 : (run.wait_until as Date).getTime() - parts.clock.now();
      const driving = (until > 0 ? parts.clock.sleep(until) : Promise.resolve())
        .then(() => driveRun(parts, run.id, run.dispatch))
        .finally(() => atWork.delete(run.id));
      atWork.set(run.id, driving);
    }
    if (atWork.size === 0) return;
    await Promise.race(atWork.values());
  }
  throw new Error(`Runs were still at work after they were taken up ${MAX_DRIVES} times.`);
}

/** A clock on which every sleep is over at once, and which can be moved. */
export interface FastClock extends Clock {
  advance(ms: number): void;
  /** What was slept for, in milliseconds. */
  slept: number[];
}

export function fastClock(): FastClock {
  let ahead = 0;
  const slept: number[] = [];
  return {
    now: () => Date.now() + ahead,
    advance: (ms) => void (ahead += ms),
    slept,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      ahead += ms;
      await delay(0);
    },
  };
}

/** Resolves once `condition` holds, and fails when it does not within ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + UNTIL_LIMIT_MS;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`It did not come to this: ${what}.`);
    await delay(UNTIL_STEP_MS);
  }
}

/** A promise that a test settles. */
export function gate<T = void>(): { open: (value: T) => void; passed: Promise<T> } {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { open: resolve, passed: promise };
}

interface SentMessage {
  role: string;
  content?: unknown;
  tool_calls?: { id: string }[];
  tool_call_id?: string;
}

/** The messages of a request as they were sent. */
export function sentMessages(request: RecordedRequest): SentMessage[] {
  return (JSON.parse(request.raw) as { messages: SentMessage[] }).messages;
}

/** The system prompt of a request. */
export function systemOf(request: RecordedRequest): string {
  return String(sentMessages(request)[0]!.content);
}

/** Every call in a request is answered right after it and once, as providers demand. */
export function expectWellFormed(request: RecordedRequest): void {
  let open = new Set<string>();
  for (const message of sentMessages(request)) {
    if (message.role === "tool") {
      expect(open.delete(message.tool_call_id ?? ""), `an answer without its call: ${message.tool_call_id}`).toBe(true);
      continue;
    }
    expect([...open], "calls without an answer").toEqual([]);
    open = new Set((message.tool_calls ?? []).map((call) => call.id));
  }
  expect([...open], "calls without an answer at the end").toEqual([]);
}

/** What watchers were told of a goal, oldest first. */
export async function goalUpdates(
  world: Pick<TestEngine, "database">,
  goalId: string,
): Promise<{ runId: string | null; status?: string; tokens?: number; data: Record<string, unknown> }[]> {
  const { rows } = await world.database.query(
    "SELECT run_id, data FROM events WHERE goal_id = $1 AND type = 'goal.updated' ORDER BY id",
    [goalId],
  );
  return rows.map(({ run_id, data }) => ({
    runId: run_id,
    status: data.goal.status,
    tokens: data.goal.usage?.tokens,
    data,
  }));
}
