import { keepLine } from "./truncate.ts";

const MAX_LINES_COMPARED = 20_000;
const MAX_LINE_CHARACTERS = 200;
const MAX_SHOWN_BYTES = 300;
const MAX_SHOWN_LINES = 8;
/** Less alike than this and a line is no help. */
const NEAR_ENOUGH = 0.5;

/** Two ways in which a text that "is there" is not: what is made equal, and how that is said. */
const FOLDS: { fold: (line: string) => string; difference: string }[] = [
  { fold: foldSpace, difference: "white space (spaces, tabs or line ends)" },
  { fold: foldPunctuation, difference: "quotes, dashes, capitals or white space" },
];

/** Says why a text was not found in a file: what is there instead, where, and how it differs. */
export function explainMissing(path: string, text: string, oldText: string, newText: string): string {
  const lines = text.split("\n").slice(0, MAX_LINES_COMPARED);
  const wanted = trimBlank(oldText.split("\n"));
  const start = `old_text was not found in "${path}".`;
  if (text === "") return `${start} The file is empty; use write_file.`;
  if (wanted.length === 0) return `${start} It holds only white space; give the lines around it too.`;
  const done = newText.trim() !== "" && text.includes(newText);
  const already = done ? " new_text is in the file, so the edit may be made already; read the file." : "";
  for (const { fold, difference } of FOLDS) {
    const at = findFolded(lines, wanted, fold);
    if (at === -1) continue;
    const there = show(lines.slice(at, at + wanted.length));
    return `${start} ${lineRange(at, wanted.length)} only in ${difference}. The file has:\n${there}${already}`;
  }
  const begun = longestStart(lines, wanted);
  if (begun && begun.length >= 2) {
    const at = begun.at + begun.length;
    const given = wanted[begun.length] ?? "";
    return (
      `${start} Its first ${begun.length} lines are at line ${begun.at + 1}, but line ${at + 1} differs.\n` +
      `In the file: ${shown(lines[at] ?? "(end of file)")}\nIn old_text: ${shown(given)}${already}`
    );
  }
  const near = nearest(lines, wanted[0] ?? "");
  if (near === -1) return `${start} Nothing like its first line is there.${already || " Read the file again."}`;
  return `${start} The nearest line is ${near + 1}: ${shown(lines[near] ?? "")}${already}`;
}

function trimBlank(lines: string[]): string[] {
  const first = lines.findIndex((line) => line.trim() !== "");
  if (first === -1) return [];
  return lines.slice(first, lines.findLastIndex((line) => line.trim() !== "") + 1);
}

function findFolded(lines: string[], wanted: string[], fold: (line: string) => string): number {
  const target = wanted.map(fold);
  const folded = lines.map(fold);
  return folded.findIndex(
    (line, at) => line === target[0] && target.every((part, offset) => folded[at + offset] === part),
  );
}

function foldSpace(line: string): string {
  return line
    .slice(0, MAX_LINE_CHARACTERS * 10)
    .replace(/\s+/g, " ")
    .trim();
}

function foldPunctuation(line: string): string {
  return foldSpace(line)
    .replace(/[\u2018\u2019\u201A\u2032`]/g, "'")
    .replace(/[\u201C\u201D\u201E\u2033]/g, '"')
    .replace(/[\u2010-\u2015\u2212]/g, "-")
    .replaceAll("\u2026", "...")
    .toLowerCase();
}

/** Where most of the wanted lines match exactly in a row from the first on. */
function longestStart(lines: string[], wanted: string[]): { at: number; length: number } | null {
  let best: { at: number; length: number } | null = null;
  for (const [at, line] of lines.entries()) {
    if (line !== wanted[0]) continue;
    let length = 1;
    while (length < wanted.length && lines[at + length] === wanted[length]) length += 1;
    if (!best || length > best.length) best = { at, length };
  }
  return best;
}

function nearest(lines: string[], wanted: string): number {
  const target = pairs(wanted);
  let [best, bestScore] = [-1, NEAR_ENOUGH];
  for (const [at, line] of lines.entries()) {
    const score = likeness(target, pairs(line));
    if (score > bestScore) [best, bestScore] = [at, score];
  }
  return best;
}

/** The pairs of neighboring letters of a line, a cheap measure of what it holds. */
function pairs(line: string): Set<string> {
  const text = foldPunctuation(line).slice(0, MAX_LINE_CHARACTERS);
  const found = new Set<string>();
  for (let at = 0; at + 1 < text.length; at += 1) found.add(text.slice(at, at + 2));
  return found;
}

function likeness(left: Set<string>, right: Set<string>): number {
  if (left.size === 0 || right.size === 0) return 0;
  let common = 0;
  for (const pair of left) if (right.has(pair)) common += 1;
  return (2 * common) / (left.size + right.size);
}

function lineRange(at: number, length: number): string {
  return length === 1 ? `Line ${at + 1} differs` : `Lines ${at + 1}-${at + length} differ`;
}

function show(lines: string[]): string {
  const more = lines.length - MAX_SHOWN_LINES;
  const visible = lines.slice(0, MAX_SHOWN_LINES).map((line) => keepLine(line.replace(/\r$/, ""), MAX_SHOWN_BYTES));
  return [...visible, ...(more > 0 ? [`(and ${more} more lines)`] : [])].join("\n");
}

/** In JSON form, which makes tabs, carriage returns and spaces at the end visible. */
function shown(line: string): string {
  return JSON.stringify(keepLine(line, MAX_SHOWN_BYTES));
}
