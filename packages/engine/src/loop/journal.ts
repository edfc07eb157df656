import { chargedTokens, NO_USAGE, type Budget, type ItemContent, type Usage } from "@bureau/protocol";
import { estimateCall, planCall, reserve, type CallEstimate, type CallPlan, type Reserved } from "../domain/budget.ts";
import type { Denials } from "../domain/denials.ts";
import { createModelInput, modelMessages, type ModelInput } from "../domain/model-input.ts";
import type { Source } from "../domain/action.ts";
import { callSignature } from "../domain/progress.ts";
import type { RunState, ToolCallState } from "../domain/run-state.ts";
import type { ModelMessage, ModelPrice, ModelTool } from "../models/model.ts";
import type { GoalPatch, RunPatch, RunWrite } from "../store/journal.ts";
import type { LoadedCall, RunJournal } from "../store/load-run.ts";
import type { SetAside } from "../store/spending.ts";
import type { Tool } from "../tools/tool.ts";
import type { RunLimits } from "./parts.ts";

/** Small facts of a run that its next step is decided from, kept in the run's row. */
export interface RunFacts {
  checkRequested?: boolean;
  verdict?: "passed" | "failed" | "sign_off" | null;
  /** The goal's version that `verdict`, `stalled` and `blocked` were found under; under another they do not hold. */
  verdictVersion?: number;
  stalled?: string | null;
  /** Turns in a row in which the agent reported an obstacle, and the last of them. */
  blockedTurns?: number;
  blockedTurn?: number;
  blocked?: string | null;
  /** The obstacle as reported last, counted or not. */
  obstacle?: string | null;
  modelFailure?: RunState["modelFailure"];
  /** Attempts of the model call that waits for its time. */
  modelAttempts?: number;
  /** Place in the chain of the model that is used now. */
  modelIndex?: number;
  lastCall?: { inputBytes: number; inputTokens: number; cachedInputTokens: number } | null;
  checkCount?: number;
  didSomething?: boolean;
  answered?: boolean;
  /** The last answer asked for no tool: the next one begins a turn. */
  yielded?: boolean;
  repeatedCall?: string | null;
  repeatWarned?: boolean;
  plan?: string | null;
  compactionDue?: boolean;
  contextOverflow?: boolean;
  /** Where content from outside came from that this run, or one before it in the thread, has read. */
  taint?: Source[];
  /** How often each call was made whose arguments leave the workspace, by its hash. */
  carried?: Record<string, number>;
  /** Set aside under the caps of agent and workspace for the call in flight. */
  setAside?: SetAside | null;
  /** The day in which the run was last counted among those at work. */
  countedDay?: string;
  /** The entry of the inbox that tells of the cap which the run waits for. */
  capWait?: string | null;
  /** What a person denied; written by their decisions, read when the agent asks for something. */
  denials?: Denials;
  /** The question how to go on after three denials waits for its answer. */
  askedAfterDenials?: boolean;
}

/** One run's journal in memory: what is in the store, folded. Thrown away and read again when a command came in. */
export interface Journal extends Omit<RunJournal, "items" | "recentCalls" | "run"> {
  /** Signatures of the run's latest ended calls, oldest first. */
  recentCalls: string[];
  run: Omit<RunJournal["run"], "state">;
  facts: RunFacts;
  input: ModelInput;
  /** Items given to the next write, which gives them their positions. */
  pending: { id: string; stepId: string | null; content: ItemContent }[];
  /** Why a budget that this goal shares with others has no room; found when it was asked for. */
  overShared: string | null;
  /** What the run waits for, where that is not the model's provider. */
  waitSentence: string | null;
  /** All that a person wrote for this work, once a decision needed it. */
  words: string | null;
  /** The entry of the inbox that tells why it waits. */
  waitEntry: string | null;
  /** Something that the model has not been shown: a message, a result. */
  hasUnread: boolean;
  /** A person's message is among it. */
  personSpoke: boolean;
  /** System prompt and tools; fixed while the run is in memory. */
  system: string;
  tools: readonly Tool[];
  modelTools: ModelTool[];
  fixedBytes: number;
  inputBytes: number;
  price: ModelPrice | null;
  maxOutputTokens: number;
  compactAtTokens: number;
  limits: RunLimits;
}

export interface JournalFrame {
  system: string;
  tools: readonly Tool[];
  modelTools: ModelTool[];
  price: ModelPrice | null;
  maxOutputTokens: number;
  compactAtTokens: number;
  limits: RunLimits;
}

