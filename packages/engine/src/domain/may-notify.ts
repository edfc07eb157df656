import { type InboxKind, type Preferences, WEEKDAYS } from "@bureau/protocol";
import { offsetAt } from "./due-day.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Hours can fall into the one that a change of clocks leaves out, in which case the next week has them. */
const MAX_DAYS_AHEAD = 30;

/** `never`: not of this kind. */
export type MayNotify = { type: "now" } | { type: "later"; at: number } | { type: "never" };

/**
 * When somebody may be told of an entry of the inbox, in milliseconds since 1970: at once within their hours, else at
 * the first moment at which they are open again, whatever the clocks of their zone do in between.
 */
export function mayNotify(preferences: Preferences, now: number, kind: InboxKind): MayNotify {
  if (!preferences.kinds.includes(kind)) return { type: "never" };
  if (isOpen(preferences, now)) return { type: "now" };
  const at = nextOpen(preferences, now);
  return at === null ? { type: "never" } : { type: "later", at };
}

/** Whether the hours hold at a moment. A day that has none is closed. */
export function isOpen({ hours, timeZone }: Preferences, at: number): boolean {
  if (hours === null) return true;
  const shown = at + offsetAt(at, timeZone);
  const day = hours[weekdayOf(shown)];
  const minute = Math.floor((((shown % DAY_MS) + DAY_MS) % DAY_MS) / MINUTE_MS);
  return day !== null && minutesOf(day.from) <= minute && minute < minutesOf(day.to);
}

/** The clock on the wall enters the hours when it shows their beginning, or when it is changed. */
function nextOpen(preferences: Preferences, now: number): number | null {
  for (let days = 0; days < MAX_DAYS_AHEAD; days += 1) {
    const start = now + days * DAY_MS;
    const moments = [
      ...changesWithin(start, start + DAY_MS, preferences.timeZone),
      ...beginningsNear(preferences, start),
    ];
    const open = moments.filter((at) => at > now && at <= start + DAY_MS && isOpen(preferences, at));
    if (open.length > 0) return Math.min(...open);
  }
  return null;
}

/** Where the hours of the days around a moment begin, by each offset that the zone has in that time. */
function beginningsNear({ hours, timeZone }: Preferences, start: number): number[] {
  if (hours === null) return [];
  const offsets = new Set([start, start + DAY_MS].map((at) => offsetAt(at, timeZone)));
  return [...offsets].flatMap((offset) => {
    const midnight = Math.floor((start + offset) / DAY_MS) * DAY_MS;
    return [midnight, midnight + DAY_MS].flatMap((shown) => {
      const day = hours[weekdayOf(shown)];
      return day === null ? [] : [shown + minutesOf(day.from) * MINUTE_MS - offset];
    });
  });
}

/** The moment at which clocks are changed, if they are: no zone does it twice in a day. */
function changesWithin(start: number, end: number, timeZone: string): number[] {
  let [before, after] = [start, end];
  const offset = offsetAt(before, timeZone);
  if (offset === offsetAt(after, timeZone)) return [];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(middle, timeZone) === offset) before = middle;
    else after = middle;
  }
  return [after];
}

function weekdayOf(shown: number): (typeof WEEKDAYS)[number] {
  // The first of January 1970 was a Thursday; the list begins with Monday.
  return WEEKDAYS[(((Math.floor(shown / DAY_MS) + 3) % 7) + 7) % 7]!;
}

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}
