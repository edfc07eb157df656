import { NO_USAGE, type ItemContent, type TokenUsage } from "@bureau/protocol";
import { timeText } from "../clock.ts";
import { priceOf } from "../domain/budget.ts";
import { afterModelFailure } from "../domain/model-retry.ts";
import { callSignature, REPEAT_WINDOW, repeatedCalls } from "../domain/progress.ts";
import type { AnswerPart, ModelAnswer, ModelFailure } from "../models/model.ts";
import type { Changes, NewToolCall, StepPatch } from "../store/journal.ts";
import { loadedCall, MAX_CALLS_PER_ANSWER, newToolCalls } from "./new-calls.ts";
import { askLeave, settleAside } from "./admit-call.ts";
import { keepContext } from "./frame-journal.ts";
import {
  charge,
  type Journal,
  messagesToSend,
  planModelCall,
  type RunFacts,
  setFacts,
  usageOfCall,
  wantedCall,
} from "./journal.ts";
import type { LoopParts } from "./parts.ts";
import { type BegunStep, chargedEvents, event, mergeChanges, newItems, newStep, type PerformContext } from "./step.ts";

/** Begins a model call: sets its cost aside, and marks what the model is about to be shown as seen. */
export function beginModelCall(parts: LoopParts, journal: Journal): BegunStep {
  const plan = planModelCall(journal);
  const wanted = wantedCall(journal);
  const own = journal.goal?.usage;
  if (!plan.ok) throw new Error(`nextStep asked for a model call over the budget: ${plan.sentence}`);
  const chain = parts.models.chain("default");
  const model = chain[Math.min(journal.facts.modelIndex ?? 0, chain.length - 1)]!;
  const newTurn = journal.facts.yielded !== false;
  if (newTurn) journal.run.turn += 1;
  const step = newStep(parts, journal, {
    kind: "model_call",
    name: model,
    reservedTokens: plan.tokens,
    reservedMicros: plan.micros,
  });
  const spent = newTurn ? charge(journal, { turns: 1 }) : { run: {}, goal: {} };
  journal.hasUnread = false;
  journal.personSpoke = false;
  const { taint } = journal.facts;
  const facts = setFacts(journal, { verdict: null, yielded: false, ...(taint ? { taint } : {}) });
  const maxOutputTokens = plan.maxOutputTokens < journal.maxOutputTokens ? plan.maxOutputTokens : null;
  const call: CallInput = { stepId: step.row.id, chain, maxOutputTokens };
  const begun: BegunStep = {
    intent: {
      run: {
        ...spent.run,
        step_count: journal.run.stepCount,
        turn: journal.run.turn,
        model,
        state: facts,
      },
      goal: { ...spent.goal, reserved_tokens: plan.tokens, reserved_micros: plan.micros },
      steps: [step.row],
      events: step.events,
    },
    perform: (context) => performModelCall(parts, journal, call, context),
  };
  if (!journal.goal?.hasFamily && !parts.caps?.current()) return begun;
  begun.admit = async (transaction, intent, outcome) => {
    const { maxOutputTokens } = plan;
    const asked = { wanted, maxOutputTokens, usage: own ?? null, models: chain, outcome };
    const leave = await askLeave(parts, journal, transaction, asked);
    if (!leave.ok) return leave.refusal;
    const reserved = {
      reserved_tokens: Math.min(plan.tokens, leave.tokens),
      reserved_micros: Math.min(plan.micros, leave.micros),
    };
    Object.assign(step.row, reserved);
    Object.assign(intent.goal!, reserved);
    intent.run = { ...intent.run, state: { ...intent.run?.state, ...leave.kept } };
    intent.spending = leave.spending;
    call.kept = leave.kept;
    const bound = Math.min(plan.maxOutputTokens, leave.maxOutputTokens);
    call.maxOutputTokens = bound < journal.maxOutputTokens ? bound : null;
    return null;
  };
  return begun;
}

interface CallInput {
  stepId: string;
  chain: string[];
  maxOutputTokens: number | null;
  /** Facts that were written with the intent. */
  kept?: RunFacts;
}

async function performModelCall(
  parts: LoopParts,
  journal: Journal,
  call: CallInput,
  { signal }: PerformContext,
): Promise<Changes> {
  const startedAt = parts.clock.now();
  setFacts(journal, call.kept ?? {});
  const shown = journal.input.position;
  const result = await callWithRetries(parts, journal, call, signal);
  const used = result.usage ? usageOfCall(result.usage, result.micros) : {};
  const spent = charge(journal, { ...used, activeMs: parts.clock.now() - startedAt });
  const settled: Changes = {
    run: { ...spent.run, ...(await keepContext(journal)) },
    goal: { ...spent.goal, reserved_tokens: 0, reserved_micros: 0 },
    events: result.usage ? chargedEvents(journal) : [],
  };
  const changes =
    result.answer.status === "answered"
      ? await acceptAnswer(parts, journal, { ...call, shown }, result.answer, result)
      : refuseAnswer(parts, journal, call.stepId, result.answer.failure, result);
  const aside = settleAside(parts, journal, {
    tokens: used.tokens ?? 0,
    micros: result.micros,
    calls: result.attempts,
    unheard: isUnheard(result),
    idleCalls: result.attempts - (isProgress(result.answer) ? 1 : 0),
  });
  return mergeChanges(settled, aside, changes);
}

