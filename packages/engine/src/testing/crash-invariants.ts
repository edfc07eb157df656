import {
  applyEvents,
  EMPTY_VIEW,
  type BureauEvent,
  type Item,
  type Run,
  type Step,
  type ToolCall,
} from "@bureau/protocol";
import { expect } from "vitest";
import { createModelInput, modelMessages } from "../domain/model-input.ts";
import { getGoal } from "../queries/goals.ts";
import { getRun, listSteps, listToolCalls } from "../queries/runs.ts";
import { listItems } from "../queries/threads.ts";
import type { Database } from "../store/database.ts";
import { eventsAfter, lastSequence } from "../store/events.ts";

const ALL = 1_000;
const TERMINAL_CALLS = ["completed", "failed", "denied", "interrupted", "canceled"];

/** Everything that is stored of a thread's runs. */
export interface Stored {
  runs: Run[];
  steps: Step[];
  calls: ToolCall[];
  items: Item[];
  events: BureauEvent[];
}

export async function readStored(database: Database, threadId: string, afterSeq: number): Promise<Stored> {
  const { rows } = await database.query("SELECT id FROM runs WHERE thread_id = $1 ORDER BY id", [threadId]);
  const ids = rows.map((row) => row.id as string);
  const steps = await Promise.all(ids.map((id) => listSteps(database, id, { after: 0, limit: ALL })));
  const calls = await Promise.all(ids.map((id) => listToolCalls(database, id, { after: 0, limit: ALL })));
  return {
    runs: await Promise.all(ids.map((id) => getRun(database, id))),
    steps: steps.flatMap((part) => part.steps),
    calls: calls.flatMap((part) => part.toolCalls),
    items: (await listItems(database, threadId, { after: 0, limit: ALL })).items,
    events: await eventsAfter(database, afterSeq, ALL),
  };
}

/**
 * What holds of runs that are over, wherever a process died on the way. Throws the assertion that does not.
 * `judged`: a judge was asked, which the run is charged for and no step tells of.
 */
export async function expectWhole(
  database: Database,
  stored: Stored,
  afterSeq: number,
  { judged = false }: { judged?: boolean } = {},
): Promise<void> {
  expectThread(stored.items);
  expectSteps(stored);
  if (!judged) expectCharges(stored);
  await expectEvents(database, stored, afterSeq);
  await expectLedger(database, stored);
  for (const goalId of new Set(stored.runs.map((run) => run.goalId))) {
    if (goalId !== null) await expectNothingReserved(database, goalId);
  }
}

/** Positions without gaps, and to each call one result, before the agent speaks again. */
function expectThread(items: Item[]): void {
  expect(items.map((item) => item.position)).toEqual(items.map((_, index) => index + 1));
  const open = new Map<string, string | null>();
  const answered = new Set<string>();
  for (const { content, stepId } of items) {
    if (content.type === "tool_result") {
      expect(open.delete(content.toolCallId), `a call before the result of ${content.toolCallId}`).toBe(true);
      expect(answered.has(content.toolCallId)).toBe(false);
      answered.add(content.toolCallId);
    } else if (content.type === "tool_call") {
      for (const askedBy of open.values()) expect(askedBy, "calls of one answer").toBe(stepId);
      open.set(content.toolCallId, stepId);
    } else if (content.type === "message" && content.role === "agent") {
      for (const askedBy of open.values()) expect(askedBy, "no call open when the agent speaks").toBe(stepId);
    }
  }
  expect([...open.keys()], "calls without a result").toEqual([]);
  expectMessages(items);
}

/** The same of what a provider is sent: it refuses a call without its result, and a result without its call. */
function expectMessages(items: Item[]): void {
  const messages = modelMessages(createModelInput(items));
  expect(JSON.stringify(messages)).not.toContain("No result was recorded for this call");
  messages.forEach((message, index) => {
    if (message.role === "assistant") {
      const asked = message.content.flatMap((part) => (part.type === "tool-call" ? [part.toolCallId] : []));
      if (asked.length === 0) return;
      const next = messages[index + 1];
      expect(next?.role).toBe("tool");
      expect(resultIds(next?.content).toSorted()).toEqual(asked.toSorted());
    } else if (message.role === "tool") {
      expect(messages[index - 1]?.role, "results follow their calls").toBe("assistant");
    }
  });
}

function resultIds(content: unknown): string[] {
  return (content as { toolCallId: string }[]).map((part) => part.toolCallId);
}

/** No step left open, numbers without gaps, each call executed under one step only. */
function expectSteps({ runs, steps, calls }: Stored): void {
  for (const run of runs) {
    const own = steps.filter((step) => step.runId === run.id);
    expect(own.map((step) => step.number)).toEqual(own.map((_, index) => index + 1));
    expect(run.stepCount).toBe(own.length);
    expect(own.filter((step) => step.status === "running" || step.endedAt === null)).toEqual([]);
    const begun = calls.filter((call) => call.runId === run.id && call.stepId !== null);
    expect(
      own
        .filter((step) => step.kind === "tool_call")
        .map((step) => step.id)
        .toSorted(),
    ).toEqual(begun.map((call) => String(call.stepId)).toSorted());
  }
  expect(calls.filter((call) => !TERMINAL_CALLS.includes(call.status))).toEqual([]);
}

