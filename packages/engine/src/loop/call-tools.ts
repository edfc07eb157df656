import type { ItemContent, ToolCallStatus } from "@bureau/protocol";
import { timeText } from "../clock.ts";
import { callSignature, REPEAT_WINDOW, repeatedCalls } from "../domain/progress.ts";
import { renderInterrupted } from "../domain/prompt.ts";
import type { Changes, NewInboxEntry, NewStep } from "../store/journal.ts";
import type { LoadedCall } from "../store/load-run.ts";
import { parseToolArguments } from "../tools/tool-arguments.ts";
import { OutcomeUnknown, type Tool, type ToolContext } from "../tools/tool.ts";
import { charge, type Journal, type RunFacts, setFacts } from "./journal.ts";
import type { LoopParts } from "./parts.ts";
import { signalOutcome } from "./signal-tools.ts";
import {
  type BegunStep,
  type CallOutcome,
  event,
  mergeChanges,
  newItems,
  newStep,
  type PerformContext,
  presentStep,
} from "./step.ts";

const MAX_ERROR_LENGTH = 4_000;
const MAX_REMEMBERED_RESULT = 2_000;

/**
 * Begins all calls at once: their `running` rows are durable before the first one starts.
 *
 * They run side by side; calls that write files go one after another in the order the model gave. Each outcome
 * is written as it comes, the last together with what is begun next.
 */
export function beginToolCalls(parts: LoopParts, journal: Journal, toolCallIds: string[]): BegunStep {
  const startedAt = timeText(parts.clock.now());
  const intent: Changes = { steps: [], toolCallPatches: [], events: [] };
  for (const call of pick(journal, toolCallIds)) {
    const step = newStep(parts, journal, { kind: "tool_call", name: call.name });
    call.status = "running";
    call.stepId = step.row.id;
    intent.steps!.push(step.row);
    intent.toolCallPatches!.push({ id: call.id, status: "running", step_id: step.row.id, started_at: startedAt });
    intent.events!.push(startedEvent(journal, call, step.row, startedAt));
  }
  const spent = charge(journal, { toolCalls: toolCallIds.length });
  intent.run = { ...spent.run, step_count: journal.run.stepCount };
  intent.goal = spent.goal;
  return { intent, perform: (context) => perform(parts, journal, toolCallIds, context, execute) };
}

/** Finds out what became of calls that a dead process had started; idempotent ones are run again. */
export function recoverCalls(parts: LoopParts, journal: Journal, toolCallIds: string[]): BegunStep {
  return { intent: {}, perform: (context) => perform(parts, journal, toolCallIds, context, recover) };
}

/** Ends calls that a dead process had started and nobody wants any more. */
export function endCalls(parts: LoopParts, journal: Journal, toolCallIds: string[]): BegunStep {
  const end = async (tool: Tool | undefined, call: LoadedCall, context: ToolContext): Promise<CallOutcome> => {
    const ended = AbortSignal.abort(new Error("The run was stopped."));
    await tool?.recover?.(call.arguments, { ...context, signal: ended }).catch(() => null);
    return { status: "canceled", text: "Ended before it finished, because a person stopped or paused the work." };
  };
  return { intent: {}, perform: (context) => perform(parts, journal, toolCallIds, context, end) };
}

/** Closes calls whose outcome cannot be known. They are never started again. */
export function interruptCalls(parts: LoopParts, journal: Journal, toolCallIds: string[]): BegunStep {
  const unknown = async (_tool: Tool | undefined, call: LoadedCall): Promise<CallOutcome> => interrupted(call.name);
  return { intent: {}, perform: (context) => perform(parts, journal, toolCallIds, context, unknown) };
}

type Work = (
  tool: Tool | undefined,
  call: LoadedCall,
  context: ToolContext,
  parts: LoopParts,
  journal: Journal,
) => Promise<CallOutcome>;

async function perform(
  parts: LoopParts,
  journal: Journal,
  toolCallIds: string[],
  context: PerformContext,
  work: Work,
): Promise<Changes> {
  const startedAt = parts.clock.now();
  const calls = pick(journal, toolCallIds);
  const ended: { call: LoadedCall; outcome: CallOutcome }[] = [];
  let open = calls.length;
  let wake: (() => void) | null = null;
  let writes: Promise<unknown> = Promise.resolve();
  for (const call of calls) {
    const tool = journal.tools.find((candidate) => candidate.name === call.name);
    const toolContext = contextOf(parts, journal, call, context.signal);
    const before = tool?.exclusive ? writes : Promise.resolve();
    const running = before.then(() => work(tool, call, toolContext, parts, journal)).catch((error) => failed(error));
    if (tool?.exclusive) writes = running;
    void running.then((outcome) => {
      ended.push({ call, outcome });
      open -= 1;
      wake?.();
    });
  }
  while (open > 0) {
    if (ended.length > 0) {
      const early = await closeCalls(parts, journal, ended.splice(0));
      if (!(await context.commitEarly(early))) return {};
      continue;
    }
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (ended.length > 0 || open === 0) resolve();
    });
  }
  const spent = charge(journal, { activeMs: parts.clock.now() - startedAt });
  return mergeChanges(spent, await closeCalls(parts, journal, ended));
}