/** The answer asks for a tool, or says something. */
function isProgress(answer: ModelAnswer): boolean {
  return (
    answer.status === "answered" &&
    answer.parts.some((part) => part.type === "tool_call" || (part.type === "text" && part.text.trim() !== ""))
  );
}

/** Ends of a call after which the provider may have answered all the same, and counts it. */
const UNHEARD: readonly ModelFailure["kind"][] = ["canceled", "cut_stream", "stalled"];

function isUnheard({ answer, usage }: CallResult): boolean {
  return usage === null && answer.status === "failed" && UNHEARD.includes(answer.failure.kind);
}

interface CallResult {
  answer: ModelAnswer;
  attempts: number;
  modelIndex: number;
  usage: TokenUsage | null;
  micros: number;
  decision: ReturnType<typeof afterModelFailure> | null;
}

/** Calls the chain's models until one answers or waiting would take longer than a promise should be held. */
async function callWithRetries(
  parts: LoopParts,
  journal: Journal,
  call: CallInput,
  signal: AbortSignal,
): Promise<CallResult> {
  const messages = messagesToSend(journal);
  let modelIndex = Math.min(journal.facts.modelIndex ?? 0, call.chain.length - 1);
  let attempt = journal.facts.modelAttempts ?? 0;
  let attempts = 0;
  const spent = { usage: null as TokenUsage | null, micros: 0 };
  for (;;) {
    attempt += 1;
    attempts += 1;
    const model = call.chain[modelIndex]!;
    const answer = await parts.models.call(
      {
        model,
        messages,
        tools: journal.modelTools,
        effort: journal.goal?.spec.effort ?? null,
        maxOutputTokens: call.maxOutputTokens,
        cacheKey: journal.run.threadId,
      },
      { signal, ...deltas(parts, journal, call.stepId, attempts) },
    );
    if (answer.usage) {
      spent.micros += priceOf(answer.usage, parts.models.price(answer.model));
      spent.usage = spent.usage ? addTokens(spent.usage, answer.usage) : answer.usage;
    }
    if (answer.status === "answered" || signal.aborted || parts.signals.stopping)
      return { answer, attempts, modelIndex, ...spent, decision: null };
    const decision = afterModelFailure({
      failure: answer.failure,
      attempt,
      chainPosition: modelIndex,
      chainLength: call.chain.length,
      random: parts.random(),
    });
    if (decision.type === "next_model") {
      modelIndex += 1;
      attempt = 0;
      continue;
    }
    if (decision.type === "canceled") return { answer, attempts, modelIndex, ...spent, decision: null };
    if (decision.type !== "retry") return { answer, attempts: attempt, modelIndex, ...spent, decision };
    try {
      await parts.clock.sleep(decision.delayMs, signal);
    } catch {
      return { answer, attempts, modelIndex, ...spent, decision: null };
    }
  }
}

function deltas(parts: LoopParts, journal: Journal, stepId: string, attempt: number) {
  if (!parts.live.hasDeltaListeners) return {};
  const runId = journal.run.id;
  return {
    onDelta: ({ kind, text }: { kind: "text" | "reasoning"; text: string }) =>
      parts.live.emitDelta({ type: "item.delta", runId, stepId, kind, text, attempt }),
  };
}

/** The answer becomes items and tool calls; a call with bad arguments is answered at once, so that the model mends it. */
async function acceptAnswer(
  parts: LoopParts,
  journal: Journal,
  { stepId, shown }: CallInput & { shown: number },
  answer: Extract<ModelAnswer, { status: "answered" }>,
  result: CallResult,
): Promise<Changes> {
  const asked = answer.parts.filter((part) => part.type === "tool_call").slice(0, MAX_CALLS_PER_ANSWER);
  const made = await newToolCalls(parts, journal, stepId, asked);
  const calls = made.map(({ call }) => call);
  const contents: ItemContent[] = [];
  let next = 0;
  for (const part of answer.parts) {
    if (part.type !== "tool_call") contents.push(itemOf(part));
    else if (next < calls.length) contents.push(callItem(part, calls[next++]!));
  }
  for (const call of calls) if (call.status !== "pending") contents.push(resultItem(call));
  const yielded = calls.length === 0;
  const text = answer.parts.some((part) => part.type === "text" && part.text.trim() !== "");
  journal.calls = made.map(({ call, effect }) => loadedCall(call, effect));
  const circling = circlingDenials(journal, calls);
  const items = await newItems(parts, journal, stepId, contents);
  const refused = answer.finish === "refused" && yielded;
  const facts = setFacts(journal, {
    ...(journal.facts.carried ? { carried: journal.facts.carried } : {}),
    modelFailure: refused ? { type: "give_up", failure: "model_refused", sentence: refusalSentence(answer) } : null,
    modelAttempts: 0,
    modelIndex: result.modelIndex,
    contextOverflow: false,
    compactionDue: answer.usage.inputTokens > journal.compactAtTokens,
    yielded,
    ...(yielded && text ? { answered: true } : {}),
    ...(circling === null ? {} : { repeatedCall: circling }),
    lastCall: {
      inputBytes: journal.fixedBytes + journal.inputBytes,
      inputTokens: answer.usage.inputTokens + answer.usage.outputTokens,
      cachedInputTokens: answer.usage.cachedInputTokens,
    },
  });
  journal.run.attempts = 0;
  return {
    run: { attempts: 0, seen_position: shown, state: facts },
    stepPatches: [endModelStep(parts, stepId, result, "completed", null, { finish: answer.finish, shown })],
    toolCalls: calls,
    effects: made.flatMap(({ effect }) => effect ?? []),
    items: items.items,
    events: [stepEvent(parts, journal, stepId, result, "completed", null), ...items.events],
  };
}

