import type { ItemContent, ToolCallStatus } from "@bureau/protocol";
import { timeText } from "../clock.ts";
import type { Source } from "../domain/action.ts";
import { callSignature, REPEAT_WINDOW, repeatedCalls } from "../domain/progress.ts";
import { renderInterrupted } from "../domain/prompt.ts";
import { isOutage } from "../store/database.ts";
import { effectOfCall } from "../store/effects.ts";
import type { Changes, NewInboxEntry, NewStep } from "../store/journal.ts";
import type { LoadedCall } from "../store/load-run.ts";
import { actionHash } from "../tools/action-hash.ts";
import { parseToolArguments } from "../tools/tool-arguments.ts";
import { OutcomeUnknown, type Tool, type ToolContext } from "../tools/tool.ts";
import { claimsOf, findEffect, keyOf, patchOf, reconcile, unknownEntry } from "./effects.ts";
import type { Gated } from "./gate.ts";
import { withSources } from "../domain/sources.ts";
import { labelsAfter, labelsToSet, sourcesOfCall } from "./labels.ts";
import { charge, type Journal, type RunFacts, setFacts } from "./journal.ts";
import type { LoopParts } from "./parts.ts";
import { publishForCall } from "./publish.ts";
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
export async function beginToolCalls(
  parts: LoopParts,
  journal: Journal,
  toolCallIds: string[],
  gated: ReadonlyMap<string, Gated>,
): Promise<BegunStep> {
  const startedAt = timeText(parts.clock.now());
  const intent: Changes = { steps: [], toolCallPatches: [], events: [] };
  const made = pick(journal, toolCallIds).map((call) => ({ call, tool: toolOf(journal, call) }));
  const outside = made.flatMap(({ call, tool }) =>
    tool && call.effect === "write_outside" ? { call, tool, gated: gated.get(call.id)! } : [],
  );
  const claims = claimsOf(parts, journal, outside);
  intent.effectClaims = claims;
  intent.fileLabels = await labelsToSet(parts, journal, made);
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
  const begin: Work = (tool, call, context, ...rest) => {
    const claim = claims.find((one) => one.tool_call_id === call.id);
    if (claim?.refused !== undefined) return Promise.resolve({ status: "completed", text: claim.refused });
    return execute(tool, call, claim ? { ...context, effectKey: claim.key } : context, ...rest);
  };
  return { intent, perform: (context) => perform(parts, journal, toolCallIds, context, begin) };
}

/** Finds out what became of calls that a dead process had started; idempotent ones are run again. */
export function recoverCalls(parts: LoopParts, journal: Journal, toolCallIds: string[]): BegunStep {
  return { intent: {}, perform: (context) => perform(parts, journal, toolCallIds, context, recover) };
}

