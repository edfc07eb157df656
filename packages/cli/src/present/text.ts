import type { Terminal } from "../terminal.ts";

const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
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
  const characters = [...line];
  return characters.length <= maxCharacters ? line : `${characters.slice(0, maxCharacters - 1).join("")}…`;
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
    return minutes === 0 || ms > 10 * HOUR_MS ? `${Math.round(ms / HOUR_MS)} h` : `${Math.floor(ms / HOUR_MS)} h ${minutes} min`;
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