const execute: Work = async (tool, call, context, parts, journal) => {
  const signal = signalOutcome(parts, journal, call);
  if (signal) return signal;
  if (!tool) return { status: "failed", text: `There is no tool named ${call.name}.` };
  if (context.signal.aborted) {
    return { status: "canceled", text: `Ended before it began: ${reason(context.signal.reason)}` };
  }
  // A person may have changed the arguments of a call before approving it.
  const checked = call.approved ? parseToolArguments(tool, JSON.stringify(call.arguments)) : null;
  if (checked?.ok === false) return { status: "failed", text: checked.message };
  try {
    return { status: "completed", ...(await tool.execute(call.arguments, context)) };
  } catch (error) {
    if (error instanceof OutcomeUnknown) return interrupted(call.name);
    if (!context.signal.aborted) throw error;
    return { status: "canceled", text: `Ended before it finished: ${reason(context.signal.reason)}` };
  }
};

const recover: Work = async (tool, call, context, parts, journal) => {
  if (tool?.recover) {
    // What cannot be looked at is not known: the call is no failure that could be tried again.
    const output = await tool.recover(call.arguments, context).catch(() => null);
    if (output) return { status: "completed", ...output };
    if (context.signal.aborted)
      return { status: "canceled", text: `Ended before it finished: ${reason(context.signal.reason)}` };
  }
  return call.idempotent ? execute(tool, call, context, parts, journal) : interrupted(call.name);
};

function interrupted(name: string): CallOutcome {
  return { status: "interrupted", text: renderInterrupted(name) };
}

function failed(error: unknown): CallOutcome {
  return { status: "failed", text: reason(error).slice(0, MAX_ERROR_LENGTH) };
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const hint = "hint" in error && typeof error.hint === "string" ? ` ${error.hint}` : "";
  return `${error.message}${hint}`;
}

function contextOf(parts: LoopParts, journal: Journal, call: LoadedCall, signal: AbortSignal): ToolContext {
  const { run } = journal;
  const stepId = call.stepId ?? "";
  return {
    toolCallId: call.id as ToolContext["toolCallId"],
    runId: run.id,
    threadId: run.threadId,
    goalId: run.goalId,
    folder: journal.agent.folder,
    signal,
    sandbox: parts.sandbox,
    clock: parts.clock,
    approved: call.approved,
    effectKey: null,
    onProgress: (text) => {
      if (parts.live.hasDeltaListeners) {
        parts.live.emitDelta({ type: "tool_call.progress", runId: run.id, stepId, kind: "output", text });
      }
    },
  };
}

/** The rows and items of calls that ended, and what the run remembers of them. */
async function closeCalls(
  parts: LoopParts,
  journal: Journal,
  ended: { call: LoadedCall; outcome: CallOutcome }[],
): Promise<Changes> {
  const endedAt = timeText(parts.clock.now());
  const changes: Changes = { toolCallPatches: [], stepPatches: [], inbox: [], events: [] };
  const contents: ItemContent[] = [];
  let facts: RunFacts = {};
  for (const { call, outcome } of ended) {
    call.status = outcome.status;
    facts = { ...facts, ...outcome.facts };
    changes.inbox!.push(...(outcome.inbox ?? []));
    if (outcome.status === "awaiting_approval") {
      changes.toolCallPatches!.push({ id: call.id, status: outcome.status });
      contents.push({ type: "question", questionId: outcome.inbox![0]!.id as `ques_${string}`, text: outcome.text });
      changes.events!.push(event(journal, "question.asked", { entry: presentEntry(journal, outcome.inbox![0]!) }));
    } else {
      call.result = outcome.text.slice(0, MAX_REMEMBERED_RESULT);
      changes.toolCallPatches!.push({ id: call.id, status: outcome.status, result: outcome.text, ended_at: endedAt });
      contents.push(resultContent(call, outcome));
      changes.events!.push(endedEvent(journal, call, outcome, endedAt));
      facts = { ...facts, ...remember(journal, call, outcome) };
    }
    if (call.stepId) {
      const status = STEP_STATUS[outcome.status] ?? "completed";
      changes.stepPatches!.push({
        id: call.stepId,
        status,
        error: status === "failed" ? outcome.text.slice(0, 500) : null,
        ended_at: endedAt,
      });
    }
  }
  const warning = guardRepetition(journal, facts);
  if (warning) contents.push({ type: "message", role: "runtime", text: warning });
  const items = await newItems(parts, journal, ended[0]?.call.stepId ?? null, contents);
  journal.run.attempts = 0;
  changes.items = items.items;
  changes.events!.push(...items.events);
  changes.run = { attempts: 0, step_count: journal.run.stepCount, state: setFacts(journal, facts) };
  return changes;
}

