/** Imports of one file that are looked at; the loader has its own limit over all files. */
const MAX_FOUND = 100;
const MAX_PATH_LENGTH = 500;
/** Runs of backticks in which the end of a code span is looked for. */
const MAX_RUNS = 100;
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
  let text = "";
  let end = 0;
  for (let index = 0; index < runs.length; index += 1) {
    const closing = closingRun(runs, index);
    const [run, other] = [runs[index], closing === null ? undefined : runs[closing]];
    if (run === undefined || closing === null || other === undefined) continue;
    text += `${line.slice(end, run.start)} `;
    end = other.start + other.length;
    index = closing;
  }
  return text + line.slice(end);
}

function closingRun(runs: readonly { length: number }[], opening: number): number | null {
  const length = runs[opening]?.length;
  for (let index = opening + 1; index < Math.min(runs.length, opening + MAX_RUNS); index += 1) {
    if (runs[index]?.length === length) return index;
  }
  return null;
}
