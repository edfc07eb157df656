import { chargedTokens, MICROS_PER_DOLLAR, type Budget, type TokenUsage, type Usage } from "@bureau/protocol";
import type { ModelPrice } from "../models/model.ts";
import { durationText } from "./duration.ts";

/** Bytes of UTF-8 text that are counted as one token before a provider has counted them. */
export const BYTES_PER_TOKEN = 4;
/** A call that could not answer in this many tokens is not worth making. */
export const MIN_OUTPUT_TOKENS = 64;

const TOKENS_PER_PRICE = 1_000_000;

export type BudgetLimit = keyof Budget;

/** Set aside for calls in flight, summed over the tree. */
export interface Reserved {
  tokens: number;
  micros: number;
}

/** What the next step may use at most. */
export interface Wanted {
  tokens?: number;
  micros?: number;
  turns?: number;
  toolCalls?: number;
}

export type Reservation =
  | { ok: true; tokens: number; micros: number }
  | { ok: false; exceeded: BudgetLimit; sentence: string };

export type CallPlan =
  | { ok: true; tokens: number; micros: number; maxOutputTokens: number }
  | { ok: false; exceeded: BudgetLimit; sentence: string };

/**
 * Whether a step fits in what is left of a budget. Usage and reservations are sums over the goal and all its
 * descendants, so that a tree of work has one cap.
 *
 * A step fits when used + reserved + wanted stays within each cap; time is checked as what is already used,
 * because a step's time is not known before it. A reservation is given back when the step ends or is found
 * interrupted: a call in flight when the process dies is not charged to its goal, but it is to the caps (`caps.ts`).
 */
export function reserve(usage: Usage, reserved: Reserved, budget: Budget, wanted: Wanted): Reservation {
  const tokens = wanted.tokens ?? 0;
  const micros = wanted.micros ?? 0;
  const rows: [BudgetLimit, number, number][] = [
    ["tokens", usage.tokens + reserved.tokens, tokens],
    ["micros", usage.micros + reserved.micros, micros],
    ["turns", usage.turns, wanted.turns ?? 0],
    ["toolCalls", usage.toolCalls, wanted.toolCalls ?? 0],
    ["timeMs", usage.activeMs, 1],
  ];
  for (const [limit, used, more] of rows) {
    const cap = budget[limit];
    if (cap !== undefined && more > 0 && used + more > cap) {
      return { ok: false, exceeded: limit, sentence: exceededSentence(limit, used, more, cap) };
    }
  }
  return { ok: true, tokens, micros };
}

export interface CallEstimate {
  /** Bytes of the request's text: system prompt, tools and messages. */
  inputBytes: number;
  /** Output bound of the request, from the model's limits or a setting. */
  maxOutputTokens: number;
  price: ModelPrice | null;
  /** What the provider counted for the thread's last call, and the bytes it had then; makes the estimate exact. */
  lastCall?: { inputBytes: number; inputTokens: number; cachedInputTokens: number } | null;
}

/**
 * The most that a model call may use: input tokens, about bytes / 4 where the provider has not yet counted them,
 * less what it will read from its cache, plus the bound of the output.
 *
 * The price is that of uncached input and full output. An unknown price counts as zero.
 */
export function estimateCall(call: CallEstimate): { tokens: number; micros: number; inputTokens: number } {
  const last = call.lastCall ?? null;
  const known = last === null ? 0 : last.inputTokens;
  const newBytes = last === null ? call.inputBytes : Math.max(0, call.inputBytes - last.inputBytes);
  const input = known + Math.ceil(newBytes / BYTES_PER_TOKEN);
  const cached = Math.min(input, last?.cachedInputTokens ?? 0);
  const usage: TokenUsage = {
    inputTokens: input,
    cachedInputTokens: cached,
    outputTokens: call.maxOutputTokens,
    reasoningTokens: 0,
  };
  return { tokens: chargedTokens(usage), micros: priceOf(usage, call.price), inputTokens: input };
}

/**
 * Reserves a model call, with its output bound lowered to what the budget still allows.
 *
 * The returned `maxOutputTokens` must be sent with the request; the cap is hard only because of it. Not ok when
 * not even `MIN_OUTPUT_TOKENS` of answer would fit.
 */
