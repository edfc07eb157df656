import { MICROS_PER_DOLLAR } from "@bureau/protocol";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1, notation: "compact" });
const dollars = new Intl.NumberFormat("en", { style: "currency", currency: "USD" });
const cents = new Intl.NumberFormat("en", { style: "currency", currency: "USD", maximumFractionDigits: 4 });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayWithYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const whole = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "medium" });

/** `1.2M`, `940`. */
export function formatCount(count: number): string {
  return number.format(count);
}

/** Millionths of a dollar as `$1.20`; less than a cent with its places. */
export function formatMoney(micros: number): string {
  const amount = micros / MICROS_PER_DOLLAR;
  return amount > 0 && amount < 0.01 ? cents.format(amount) : dollars.format(amount);
}

/** `850 ms`, `12 s`, `4 min`, `2 h 5 min`, `3 days`. */
export function formatDuration(ms: number): string {
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`;
  if (ms < MINUTE_MS) return `${Math.round(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.round(ms / MINUTE_MS)} min`;
  if (ms >= 2 * DAY_MS) return `${Math.round(ms / DAY_MS)} days`;
  const minutes = Math.round((ms % HOUR_MS) / MINUTE_MS);
  return minutes === 0 ? `${Math.floor(ms / HOUR_MS)} h` : `${Math.floor(ms / HOUR_MS)} h ${minutes} min`;
}

/** How long ago, as one would say it: `now`, `4 min ago`, `yesterday`, `3 Mar`. */
export function formatAgo(at: string, now: number): string {
  const ms = now - Date.parse(at);
  if (ms < MINUTE_MS) return "now";
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min ago`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)} h ago`;
  if (ms < 2 * DAY_MS) return "yesterday";
  if (ms < WEEK_MS) return `${Math.floor(ms / DAY_MS)} days ago`;
  const date = new Date(at);
  return date.getFullYear() === new Date(now).getFullYear() ? day.format(date) : dayWithYear.format(date);
}

/** How long until then: `in 4 min`, `today 14:05`, `3 Mar 14:05`. */
export function formatUntil(at: string, now: number): string {
  const ms = Date.parse(at) - now;
  if (ms <= 0) return "now";
  if (ms < MINUTE_MS) return `in ${Math.ceil(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `in ${Math.ceil(ms / MINUTE_MS)} min`;
  const date = new Date(at);
  const isToday = date.toDateString() === new Date(now).toDateString();
  return isToday ? `today ${clock.format(date)}` : `${day.format(date)} ${clock.format(date)}`;
}

export function formatClock(at: string): string {
  return clock.format(new Date(at));
}

export function formatDay(at: string): string {
  return day.format(new Date(at));
}

/** The whole date and time, for titles. */
export function formatWhole(at: string): string {
  return whole.format(new Date(at));
}

/** `1.4 kB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
