/** Imports of one file that are looked at; the loader has its own limit over all files. */
const MAX_FOUND = 100;
const MAX_PATH_LENGTH = 500;
const IMPORT = /(?:^|[\s(])@([^\s`'"<>()|*]+)/g;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;

export interface NamedImport {
  path: string;
  /** True when it can only mean a file; `@ada` or `@scope/package` in a sentence may not. */
  clear: boolean;
}

/** The files that a text imports as `@path/file.md`, each once, in order. Code blocks and code spans import nothing. */
export function findImports(text: string): NamedImport[] {
  const found = new Map<string, NamedImport>();
  let fence: string | null = null;
  for (const line of text.split("\n")) {
    const mark = FENCE.exec(line)?.[1] ?? null;
    if (mark !== null && (fence === null || closes(mark, fence, line))) {
      fence = fence === null ? mark : null;
      continue;
    }
    if (fence !== null) continue;
    for (const match of withoutCodeSpans(line).matchAll(IMPORT)) {
      const path = (match[1] ?? "").replace(/[.,;:!?\]}]+$/, "");
      if (path === "" || path.length > MAX_PATH_LENGTH || path.includes("\0")) continue;
      found.set(path, { path, clear: /^(\.{0,2}|~)\//.test(path) || /\.[a-z]{1,5}$/i.test(path) });
      if (found.size >= MAX_FOUND) return [...found.values()];
    }
  }
  return [...found.values()];
}

function closes(mark: string, fence: string, line: string): boolean {
  return mark[0] === fence[0] && mark.length >= fence.length && line.trim() === mark;
}

/** A code span opens with a run of backticks and closes with the next run of the same length. */
function withoutCodeSpans(line: string): string {
  const runs = [...line.matchAll(/`+/g)].map((match) => ({ start: match.index, length: match[0].length }));
  if (runs.length < 2) return line;
  const later = new Map<number, number[]>();
  for (const [index, run] of runs.entries()) later.set(run.length, [...(later.get(run.length) ?? []), index]);
  let text = "";
  let end = 0;
  for (let index = 0; index < runs.length; index += 1) {
    const run = runs[index];
    const closing = run === undefined ? undefined : later.get(run.length)?.find((other) => other > index);
    const closingRun = closing === undefined ? undefined : runs[closing];
    if (run === undefined || closing === undefined || closingRun === undefined) continue;
    text += `${line.slice(end, run.start)} `;
    end = closingRun.start + closingRun.length;
    index = closing;
  }
  return text + line.slice(end);
}
