import type { WrittenWord } from "./named-words.ts";

/** Words between a time and the day that it belongs to. */
const PAIR_WORDS = 12;
/** Most days, times and durations that are looked at; what is written beyond them is not named. */
const MAX_KEPT = 100;
const MINUTE_MS = 60_000;

/** Days, times of day and moments that were written, each as ISO 8601 text without a zone. */
export interface WrittenTimes {
  days: ReadonlySet<string>;
  times: ReadonlySet<string>;
  moments: ReadonlySet<string>;
}

interface Found {
  place: number;
  line: number;
}

const MONTHS = monthNumbers([
  "jan january januar jänner",
  "feb february februar",
  "mar march märz",
  "apr april",
  "may mai",
  "jun june juni",
  "jul july juli",
  "aug august",
  "sep sept september",
  "oct october okt oktober",
  "nov november",
  "dec december dez dezember",
]);
const COUNTS: Record<string, number> = {
  a: 1,
  an: 1,
  one: 1,
  ein: 1,
  eine: 1,
  einen: 1,
  einer: 1,
  two: 2,
  zwei: 2,
  three: 3,
  drei: 3,
  four: 4,
  vier: 4,
  five: 5,
  fünf: 5,
  half: 0.5,
  halbe: 0.5,
  halben: 0.5,
};
const UNIT_MINUTES = Object.create(null) as Record<string, number | undefined>;
for (const name of ["minute", "minutes", "min", "mins", "minuten"]) UNIT_MINUTES[name] = 1;
for (const name of ["hour", "hours", "h", "hr", "hrs", "stunde", "stunden", "std"]) UNIT_MINUTES[name] = 60;

/**
 * The days and times that words name: `2024-05-19`, `May 19th 2024`, `12:00`, `9 am`, `14 Uhr`, and the end of what
 * begins at a written time and lasts a written while. A day without its year names none.
 */
export function timesOf(words: readonly WrittenWord[]): WrittenTimes {
  const said = words.filter((word) => !word.negated);
  const days: (Found & { day: string })[] = [];
  const times: (Found & { time: string })[] = [];
  const durations = new Set<number>();
  for (const [place, word] of said.entries()) {
    const { line } = word;
    const day = dayAt(said, place);
    if (day !== null && days.length < MAX_KEPT) days.push({ place, line, day });
    for (const time of timesAt(said, place)) if (times.length < MAX_KEPT) times.push({ place, line, time });
    const minutes = minutesAt(said, place);
    if (minutes !== null && durations.size < MAX_KEPT) durations.add(minutes);
  }
  const starts = new Set<string>();
  for (const { place, line, time } of times) {
    for (const { day, ...near } of days) {
      if (near.line === line && Math.abs(near.place - place) <= PAIR_WORDS) starts.add(`${day}T${time}`);
    }
  }
  return {
    days: new Set(days.map(({ day }) => day)),
    times: new Set(times.map(({ time }) => time)),
    moments: withEnds(starts, durations),
  };
}

/** Whether a value is a day, a time or a moment that was written; null where it is none of them. */
export function isNamedTime(value: string, written: WrittenTimes): boolean | null {
  if (/^\d{4}-\d{2}-\d{2}$/.test(value)) return written.days.has(value);
  const moment = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2})(?::00(?:\.0{1,6})?)?$/.exec(value);
  if (moment !== null) return written.moments.has(`${moment[1]}T${moment[2]}`);
  const time = /^(\d{1,2}):(\d{2})(?::00)?$/.exec(value);
  return time === null ? null : written.times.has(`${time[1]!.padStart(2, "0")}:${time[2]}`);
}

function withEnds(starts: ReadonlySet<string>, durations: ReadonlySet<number>): Set<string> {
  const moments = new Set(starts);
  for (const start of starts) {
    for (const minutes of durations) {
      if (moments.size >= MAX_KEPT * MAX_KEPT) return moments;
      const end = Date.parse(`${start}:00Z`) + minutes * MINUTE_MS;
      if (Number.isFinite(end)) moments.add(new Date(end).toISOString().slice(0, 16));
    }
  }
  return moments;
}

