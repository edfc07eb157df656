const DAY_MS = 24 * 60 * 60_000;
const HOUR_MS = 60 * 60_000;
/** A day further away is taken for a slip of the pen. */
const MAX_DAYS_AHEAD = 5 * 366;
/** When a reminder of a day is given, by the clock on the wall. */
const REMINDER_HOUR = 9;
/** Times that an offset is looked up: the first is of a moment that may lie on the other side of a change. */
const PASSES = 2;

/** A moment, and the zone in which days begin and end. */
export interface Today {
  now: number;
  /** IANA name such as `Europe/Berlin`. */
  timeZone: string;
}

/** From Sunday, as `getUTCDay` counts. */
const WEEKDAYS: readonly (readonly string[])[] = [
  ["sunday", "sun", "sonntag", "so"],
  ["monday", "mon", "montag", "mo"],
  ["tuesday", "tue", "dienstag", "di"],
  ["wednesday", "wed", "mittwoch", "mi"],
  ["thursday", "thu", "donnerstag", "do"],
  ["friday", "fri", "freitag", "fr"],
  ["saturday", "sat", "samstag", "sonnabend", "sa"],
];
const DAYS_AHEAD: Readonly<Record<string, number>> = { today: 0, heute: 0, tomorrow: 1, morgen: 1 };

/**
 * The day that words name, as `2026-12-01`, or null: a date, a weekday (the next one after today), today or tomorrow,
 * in English or German. A day that is over is none.
 */
export function parseDay(words: string, today: Today): string | null {
  const text = words.trim().toLowerCase();
  const here = dayOf(today);
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return isDay(text) && isAhead(here, text) ? text : null;
  const ahead = Object.hasOwn(DAYS_AHEAD, text) ? DAYS_AHEAD[text] : undefined;
  if (ahead !== undefined) return plusDays(here, ahead);
  const weekday = WEEKDAYS.findIndex((names) => names.includes(text));
  if (weekday < 0) return null;
  const away = (weekday - new Date(`${here}T00:00:00Z`).getUTCDay() + 7) % 7;
  return plusDays(here, away === 0 ? 7 : away);
}

/** When somebody is reminded of a day, in milliseconds since 1970. */
export function reminderOf(day: string, timeZone: string): number {
  return momentOf(day, REMINDER_HOUR, timeZone);
}

/** The moment at which a day is over. */
export function endOf(day: string, timeZone: string): number {
  return momentOf(plusDays(day, 1), 0, timeZone);
}

function dayOf({ now, timeZone }: Today): string {
  return new Date(now + offsetAt(now, timeZone)).toISOString().slice(0, 10);
}

function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(text);
}

function isAhead(here: string, day: string): boolean {
  const days = (Date.parse(`${day}T00:00:00Z`) - Date.parse(`${here}T00:00:00Z`)) / DAY_MS;
  return days >= 0 && days <= MAX_DAYS_AHEAD;
}

function plusDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** The moment at which clocks of the zone show this; the offset is that of the moment itself, also around a change. */
function momentOf(day: string, hour: number, timeZone: string): number {
  const shown = Date.parse(`${day}T00:00:00Z`) + hour * HOUR_MS;
  let moment = shown;
  for (let pass = 0; pass < PASSES; pass += 1) moment = shown - offsetAt(moment, timeZone);
  return moment;
}

/** How far the zone's clocks are ahead of UTC at a moment, in milliseconds. */
export function offsetAt(moment: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  }).formatToParts(moment);
  const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((one) => one.type === type)?.value ?? 0);
  const shown = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return shown - Math.floor(moment / 1_000) * 1_000;
}