/** What was used is the sum of what the providers counted, each call once. */
function expectCharges({ runs, steps }: Stored): void {
  for (const run of runs) {
    const counted = steps.filter((step) => step.runId === run.id && step.usage !== null);
    expect(run.usage.modelCalls).toBe(counted.length);
    const sum = (key: "inputTokens" | "outputTokens" | "micros") =>
      counted.reduce((total, step) => total + (step.usage?.[key] ?? 0), 0);
    expect([run.usage.inputTokens, run.usage.outputTokens, run.usage.micros]).toEqual([
      sum("inputTokens"),
      sum("outputTokens"),
      sum("micros"),
    ]);
  }
}

/** Sequence numbers without gaps, and a reader of the events knows what the tables hold. */
async function expectEvents(database: Database, stored: Stored, afterSeq: number): Promise<void> {
  const { runs, steps, calls, items, events } = stored;
  expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => afterSeq + index + 1));
  expect(events.at(-1)?.seq).toBe(await lastSequence(database));
  const view = applyEvents({ ...EMPTY_VIEW, lastSeq: afterSeq }, events);
  for (const run of runs) expect(runFacts(view.runs[run.id])).toEqual(runFacts(run));
  for (const step of steps.filter(({ kind }) => kind !== "tool_call")) {
    expect(stepFacts(view.steps[step.id])).toEqual(stepFacts(step));
  }
  for (const call of calls.filter(({ startedAt }) => startedAt !== null)) {
    expect(callFacts(view.toolCalls[call.id])).toEqual(callFacts(call));
  }
  const threadId = runs[0]?.threadId ?? "";
  expect(view.items[threadId]?.map((item) => item.id)).toEqual(items.map((item) => item.id));
  for (const goalId of new Set(runs.flatMap((run) => run.goalId ?? []))) {
    const goal = await getGoal(database, goalId);
    const seen = view.goals[goalId];
    expect([seen?.status, seen?.version, seen?.sentence, seen?.usage]).toEqual([
      goal.status,
      goal.version,
      goal.sentence,
      goal.usage,
    ]);
  }
  const { rows } = await database.query("SELECT id, kind, status FROM inbox WHERE thread_id = $1 ORDER BY id", [
    threadId,
  ]);
  expect(rows.map((row) => view.inbox[row.id]?.status)).toEqual(rows.map((row) => row.status));
  expect(rows.filter((row) => row.status === "pending" && !LEFT_TO_A_PERSON.includes(row.kind))).toEqual([]);
}

/** Entries that wait for a person when all work is over. */
const LEFT_TO_A_PERSON = ["stopped", "failed_run", "budget", "unknown_effect"];

/** The ledger says of each write outside what its call says, each intent once, and asks about each unknown one. */
async function expectLedger(database: Database, { calls }: Stored): Promise<void> {
  const outside = calls.filter((call) => call.effect === "write_outside" && call.startedAt !== null);
  const { rows } = await database.query(
    `SELECT e.tool_call_id, e.key, e.status, (SELECT count(*)::int FROM inbox i WHERE i.kind = 'unknown_effect'
       AND i.tool_call_id = e.tool_call_id) AS asked FROM effects e WHERE e.tool_call_id = ANY($1)`,
    [outside.map((call) => call.id)],
  );
  const effects = new Map(rows.map((row) => [row.tool_call_id, row]));
  const after = { completed: "done", failed: "failed", canceled: "failed", interrupted: "unknown" };
  for (const call of outside) {
    expect(effects.get(call.id)?.status).toBe(after[call.status as keyof typeof after]);
    expect(effects.get(call.id)?.asked).toBe(call.status === "interrupted" ? 1 : 0);
  }
  const taken = rows.filter((row) => row.status !== "failed").map((row) => row.key);
  expect(new Set(taken).size).toBe(taken.length);
}

function runFacts(run: Run | undefined): unknown {
  if (!run) return "the events know no such run";
  const { status, waitReason, outcome, failure, sentence, usage, endedAt } = run;
  return { status, waitReason, outcome, failure, sentence, usage, isOver: endedAt !== null };
}

function stepFacts(step: Step | undefined): unknown {
  if (!step) return "the events know no such step";
  const { status, kind, number, name, turn, endedAt } = step;
  return { status, kind, number, name, turn, isOver: endedAt !== null };
}

function callFacts(call: ToolCall | undefined): unknown {
  if (!call) return "the events know no such call";
  const { status, name, effect, idempotent, endedAt } = call;
  return { status, name, effect, idempotent, isOver: endedAt !== undefined && endedAt !== null };
}

async function expectNothingReserved(database: Database, goalId: string): Promise<void> {
  const { rows } = await database.query(
    `SELECT g.reserved_tokens::int + g.reserved_micros::int AS goal,
       (SELECT coalesce(sum(s.reserved_tokens + s.reserved_micros), 0)::int FROM steps s JOIN runs r ON r.id = s.run_id
        WHERE r.goal_id = g.id) AS steps FROM goals g WHERE id = $1`,
    [goalId],
  );
  expect(rows[0]).toEqual({ goal: 0, steps: 0 });
}
