import type { Budget, Usage } from "@bureau/protocol";
import { formatCount, formatDuration, formatMoney } from "../../lib/format.ts";

/** One thing that a goal uses up, and how much of its cap; `cap` and `share` are null where there is none. */
export interface BudgetUse {
  key: keyof Budget;
  label: string;
  used: number;
  cap: number | null;
  /** From 0; more than 1 when it went over. */
  share: number | null;
  /** `$0.84 of $2.00`, `12 turns`. */
  words: string;
}

const KINDS: readonly {
  key: keyof Budget;
  label: string;
  of: (usage: Usage) => number;
  format: (amount: number) => string;
  /** After the numbers, where they do not say it themselves. */
  noun: string;
}[] = [
  { key: "micros", label: "Money", of: ({ micros }) => micros, format: formatMoney, noun: "" },
  { key: "tokens", label: "Tokens", of: ({ tokens }) => tokens, format: formatCount, noun: " tokens" },
  { key: "timeMs", label: "Time at work", of: ({ activeMs }) => activeMs, format: formatDuration, noun: "" },
  { key: "turns", label: "Turns", of: ({ turns }) => turns, format: formatCount, noun: " turns" },
  { key: "toolCalls", label: "Tool calls", of: ({ toolCalls }) => toolCalls, format: formatCount, noun: " tool calls" },
];

/** Everything that counts, those with a cap first. */
export function budgetUses(budget: Budget, usage: Usage): BudgetUse[] {
  return KINDS.map(({ key, label, of, format, noun }): BudgetUse => {
    const used = of(usage);
    const cap = budget[key] ?? null;
    const words =
      cap === null
        ? `${format(used)}${used === 1 ? noun.replace(/s$/, "") : noun}`
        : `${format(used)} of ${format(cap)}${noun}`;
    return { key, label, used, cap, share: cap === null ? null : used / cap, words };
  }).toSorted((one, other) => Number(one.cap === null) - Number(other.cap === null));
}

/** The cap that is reached first, or what was spent where there is none; null when nothing is known yet. */
export function tightestUse(budget: Budget, usage: Usage): BudgetUse | null {
  const uses = budgetUses(budget, usage);
  const capped = uses.filter(({ share }) => share !== null);
  if (capped.length > 0) return capped.reduce((most, use) => ((use.share ?? 0) > (most.share ?? 0) ? use : most));
  return uses.find(({ key, used }) => used > 0 && (key === "micros" || key === "tokens")) ?? null;
}