export function openJournal(loaded: RunJournal, frame: JournalFrame): Journal {
  const { items, run, recentCalls, ...rest } = loaded;
  const { state, ...row } = run;
  const unread = items.filter((item) => item.position > row.seenPosition);
  const fixedBytes = Buffer.byteLength(frame.system) + Buffer.byteLength(JSON.stringify(frame.modelTools));
  return {
    ...rest,
    ...frame,
    run: row,
    facts: factsUnder(state as RunFacts, loaded.goal?.version),
    input: createModelInput(items),
    pending: [],
    overShared: null,
    waitSentence: null,
    words: null,
    waitEntry: null,
    recentCalls: recentCalls.map((call) => callSignature(call)),
    hasUnread: unread.some((item) => isForModel(item.content)),
    personSpoke: unread.some(({ content }) => content.type === "message" && content.role === "person"),
    fixedBytes,
    inputBytes: items.reduce((sum, item) => sum + contentBytes(item.content), 0),
  };
}

/** What was found under an older version of the goal says nothing of this one. */
function factsUnder(facts: RunFacts, version: number | undefined): RunFacts {
  if (version === undefined || facts.verdictVersion === undefined || facts.verdictVersion === version) return facts;
  return { ...facts, verdict: null, stalled: null, blocked: null, blockedTurns: 0 };
}

/** Whether the model must be shown an item before the run can end. */
export function isForModel(content: { type: string; role?: string }): boolean {
  return content.type === "tool_result" || (content.type === "message" && content.role !== "agent");
}

/** About how many bytes an item adds to a request. */
export function contentBytes(content: { type: string; text?: string; arguments?: unknown }): number {
  if (content.type === "tool_call") return 80 + JSON.stringify(content.arguments ?? {}).length;
  return "text" in content && typeof content.text === "string" ? 40 + content.text.length : 0;
}

/** Folds the journal to what `nextStep` reads. */
export function runState(journal: Journal, now: number): RunState {
  const { run, facts, goal } = journal;
  return {
    cancelRequested: run.cancelRequested,
    pauseRequested: run.pauseRequested,
    stepCount: run.stepCount,
    stepLimit: journal.limits.steps,
    activeMs: run.usage.activeMs,
    activeLimitMs: journal.limits.activeMs,
    attempts: run.attempts,
    attemptLimit: journal.limits.attempts,
    openSteps: journal.openSteps,
    toolCalls: journal.calls.map((call) => callState(journal, call, now)),
    hasUnread: journal.hasUnread,
    personSpoke: journal.personSpoke,
    compactionDue: facts.contextOverflow === true || facts.compactionDue === true,
    repeatedCall: facts.repeatedCall ?? null,
    overBudget: overBudget(journal),
    overToolBudget: overToolBudget(journal),
    modelFailure: facts.modelFailure ?? null,
    askedAfterDenials: facts.askedAfterDenials === true,
    didSomething: facts.didSomething === true,
    answered: facts.answered === true,
    goal: goal && {
      status: goal.status,
      checkRequested: facts.checkRequested === true,
      verdict: facts.verdict ?? null,
      stalled: facts.stalled ?? null,
      blocked: facts.blocked ?? null,
    },
  };
}

function callState(journal: Journal, call: LoadedCall, now: number): ToolCallState {
  const tool = journal.tools.find((candidate) => candidate.name === call.name);
  return {
    id: call.id,
    name: call.name,
    status: call.status,
    effect: call.effect,
    idempotent: call.idempotent,
    // Of a write outside the ledger and the provider are asked.
    recoverable: tool?.recover !== undefined || call.effect === "write_outside",
    needsApproval: call.approvalReason !== null && !call.approved,
    heldUntil: call.heldUntil !== null && call.heldUntil > now ? call.heldUntil : null,
  };
}

/** What the run may spend: its goal's budget and usage, or its own limits. */
/** What the run is held to: its goal's budget, or its own limits. */
export function spending(journal: Journal): { usage: Usage; budget: Budget } {
  if (journal.goal) return { usage: journal.goal.usage, budget: journal.goal.spec.budget };
  return { usage: journal.run.usage, budget: journal.run.limits };
}

/**
 * The reservation for the next model call, with the bound on its output that keeps it under the cap.
 *
 * The first call of a goal is let through while anything is left: until a provider has counted once, its size is
 * only guessed. From then on the estimate rests on what was counted.
 */