/** A day that begins at a place: one word, or a month's name with day and year around it. */
function dayAt(words: readonly WrittenWord[], place: number): string | null {
  const [text = "", second = "", third = "", fourth = ""] = sameLine(words, place, 4);
  const iso = /^(\d{4})[-/](\d{2})[-/](\d{2})(?:t\d{2}:\d{2}.{0,20})?$/.exec(text);
  if (iso !== null) return isoDay(iso[1], iso[2], iso[3]);
  const dotted = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(text);
  if (dotted !== null) return isoDay(dotted[3], dotted[2], dotted[1]);
  const slashed = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text);
  if (slashed !== null) return slashedDay(slashed[1]!, slashed[2]!, slashed[3]!);
  const month = MONTHS[text];
  if (month !== undefined) return isoDay(year(third), month, dayNumber(second));
  const date = dayNumber(text);
  if (date === undefined) return null;
  const [name, after] = second === "of" ? [third, fourth] : [second, third];
  const named = MONTHS[name];
  return named === undefined ? null : isoDay(year(after), named, date);
}

/** `05/06/2024` is two days, depending on who reads it, so it names none. */
function slashedDay(first: string, second: string, year: string): string | null {
  if (first === second || Number(second) > 12) return isoDay(year, first, second);
  return Number(first) > 12 ? isoDay(year, second, first) : null;
}

function timesAt(words: readonly WrittenWord[], place: number): string[] {
  const [text = "", next = ""] = sameLine(words, place, 2);
  if (text === "noon" || text === "midday") return ["12:00"];
  if (text === "midnight") return ["00:00"];
  const inMoment = /^\d{4}-\d{2}-\d{2}t(\d{2}:\d{2})(?::00)?$/.exec(text)?.[1];
  return (inMoment ?? text).split(/[-–]/u, 2).flatMap((part) => {
    const match = /^(\d{1,2})(?:[:.](\d{2}))?(?::00)?(am|pm)?$/.exec(part);
    if (match === null) return [];
    const half = match[3] ?? (/^[ap]\.?m$/.test(next) ? `${next[0]}m` : undefined);
    const isTime = half !== undefined || next === "uhr" || (part.includes(":") && match[2] !== undefined);
    return isTime ? clockTime(Number(match[1]), Number(match[2] ?? 0), half) : [];
  });
}

function clockTime(hour: number, minute: number, half: string | undefined): string[] {
  if (minute > 59 || hour > 23 || (half !== undefined && (hour < 1 || hour > 12))) return [];
  const hours = half === undefined ? hour : (hour % 12) + (half === "pm" ? 12 : 0);
  return [`${String(hours).padStart(2, "0")}:${String(minute).padStart(2, "0")}`];
}

/** Minutes of a duration that begins at a place: `one hour`, `90-minute`, `1.5 hours`, `45min`, `half an hour`. */
function minutesAt(words: readonly WrittenWord[], place: number): number | null {
  const [text = "", second = "", third = ""] = sameLine(words, place, 3);
  const joined = /^(\d{1,4}(?:\.\d)?|\p{L}+)-?(\p{L}+)$/u.exec(text);
  const [amount, unit] =
    joined !== null && UNIT_MINUTES[joined[2]!] !== undefined && countOf(joined[1]!) !== null
      ? [joined[1]!, joined[2]!]
      : text === "half" && second === "an"
        ? [text, third]
        : [text, second];
  const minutes = (countOf(amount) ?? 0) * (UNIT_MINUTES[unit] ?? 0);
  return minutes > 0 && Number.isInteger(minutes) ? minutes : null;
}

function countOf(text: string): number | null {
  if (/^\d{1,4}(\.\d)?$/.test(text)) return Number(text);
  return Object.hasOwn(COUNTS, text) ? COUNTS[text]! : null;
}

function sameLine(words: readonly WrittenWord[], place: number, count: number): string[] {
  const line = words[place]?.line;
  const near = words.slice(place, place + count);
  return near.filter((word) => word.line === line).map((word) => word.text);
}

function dayNumber(text: string): string | undefined {
  return /^(\d{1,2})(?:st|nd|rd|th|\.)?$/.exec(text)?.[1];
}

function year(text: string): string | undefined {
  return /^\d{4}$/.test(text) ? text : undefined;
}

function isoDay(...parts: (string | undefined)[]): string | null {
  const [year, month, day] = parts;
  if (year === undefined || month === undefined || day === undefined) return null;
  const text = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  const time = Date.parse(`${text}T00:00:00Z`);
  // The 31st of a shorter month is read as a day of the next one.
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(text) ? text : null;
}

function monthNumbers(names: readonly string[]): Record<string, string> {
  const numbers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [index, line] of names.entries()) {
    for (const name of line.split(" ")) numbers[name] = String(index + 1);
  }
  return numbers;
}
