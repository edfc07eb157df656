import { moneyText } from "./budget.ts";

/** Spending is compared by stretches of this length. */
export const RATE_WINDOW_MS = 10 * 60_000;
/** So far back it is looked for what is usual. */
export const USUAL_WINDOWS = 144;
/** Fewer stretches in which anything was spent say nothing of what is usual. */
const MIN_EARLIER = 3;
/** This many times the usual is far above it. */
const FACTOR = 8;
/** Less than this in one stretch is never too much. */
const LEAST: SpendWindow = { tokens: 300_000, micros: 3_000_000 };
/** Model calls in one minute, over all runs of one goal, that came to neither a tool call nor a word. */
export const MAX_IDLE_CALLS = 30;

export interface SpendWindow {
  tokens: number;
  micros: number;
}

export type RateVerdict = { ok: true } | { ok: false; sentence: string };

/** Whether so much that the stretch must be compared with earlier ones, which costs a query. */
export function isMuch(window: SpendWindow): boolean {
  return window.tokens >= LEAST.tokens || window.micros >= LEAST.micros;
}

/**
 * Whether what was spent in ten minutes is far above what is usual: eight times the median of the earlier stretches in
 * which anything was spent. Never for little, and never before there is something to compare with.
 */
export function judgeRate(current: SpendWindow, earlier: readonly SpendWindow[]): RateVerdict {
  for (const limit of ["micros", "tokens"] as const) {
    const spent = earlier.map((window) => window[limit]).filter((amount) => amount > 0);
    if (current[limit] < LEAST[limit] || spent.length < MIN_EARLIER) continue;
    const usual = median(spent);
    if (current[limit] > usual * FACTOR) {
      return {
        ok: false,
        sentence: `spent ${text(limit, current[limit])} in ten minutes, usually ${text(limit, usual)}`,
      };
    }
  }
  return { ok: true };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? high : Math.round(((sorted[middle - 1] ?? high) + high) / 2);
}

const NUMBER = new Intl.NumberFormat("en-US");

function text(limit: keyof SpendWindow, amount: number): string {
  return limit === "micros" ? moneyText(amount) : `${NUMBER.format(amount)} tokens`;
}