function refuseAnswer(
  parts: LoopParts,
  journal: Journal,
  stepId: string,
  failure: ModelFailure,
  result: CallResult,
): Changes {
  const { decision } = result;
  // The model has not seen what this call was to show it: the next one must.
  journal.hasUnread = true;
  journal.run.attempts = 0;
  if (decision === null) {
    return {
      run: { attempts: 0 },
      stepPatches: [endModelStep(parts, stepId, result, "interrupted", failure.message, null)],
      events: [stepEvent(parts, journal, stepId, result, "interrupted", failure.message)],
    };
  }
  const facts = setFacts(journal, {
    modelIndex: result.modelIndex,
    modelAttempts: decision.type === "wait" ? result.attempts : 0,
    contextOverflow: decision.type === "compact",
    modelFailure:
      decision.type === "wait"
        ? { type: "wait", until: parts.clock.now() + decision.delayMs }
        : decision.type === "give_up"
          ? { type: "give_up", failure: decision.code, sentence: decision.sentence }
          : null,
  });
  return {
    run: { attempts: 0, state: facts },
    stepPatches: [endModelStep(parts, stepId, result, "failed", failure.message, null)],
    events: [stepEvent(parts, journal, stepId, result, "failed", failure.message)],
  };
}

/** Ends a run whose model asks for a denied action over and over. */
function circlingDenials(journal: Journal, calls: NewToolCall[]): string | null {
  const denied = calls.filter((call) => call.status === "denied");
  if (denied.length === 0) return null;
  journal.recentCalls = [...journal.recentCalls, ...denied.map((call) => callSignature(call))].slice(-REPEAT_WINDOW);
  const found = repeatedCalls(journal.recentCalls);
  return found.verdict === "stop" ? found.sentence : null;
}

function itemOf(part: Exclude<AnswerPart, { type: "tool_call" }>): ItemContent {
  const provider = part.provider ? { provider: part.provider } : {};
  if (part.type === "reasoning") return { type: "reasoning", text: part.text, ...provider };
  return { type: "message", role: "agent", text: part.text, ...provider };
}

function callItem(part: Extract<AnswerPart, { type: "tool_call" }>, call: NewToolCall): ItemContent {
  return {
    type: "tool_call",
    toolCallId: call.id as `call_${string}`,
    providerCallId: part.providerCallId,
    name: part.name,
    arguments: call.arguments,
    ...(part.provider ? { provider: part.provider } : {}),
  };
}

function resultItem(call: NewToolCall): ItemContent {
  return {
    type: "tool_result",
    toolCallId: call.id as `call_${string}`,
    name: call.name,
    status: call.status,
    text: call.result ?? "",
  };
}

function refusalSentence(answer: Extract<ModelAnswer, { status: "answered" }>): string {
  return `${answer.model} refused to answer. Change the request, or choose another model.`;
}

function endModelStep(
  parts: LoopParts,
  stepId: string,
  result: CallResult,
  status: StepPatch["status"],
  error: string | null,
  detail: { finish: string; shown: number } | null,
): StepPatch {
  return {
    id: stepId,
    status,
    attempts: result.attempts,
    usage: result.usage ? { ...NO_USAGE, ...usageOfCall(result.usage, result.micros) } : null,
    ...(detail ? { detail: { ...detail, model: result.answer.model } } : {}),
    error,
    ended_at: timeText(parts.clock.now()),
  };
}

function stepEvent(
  parts: LoopParts,
  journal: Journal,
  stepId: string,
  result: CallResult,
  status: "completed" | "failed" | "interrupted",
  error: string | null,
) {
  const usage = result.usage ? { ...NO_USAGE, ...usageOfCall(result.usage, result.micros) } : null;
  return event(journal, `step.${status}`, {
    step: { id: stepId, status, attempts: result.attempts, usage, error, endedAt: timeText(parts.clock.now()) },
  });
}

function addTokens(a: TokenUsage, b: TokenUsage): TokenUsage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
  };
}
