import { type Budget, MICROS_PER_DOLLAR } from "@bureau/protocol";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const UNIT_MS: Record<string, number> = { s: SECOND_MS, m: MINUTE_MS, min: MINUTE_MS, h: HOUR_MS, d: DAY_MS };
const TIMES: Record<string, number> = { "": 1, k: 1_000, m: 1_000_000 };

/** `200000`, `200k`, `1.5M`; null for anything else. */
export function readCount(text: string): number | null {
  const match = /^(\d[\d,_ ]*(?:\.\d+)?)\s*([km]?)$/i.exec(text.trim());
  if (match === null) return null;
  return positive(Math.round(Number(match[1]?.replace(/[,_ ]/g, "")) * (TIMES[match[2]?.toLowerCase() ?? ""] ?? 1)));
}

/** `2`, `$2.00`, as millionths of a dollar. */
export function readMoney(text: string): number | null {
  const match = /^\$?\s*(\d+(?:\.\d+)?)\s*(?:\$|usd|dollars?)?$/i.exec(text.trim());
  return match === null ? null : positive(Math.round(Number(match[1]) * MICROS_PER_DOLLAR));
}

/** `90m`, `2 h`, `1h 30m`, in milliseconds. */
export function readTime(text: string): number | null {
  const part = /(\d+(?:\.\d+)?)\s*(days?|d|hours?|h|minutes?|min|m|seconds?|s)\s*/gi;
  if (text.trim() === "" || text.trim().replace(part, "") !== "") return null;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(part))
    ms += Number(amount) * (UNIT_MS[unit?.toLowerCase()[0] ?? ""] ?? 0);
  return positive(Math.round(ms));
}

function positive(amount: number): number | null {
  return amount > 0 && Number.isSafeInteger(amount) ? amount : null;
}

/** Caps as they are written; an empty one is none. */
export type BudgetForm = Record<keyof Budget, string>;

const READERS: Record<keyof Budget, { read: (text: string) => number | null; problem: string }> = {
  micros: { read: readMoney, problem: "Write dollars, such as 2.00." },
  tokens: { read: readCount, problem: "Write a number, such as 200000 or 200k." },
  timeMs: { read: readTime, problem: "Write a time with its unit, such as 2h or 90m." },
  turns: { read: readCount, problem: "Write a whole number, such as 40." },
  toolCalls: { read: readCount, problem: "Write a whole number, such as 100." },
};

export const BUDGET_KEYS = ["micros", "tokens", "timeMs", "turns", "toolCalls"] as const satisfies (keyof Budget)[];

export function budgetForm(budget: Budget): BudgetForm {
  const { micros, tokens, timeMs, turns, toolCalls } = budget;
  return {
    micros: micros === undefined ? "" : writeMoney(micros),
    tokens: tokens === undefined ? "" : `${tokens}`,
    timeMs: timeMs === undefined ? "" : writeTime(timeMs),
    turns: turns === undefined ? "" : `${turns}`,
    toolCalls: toolCalls === undefined ? "" : `${toolCalls}`,
  };
}

export function readBudget(form: BudgetForm): { budget: Budget; problems: Partial<BudgetForm> } {
  const budget: Budget = {};
  const problems: Partial<BudgetForm> = {};
  for (const key of BUDGET_KEYS) {
    if (form[key].trim() === "") continue;
    const amount = READERS[key].read(form[key]);
    if (amount === null) problems[key] = READERS[key].problem;
    else budget[key] = amount;
  }
  return { budget, problems };
}

function writeMoney(micros: number): string {
  const dollars = micros / MICROS_PER_DOLLAR;
  return Number.isInteger(dollars * 100) ? dollars.toFixed(2) : `${dollars}`;
}

/** Exact: what is read again is the same. */
function writeTime(ms: number): string {
  const parts = [
    [Math.floor(ms / HOUR_MS), "h"],
    [Math.floor((ms % HOUR_MS) / MINUTE_MS), "m"],
    [(ms % MINUTE_MS) / SECOND_MS, "s"],
  ] as const;
  return parts
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(" ");
}
