import { stripVTControlCharacters } from "node:util";
import type { Terminal } from "../terminal.ts";

/** Control characters, and those that turn the direction of text round. */
const CONTROLS = /(?![\t\n])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu;
/** Characters that take two columns. */
const WIDE =
  /^(?:\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6])/u;
const SEGMENTER = new Intl.Segmenter();
const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34 } as const;
export type Tone = keyof typeof CODES;

const MICROS_PER_CENT = 10_000;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Text without what would steer a terminal; line ends and tabs stay. Words of models and files pass through here. */
export function cleanText(text: string): string {
  return text.replace(CONTROLS, "");
}

/** One line of at most so many characters. */
export function oneLine(text: string, maxCharacters = 200): string {
  const line = cleanText(text).replace(/\s+/g, " ").trim();
  return cutText(line, maxCharacters);
}

/** Columns that a text takes in a terminal. */
export function textWidth(text: string): number {
  let width = 0;
  for (const { segment } of SEGMENTER.segment(stripVTControlCharacters(text))) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** The text, or its beginning with an ellipsis where it takes more columns. */
export function cutText(text: string, columns: number): string {
  if (text.length <= columns || textWidth(text) <= columns) return text;
  let cut = "";
  let width = 0;
  for (const { segment } of SEGMENTER.segment(text)) {
    width += WIDE.test(segment) ? 2 : 1;
    if (width >= columns) break;
    cut += segment;
  }
  return `${cut}…`;
}

export function paint(terminal: Terminal, tone: Tone, text: string): string {
  return terminal.color ? `\u001b[${CODES[tone]}m${text}\u001b[0m` : text;
}

/** How long ago or ahead a moment is, for people: `3 min ago`, `in 2 h`. */
export function relativeTime(now: number, at: string | null): string {
  if (at === null) return "-";
  const difference = now - Date.parse(at);
  if (Number.isNaN(difference)) return "-";
  if (Math.abs(difference) < 5 * SECOND_MS) return "now";
  const text = span(Math.abs(difference));
  return difference > 0 ? `${text} ago` : `in ${text}`;
}

/** A length of time in its largest unit or two. */
export function span(ms: number): string {
  if (ms < SECOND_MS) return `${Math.round(ms)} ms`;
  if (ms < MINUTE_MS) return `${Math.round(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.round(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) {
    const minutes = Math.round((ms % HOUR_MS) / MINUTE_MS);
    return minutes === 0 || ms > 10 * HOUR_MS
      ? `${Math.round(ms / HOUR_MS)} h`
      : `${Math.floor(ms / HOUR_MS)} h ${minutes} min`;
  }
  return `${Math.round(ms / DAY_MS)} d`;
}

/** Millionths of a dollar as dollars and cents; less than a cent is said to be so. */
export function money(micros: number): string {
  if (micros > 0 && micros < MICROS_PER_CENT) return "under $0.01";
  return `$${(micros / 1_000_000).toFixed(2)}`;
}

export function count(value: number, noun: string, plural = `${noun}s`): string {
  return `${value.toLocaleString("en-US")} ${value === 1 ? noun : plural}`;
}
