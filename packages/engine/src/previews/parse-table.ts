/** What is shown of one table. */
export interface TableLimits {
  rows: number;
  columns: number;
  cellCharacters: number;
  /** Of all cells together. */
  characters: number;
}

export const TABLE_LIMITS: TableLimits = {
  rows: 2_000,
  columns: 200,
  cellCharacters: 1_000,
  characters: 1_000_000,
};

export interface ParsedTable {
  rows: string[][];
  /** True when there is more than is here. */
  truncated: boolean;
}

const DELIMITERS = [",", ";", "\t", "|"] as const;
const PROBE_CHARACTERS = 10_000;

/**
 * Reads text with cells between delimiters, as RFC 4180 has it, and whatever comes near: a quote that is never closed
 * goes to the end. Never throws, reads each character once, and stops at the limits.
 */
export function parseTable(text: string, delimiter: string, limits: TableLimits = TABLE_LIMITS): ParsedTable {
  const rows: string[][] = [];
  let row: string[] = [];
  let [at, characters, truncated] = [0, 0, false];
  while (at < text.length) {
    if (rows.length >= limits.rows || characters >= limits.characters) return { rows, truncated: true };
    const cell = readCell(text, at, delimiter, limits.cellCharacters);
    truncated ||= cell.cut;
    if (row.length < limits.columns) {
      row.push(cell.text);
      characters += cell.text.length + 1;
    } else truncated = true;
    at = cell.end;
    if (text.startsWith(delimiter, at)) {
      at += delimiter.length;
      if (at < text.length) continue;
      if (row.length < limits.columns) row.push("");
      else truncated = true;
    } else at = afterLineEnd(text, at);
    rows.push(row);
    row = [];
  }
  return { rows, truncated };
}

interface Cell {
  text: string;
  /** Where its delimiter or the end of its line is. */
  end: number;
  cut: boolean;
}

function readCell(text: string, start: number, delimiter: string, max: number): Cell {
  if (text[start] !== '"') {
    const end = plainEnd(text, start, delimiter);
    return { text: text.slice(start, Math.min(end, start + max)).toWellFormed(), end, cut: end - start > max };
  }
  const parts: string[] = [];
  let [at, length] = [start + 1, 0];
  for (;;) {
    const quote = text.indexOf('"', at);
    const end = quote === -1 ? text.length : quote;
    if (length < max) parts.push(text.slice(at, Math.min(end, at + max - length)));
    length += end - at;
    if (text[end + 1] !== '"' || quote === -1) {
      // What follows the closing quote up to the delimiter belongs to nothing, and is kept.
      const after = Math.min(end + 1, text.length);
      const next = plainEnd(text, after, delimiter);
      const rest = text.slice(after, Math.min(next, after + Math.max(0, max - length)));
      return { text: (parts.join("") + rest).toWellFormed(), end: next, cut: length + next - after > max };
    }
    if (length < max) parts.push('"');
    length += 1;
    at = end + 2;
  }
}

function plainEnd(text: string, start: number, delimiter: string): number {
  let at = start;
  while (at < text.length && text[at] !== delimiter && text[at] !== "\n" && text[at] !== "\r") at += 1;
  return at;
}

function afterLineEnd(text: string, at: number): number {
  if (text[at] === "\r" && text[at + 1] === "\n") return at + 2;
  return at < text.length ? at + 1 : at;
}

/** The delimiter that stands most often in the first line outside of quotes; a comma where none does. */
export function delimiterOf(text: string): string {
  const counts = new Map<string, number>();
  let quoted = false;
  for (const character of text.slice(0, PROBE_CHARACTERS)) {
    if (character === '"') quoted = !quoted;
    else if (character === "\n" && !quoted) break;
    else if (!quoted && DELIMITERS.some((one) => one === character))
      counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  const best = [...counts].toSorted(([, one], [, other]) => other - one)[0];
  return best?.[0] ?? ",";
}