export function planModelCall(journal: Journal): CallPlan {
  const { usage, budget } = spending(journal);
  return planWithin({ usage, reserved: NOTHING_RESERVED, budget }, wantedCall(journal));
}

/** Usage, reservations and cap of one budget. */
interface Spending {
  usage: Usage;
  reserved: Reserved;
  budget: Budget;
}

export interface WantedCall extends CallEstimate {
  turns: number;
}

export function wantedCall(journal: Journal): WantedCall {
  return {
    inputBytes: journal.fixedBytes + journal.inputBytes,
    maxOutputTokens: journal.maxOutputTokens,
    price: journal.price,
    lastCall: journal.facts.lastCall ?? null,
    turns: journal.facts.yielded === false ? 0 : 1,
  };
}

export function planWithin({ usage, reserved, budget }: Spending, wanted: WantedCall): CallPlan {
  const room = reserve(usage, reserved, budget, { turns: wanted.turns });
  if (!room.ok) return room;
  const plan = planCall(usage, reserved, budget, wanted);
  const isFirst = usage.modelCalls === 0 && reserved.tokens === 0 && reserved.micros === 0;
  if (plan.ok || !isFirst || plan.exceeded === "turns" || plan.exceeded === "timeMs") return plan;
  const least = estimateCall({ ...wanted, maxOutputTokens: FIRST_CALL_OUTPUT_TOKENS });
  return {
    ok: true,
    tokens: Math.min(least.tokens, budget.tokens ?? least.tokens),
    micros: Math.min(least.micros, budget.micros ?? least.micros),
    maxOutputTokens: FIRST_CALL_OUTPUT_TOKENS,
  };
}

/** Why the calls that the model asked for do not fit in the budget. */
function overToolBudget(journal: Journal): string | null {
  const wanted = journal.calls.filter((call) => call.status === "pending").length;
  if (wanted === 0) return null;
  const { usage, budget } = spending(journal);
  const room = reserve(usage, NOTHING_RESERVED, budget.toolCalls === undefined ? {} : { toolCalls: budget.toolCalls }, {
    toolCalls: wanted,
  });
  return room.ok ? null : room.sentence;
}

const NOTHING_RESERVED = { tokens: 0, micros: 0 };
const FIRST_CALL_OUTPUT_TOKENS = 256;

function overBudget(journal: Journal): string | null {
  if (journal.overShared) return journal.overShared;
  if (!journal.hasUnread) return null;
  const { budget } = spending(journal);
  if (Object.keys(budget).length === 0) return null;
  const plan = planModelCall(journal);
  return plan.ok ? null : plan.sentence;
}

export function messagesToSend(journal: Journal): ModelMessage[] {
  return [{ role: "system", content: journal.system }, ...modelMessages(journal.input)];
}

/** Adds to what run and goal have used. Both are written with the next commit. */
export function charge(journal: Journal, more: Partial<Usage>): { run: RunPatch; goal: GoalPatch } {
  journal.run.usage = plus(journal.run.usage, more);
  if (journal.goal) journal.goal.usage = plus(journal.goal.usage, more);
  return { run: { usage: journal.run.usage }, goal: journal.goal ? { usage: journal.goal.usage } : {} };
}

function plus(usage: Usage, more: Partial<Usage>): Usage {
  const sum = { ...usage };
  for (const key of Object.keys(NO_USAGE) as (keyof Usage)[]) sum[key] += more[key] ?? 0;
  return sum;
}

export function usageOfCall(tokens: Parameters<typeof chargedTokens>[0], micros: number): Partial<Usage> {
  return {
    tokens: chargedTokens(tokens),
    inputTokens: tokens.inputTokens,
    cachedInputTokens: tokens.cachedInputTokens,
    outputTokens: tokens.outputTokens,
    micros,
    modelCalls: 1,
  };
}

/** Changes facts in memory and returns the patch that keeps them. */
export function setFacts(journal: Journal, facts: RunFacts): RunFacts {
  Object.assign(journal.facts, facts);
  return facts;
}

export function writeOf(journal: Journal, outcome: RunWrite["outcome"], intent: RunWrite["intent"]): RunWrite {
  const { id, goalId, epoch, control, commits } = journal.run;
  return { runId: id, goalId, epoch, control, commits, outcome, intent };
}