/** Ends calls that a dead process had started and nobody wants any more. */
export function endCalls(parts: LoopParts, journal: Journal, toolCallIds: string[]): BegunStep {
  const end = async (tool: Tool | undefined, call: LoadedCall, context: ToolContext): Promise<CallOutcome> => {
    if (call.effect === "write_outside") return (await found(parts, tool, call, context)) ?? NOT_MADE;
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

/**
 * Does the work of all calls. What a tool throws is its outcome; that the store could not be asked is none, nor is a
 * fault of ours on the way to a write outside, which may have taken place: these are thrown, and nothing is written.
 */
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
  const faults: Error[] = [];
  const atWork = new Set<Promise<void>>();
  let writes: Promise<unknown> = Promise.resolve();
  for (const call of calls) {
    const tool = toolOf(journal, call);
    const toolContext = contextOf(parts, journal, call, context.signal);
    const before = tool?.exclusive ? writes : Promise.resolve();
    const ending = before
      .then(() => work(tool, call, toolContext, parts, journal))
      .catch((error: Error) => {
        const isUnknown = isOutage(error) || parts.signals.stopping || call.effect === "write_outside";
        return isUnknown ? void faults.push(error) : failed(error);
      })
      .then((outcome) => {
        if (outcome) ended.push({ call, outcome });
        atWork.delete(ending);
      });
    if (tool?.exclusive) writes = ending;
    atWork.add(ending);
  }
  try {
    while (atWork.size > 0) {
      if (ended.length === 0 && faults.length === 0) await Promise.race(atWork);
      if (faults[0]) throw faults[0];
      if (atWork.size === 0 || ended.length === 0) continue;
      const early = await closeCalls(parts, journal, ended.splice(0));
      if (!(await context.commitEarly(early))) return {};
    }
    if (faults[0]) throw faults[0];
    const spent = charge(journal, { activeMs: parts.clock.now() - startedAt });
    return mergeChanges(spent, await closeCalls(parts, journal, ended));
  } catch (error) {
    // Whoever takes the run up again must find no call at work that nobody drives.
    parts.signals.interrupt(journal.run.id);
    await Promise.all(atWork);
    throw error;
  }
}

const execute: Work = async (tool, call, context, parts, journal) => {
  const signal = await signalOutcome(parts, journal, call);
  if (signal) return signal;
  if (!tool) return { status: "failed", text: `There is no tool named ${call.name}.` };
  if (context.signal.aborted) {
    return { status: "canceled", text: `Ended before it began: ${reason(context.signal.reason)}` };
  }
  // The yes is to one exact action: whatever wrote other arguments since has none.
  if (call.approved && actionHash(call.name, call.arguments) !== call.actionHash) {
    return { status: "failed", text: `Not run: ${call.name} has other arguments now than a person approved.` };
  }
  // A person may have changed the arguments of a call before approving it.
  const checked = call.approved ? parseToolArguments(tool, JSON.stringify(call.arguments)) : null;
  if (checked?.ok === false) return { status: "failed", text: checked.message };
  try {
    return { status: "completed", ran: true, ...(await tool.execute(call.arguments, context)) };
  } catch (error) {
    if (error instanceof OutcomeUnknown) return await lookedFor(parts, tool, call, context);
    if (!context.signal.aborted) return { ...failed(error), ran: true };
    // It may have reached the provider before it was ended.
    if (call.effect === "write_outside") return await lookedFor(parts, tool, call, context);
    return { status: "canceled", text: `Ended before it finished: ${reason(context.signal.reason)}` };
  }
};

/** A call whose outcome was lost on the way: the provider is asked at once. */
async function lookedFor(parts: LoopParts, tool: Tool, call: LoadedCall, context: ToolContext): Promise<CallOutcome> {
  const { outcome, ...rest } = await reconcile(parts, tool, call.arguments, { ...context, signal: FREE_SIGNAL });
  if (outcome === "done") return { status: "completed", ran: true, text: "", ...rest };
  if (outcome === "absent")
    return { status: "failed", text: `${call.name} did not take place: the provider does not have it.` };
  return interrupted(call.name);
}

/** Looking is bounded by itself, and goes on when the run is stopped: a person wants to know. */
const FREE_SIGNAL = new AbortController().signal;
const NOT_MADE: CallOutcome = {
  status: "canceled",
  text: "Not made: a person stopped or paused the work before it began.",
};

/** What became of a write outside that a dead process had begun; null when it certainly did not take place. */
async function found(
  parts: LoopParts,
  tool: Tool | undefined,
  call: LoadedCall,
  context: ToolContext,
): Promise<CallOutcome | null> {
  const effect = await findEffect(parts, tool, call, context);
  if (effect === null || effect.outcome === "absent") return null;
  if (effect.outcome === "done") return { status: "completed", ran: true, text: effect.text, receipt: effect.receipt };
  if (effect.outcome === "refused") return { status: "completed", text: effect.text };
  return interrupted(call.name);
}

const recover: Work = async (tool, call, context, parts, journal) => {
  if (call.effect === "write_outside" && !tool?.recover) {
    const outside = { ...context, effectKey: keyOf(journal, call) };
    // The provider does the same thing once for one key, so asking again is asking.
    const again = call.idempotent && !context.signal.aborted && (await isStarted(parts, call));
    if (again) return execute(tool, call, outside, parts, journal);
    return (await found(parts, tool, call, outside)) ?? execute(tool, call, outside, parts, journal);
  }
  if (tool?.recover) {
    // What cannot be looked at is not known: the call is no failure that could be tried again.
    const output = await tool.recover(call.arguments, context).catch(() => null);
    if (output) return { status: "completed", ran: true, ...output };
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
    agent: journal.agent.name,
    folder: journal.agent.folder,
    signal,
    sandbox: parts.sandbox,
    clock: parts.clock,
    approved: call.approved,
    effectKey: null,
    publish: (publication) => publishForCall(parts, journal, call, publication),
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
  const changes: Changes = {
    toolCallPatches: [],
    stepPatches: [],
    inbox: [],
    events: [],
    effectPatches: [],
    fileLabels: [],
  };
  const contents: ItemContent[] = [];
  let facts: RunFacts = {};
  for (const { call, outcome } of ended) {
    call.status = outcome.status;
    facts = { ...facts, ...outcome.facts };
    changes.inbox!.push(...(outcome.inbox ?? []));
    const tool = toolOf(journal, call);
    const sources = await sourcesOfCall(parts, journal, tool, call, outcome);
    if (sources.length > 0) setFacts(journal, { taint: withSources(journal.facts.taint, sources) });
    if (sources.length > 0) facts.taint = journal.facts.taint!;
    changes.fileLabels!.push(...(await labelsAfter(parts, journal, tool, call)));
    const effect = patchOf(call, outcome, endedAt);
    if (effect) changes.effectPatches!.push(effect);
    if (effect?.status === "unknown") {
      const entry = unknownEntry(journal, call, tool, endedAt);
      changes.inbox!.push(entry);
      changes.events!.push(event(journal, "inbox.added", { entry: presentEntry(journal, entry) }));
    }
    if (outcome.status === "awaiting_approval") {
      changes.toolCallPatches!.push({ id: call.id, status: outcome.status });
      contents.push({ type: "question", questionId: outcome.inbox![0]!.id as `ques_${string}`, text: outcome.text });
      changes.events!.push(event(journal, "question.asked", { entry: presentEntry(journal, outcome.inbox![0]!) }));
    } else {
      call.result = outcome.text.slice(0, MAX_REMEMBERED_RESULT);
      changes.toolCallPatches!.push({ id: call.id, status: outcome.status, result: outcome.text, ended_at: endedAt });
      contents.push(resultContent(call, outcome, sources[0]));
      if (outcome.item) contents.push(outcome.item);
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

function resultContent(call: LoadedCall, outcome: CallOutcome, source: Source | undefined): ItemContent {
  return {
    type: "tool_result",
    toolCallId: call.id as `call_${string}`,
    name: call.name,
    status: outcome.status,
    text: outcome.text,
    ...(source ? { source } : {}),
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
    decidedDevice: null,
    decidedAt: null,
    effectId: null,
    assignee: entry.assignee ?? null,
    remindAt: entry.remind_at ?? null,
    remindedAt: null,
    expiresAt: entry.expires_at ?? null,
    onExpiry: entry.on_expiry ?? null,
    createdAt: entry.created_at,
  };
}

function toolOf(journal: Journal, call: LoadedCall): Tool | undefined {
  return journal.tools.find((candidate) => candidate.name === call.name);
}

async function isStarted(parts: LoopParts, call: LoadedCall): Promise<boolean> {
  return (await effectOfCall(parts.reads, call.id))?.status === "started";
}

function pick(journal: Journal, toolCallIds: string[]): LoadedCall[] {
  return journal.calls.filter((call) => toolCallIds.includes(call.id));
}