const STEP_STATUS: Partial<Record<ToolCallStatus, "completed" | "failed" | "interrupted">> = {
  completed: "completed",
  awaiting_approval: "completed",
  failed: "failed",
  interrupted: "interrupted",
  canceled: "interrupted",
};

function remember(journal: Journal, call: LoadedCall, outcome: CallOutcome): RunFacts {
  journal.recentCalls.push(callSignature(call));
  if (journal.recentCalls.length > REPEAT_WINDOW) journal.recentCalls.shift();
  const plan = outcome.view?.type === "plan" ? { plan: JSON.stringify(outcome.view.steps) } : {};
  const acted = call.effect !== "read" && outcome.status === "completed" ? { didSomething: true } : {};
  return { ...plan, ...acted };
}

/**
 * Adds to `facts` when the latest calls go round in a circle. Returns what the model is told, once.
 *
 * Only a goal's run is stopped: it may go on for days unseen. Any other ends at its step limit.
 */
function guardRepetition(journal: Journal, facts: RunFacts): string | null {
  const found = repeatedCalls(journal.recentCalls);
  if (found.verdict === "stop") {
    if (journal.goal) facts.repeatedCall = found.sentence;
  } else if (found.verdict === "ok") {
    if (journal.facts.repeatWarned) facts.repeatWarned = false;
  } else if (journal.facts.repeatWarned !== true) {
    facts.repeatWarned = true;
    return found.sentence;
  }
  return null;
}

function resultContent(call: LoadedCall, outcome: CallOutcome): ItemContent {
  return {
    type: "tool_result",
    toolCallId: call.id as `call_${string}`,
    name: call.name,
    status: outcome.status,
    text: outcome.text,
    ...(outcome.view ? { view: outcome.view } : {}),
  };
}

function startedEvent(journal: Journal, call: LoadedCall, step: NewStep, startedAt: string) {
  return event(journal, "tool_call.started", {
    toolCall: {
      id: call.id,
      runId: journal.run.id,
      stepId: call.stepId,
      name: call.name,
      arguments: call.arguments,
      status: "running",
      effect: call.effect,
      idempotent: call.idempotent,
      result: null,
      createdAt: call.createdAt,
      startedAt,
      endedAt: null,
    },
    step: presentStep(journal, step),
  });
}

const ENDED_EVENT = {
  completed: "tool_call.completed",
  failed: "tool_call.failed",
  denied: "tool_call.denied",
  interrupted: "tool_call.interrupted",
  canceled: "tool_call.canceled",
} as const;

function endedEvent(journal: Journal, call: LoadedCall, outcome: CallOutcome, endedAt: string) {
  const type = ENDED_EVENT[outcome.status as keyof typeof ENDED_EVENT] ?? "tool_call.completed";
  const step = call.stepId
    ? { step: { id: call.stepId, status: STEP_STATUS[outcome.status] ?? "completed", endedAt } }
    : {};
  return event(journal, type, { toolCall: { id: call.id, status: outcome.status, endedAt }, ...step });
}

/** An inbox entry as readers know it. */
export function presentEntry(journal: Journal, entry: NewInboxEntry): Record<string, unknown> {
  return {
    id: entry.id,
    kind: entry.kind,
    status: "pending",
    agentId: entry.agent_id,
    goalId: entry.goal_id,
    runId: journal.run.id,
    threadId: entry.thread_id,
    toolCallId: entry.tool_call_id,
    title: entry.title,
    detail: entry.detail,
    choices: entry.choices,
    actionHash: entry.action_hash,
    answer: null,
    decidedBy: null,
    decidedAt: null,
    createdAt: entry.created_at,
  };
}

function pick(journal: Journal, toolCallIds: string[]): LoadedCall[] {
  return journal.calls.filter((call) => toolCallIds.includes(call.id));
}
