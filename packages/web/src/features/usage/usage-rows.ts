import { NO_USAGE, type Usage, type UsageReport } from "@bureau/protocol";
import { formatCount, formatDay, formatMoney } from "../../lib/format.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;
const WEEK_DAYS = 7;
/** More days than this are told by weeks. */
const MOST_SINGLE_DAYS = 31;

export const USAGE_RANGES = [7, 30, 90] as const;
export type UsageRange = (typeof USAGE_RANGES)[number];
export const USAGE_BY = ["goal", "agent", "day"] as const;
export type UsageBy = (typeof USAGE_BY)[number];
export const USAGE_MEASURES = ["money", "tokens"] as const;
export type UsageMeasure = (typeof USAGE_MEASURES)[number];

/** One line of the table: something that used tokens and money. */
export interface UsageRow {
  key: string;
  label: string;
  usage: Pick<Usage, "tokens" | "micros">;
}

/** The first day of a range that ends today, as the report asks for it; its days are those of UTC. */
export function firstDay(range: UsageRange, now: number): string {
  return dayOf(now - (range - 1) * DAY_MS);
}

/** Every day of the range, the newest first, also those without use; weeks where the days are too many to read. */
export function dayRows(rows: UsageReport["rows"], range: UsageRange, now: number): UsageRow[] {
  const used = new Map(rows.map(({ key, usage }) => [key, usage]));
  const days = Array.from({ length: range }, (_, back) => dayOf(now - back * DAY_MS));
  const size = range > MOST_SINGLE_DAYS ? WEEK_DAYS : 1;
  const groups = Array.from({ length: Math.ceil(range / size) }, (_, at) => days.slice(at * size, (at + 1) * size));
  return groups.map((group) => {
    const usages = group.map((day) => used.get(day) ?? NO_USAGE);
    const first = group.at(-1) ?? "";
    const last = group[0] ?? "";
    return {
      key: first,
      label: first === last ? formatDay(noon(first)) : `${formatDay(noon(first))} to ${formatDay(noon(last))}`,
      usage: { tokens: sum(usages.map(({ tokens }) => tokens)), micros: sum(usages.map(({ micros }) => micros)) },
    };
  });
}

/** The most used first. */
export function byUse(rows: UsageReport["rows"], measure: UsageMeasure): UsageRow[] {
  return rows.toSorted((one, other) => amountOf(other.usage, measure) - amountOf(one.usage, measure));
}

export function amountOf(usage: UsageRow["usage"], measure: UsageMeasure): number {
  return measure === "money" ? usage.micros : usage.tokens;
}

export function formatAmount(amount: number, measure: UsageMeasure): string {
  return measure === "money" ? formatMoney(amount) : formatCount(amount);
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** At noon a day has the same name nearly everywhere. */
function noon(day: string): string {
  return `${day}T12:00:00Z`;
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}