export function planCall(usage: Usage, reserved: Reserved, budget: Budget, call: CallEstimate): CallPlan {
  const input = estimateCall({ ...call, maxOutputTokens: 0 });
  let output = call.maxOutputTokens;
  if (budget.tokens !== undefined) {
    output = Math.min(output, budget.tokens - usage.tokens - reserved.tokens - input.tokens);
  }
  if (budget.micros !== undefined && call.price !== null && call.price.output > 0) {
    const left = budget.micros - usage.micros - reserved.micros - input.micros;
    output = Math.min(output, Math.floor((left * TOKENS_PER_PRICE) / call.price.output));
  }
  const least = Math.min(MIN_OUTPUT_TOKENS, call.maxOutputTokens);
  output = Math.max(output, least);
  const wanted = estimateCall({ ...call, maxOutputTokens: output });
  const reservation = reserve(usage, reserved, budget, wanted);
  return reservation.ok ? { ...reservation, maxOutputTokens: output } : reservation;
}

/** Micro-dollars of one call, rounded up. */
export function priceOf(usage: TokenUsage, price: ModelPrice | null): number {
  if (price === null) return 0;
  const uncached = usage.inputTokens - usage.cachedInputTokens;
  const total =
    uncached * price.input + usage.cachedInputTokens * price.cachedInput + usage.outputTokens * price.output;
  return Math.ceil(total / TOKENS_PER_PRICE);
}

/** Usage after a model call that ended with an answer, or with a failure that the provider counted. */
export function chargeCall(usage: Usage, call: TokenUsage, price: ModelPrice | null): Usage {
  return {
    ...usage,
    tokens: usage.tokens + chargedTokens(call),
    inputTokens: usage.inputTokens + call.inputTokens,
    cachedInputTokens: usage.cachedInputTokens + call.cachedInputTokens,
    outputTokens: usage.outputTokens + call.outputTokens,
    micros: usage.micros + priceOf(call, price),
    modelCalls: usage.modelCalls + 1,
  };
}

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    tokens: a.tokens + b.tokens,
    inputTokens: a.inputTokens + b.inputTokens,
    cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    micros: a.micros + b.micros,
    turns: a.turns + b.turns,
    modelCalls: a.modelCalls + b.modelCalls,
    toolCalls: a.toolCalls + b.toolCalls,
    activeMs: a.activeMs + b.activeMs,
  };
}

/** What is left under each cap that the budget has, never below zero. */
export function remaining(usage: Usage, reserved: Reserved, budget: Budget): Partial<Record<BudgetLimit, number>> {
  const used: Record<BudgetLimit, number> = {
    tokens: usage.tokens + reserved.tokens,
    micros: usage.micros + reserved.micros,
    timeMs: usage.activeMs,
    turns: usage.turns,
    toolCalls: usage.toolCalls,
  };
  const left: Partial<Record<BudgetLimit, number>> = {};
  for (const limit of Object.keys(used) as BudgetLimit[]) {
    const cap = budget[limit];
    if (cap !== undefined) left[limit] = Math.max(0, cap - used[limit]);
  }
  return left;
}

/** What is left, in words: `12,000 tokens, $1.20 and 3 turns`; null when the budget has no cap. */
export function remainingText(left: { [L in BudgetLimit]?: number | undefined }): string | null {
  const parts = (Object.keys(AMOUNT) as BudgetLimit[]).flatMap((limit) => {
    const amount = left[limit];
    return amount === undefined ? [] : [AMOUNT[limit](amount)];
  });
  const last = parts.pop();
  if (last === undefined) return null;
  return parts.length === 0 ? last : `${parts.join(", ")} and ${last}`;
}

const NUMBER = new Intl.NumberFormat("en-US");

const AMOUNT: Record<BudgetLimit, (value: number) => string> = {
  tokens: (value) => `${NUMBER.format(value)} ${value === 1 ? "token" : "tokens"}`,
  micros: (value) => moneyText(value),
  timeMs: (value) => durationText(Math.round(value / 1000) * 1000),
  turns: (value) => `${NUMBER.format(value)} ${value === 1 ? "turn" : "turns"}`,
  toolCalls: (value) => `${NUMBER.format(value)} tool ${value === 1 ? "call" : "calls"}`,
};

/** Dollars with two digits, or with as many as a sum below a cent needs. */
export function moneyText(micros: number): string {
  const dollars = micros / MICROS_PER_DOLLAR;
  return `$${dollars.toFixed(micros !== 0 && micros < 10_000 ? 6 : 2)}`;
}

function exceededSentence(limit: BudgetLimit, used: number, more: number, cap: number): string {
  if (limit === "timeMs") return `The time budget of ${AMOUNT.timeMs(cap)} is used up.`;
  if (used >= cap) return `The budget of ${AMOUNT[limit](cap)} is used up.`;
  if (limit === "turns" || limit === "toolCalls") return `The budget of ${AMOUNT[limit](cap)} is used up.`;
  const left = AMOUNT[limit](cap - used);
  return `The next model call could take ${AMOUNT[limit](more)}, and ${left} of the budget of ${AMOUNT[limit](cap)} are left.`;
}
