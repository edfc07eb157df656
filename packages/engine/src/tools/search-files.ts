import { AppError } from "@bureau/protocol";
import { lstatSync } from "node:fs";
import { z } from "zod";
import { looksSecret } from "../domain/secret-paths.ts";
import { fileError } from "./file-error.ts";
import { openPlace } from "./paths.ts";
import { runWorker } from "./run-worker.ts";
import { searchExpression } from "./search-lines.ts";
import type { SearchJob, SearchMessage } from "./search-worker.ts";
import { ANY_FILE, defineTool } from "./tool.ts";
import type { ToolOutput } from "./tool.ts";
import { cleanText } from "./truncate.ts";

const DEFAULT_MATCHES = 100;
const MAX_MATCHES = 1000;
const MAX_PATTERN_CHARACTERS = 1000;
const MAX_OUTPUT_BYTES = 24_000;
const SEARCH_MS = 10_000;

export const searchFiles = defineTool({
  name: "search_files",
  description:
    "Searches text files by regular expression, without what git ignores; gives path:line:text. Capitals make it exact.",
  parameters: z.strictObject({
    pattern: z.string().min(1).max(MAX_PATTERN_CHARACTERS),
    path: z.string().optional(),
    glob: z.string().min(1).max(200).optional().describe("such as *.{ts,md} or !docs/**"),
    literal: z.boolean().optional(),
    max: z.int().min(1).max(MAX_MATCHES).optional().describe(`matches, default ${DEFAULT_MATCHES}`),
  }),
  effect: "read",
  idempotent: true,
  opens: () => ANY_FILE,
  describe: ({ pattern, path = ".", glob = "" }) => ({
    targets: [path],
    content: [pattern],
    reaches: [path, glob].filter(looksSecret),
  }),
  async execute({ pattern, path = "", glob, literal = false, max = DEFAULT_MATCHES }, { folder, clock, signal }) {
    searchExpression(pattern, literal);
    const job: SearchJob = { folder, from: placeOf(folder, path), pattern, literal, glob: glob ?? null, max };
    const search: Search = { lines: [], bytes: 0, left: 0, end: null };
    const outcome = await runWorker({
      file: new URL("./search-worker.ts", import.meta.url),
      data: job,
      timeMs: SEARCH_MS,
      clock,
      signal,
      onMessage: (message) => take(search, message as SearchMessage),
    });
    if (outcome === "failed" && !search.end) {
      throw new AppError(
        "unavailable",
        `The search for ${quote(pattern)} broke off. Narrow it with path or glob, or set literal.`,
      );
    }
    return render(search, pattern);
  },
});

interface Search {
  lines: string[];
  bytes: number;
  /** Matches that were found and do not fit. */
  left: number;
  /** Null when time ran out. */
  end: Extract<SearchMessage, { type: "end" }> | null;
}

/** Checks here what the thread could only fail on. */
function placeOf(folder: string, path: string): string {
  try {
    const place = openPlace(folder, path, "read");
    try {
      lstatSync(place.target);
      return place.path;
    } finally {
      place.close();
    }
  } catch (error) {
    throw fileError(error, path);
  }
}

function take(search: Search, message: SearchMessage): void {
  if (message.type === "end") {
    search.end = message;
    return;
  }
  for (const match of message.matches) {
    const line = cleanText(`${message.path}:${match.line}:${match.text}`);
    const bytes = Buffer.byteLength(line) + 1;
    if (search.bytes + bytes > MAX_OUTPUT_BYTES) search.left += 1;
    else {
      search.lines.push(line);
      search.bytes += bytes;
    }
  }
}

function render({ lines, left, end }: Search, pattern: string): ToolOutput {
  const notes: string[] = [];
  if (left > 0) notes.push(`${left} more matches do not fit; narrow the search with path or glob.`);
  if (end === null)
    notes.push(`Stopped after ${SEARCH_MS / 1000} s; narrow it with path or glob, or use a simpler pattern.`);
  if (end?.cut === "matches") notes.push("Stopped at max matches; there may be more. Narrow the search, or set max.");
  if (end?.cut === "files") notes.push(`Only the first ${end.files} files were searched; set path or glob.`);
  if (lines.length === 0 && notes.length === 0)
    notes.push(`No match for ${quote(pattern)} in ${countOf(end?.files ?? 0, "file")}.`);
  const note = notes.length > 0 ? [`[${notes.join(" ")}]`] : [];
  const title = `${countOf(lines.length + left, "match")} of ${quote(pattern)}`;
  return { text: [...lines, ...note].join("\n"), view: { type: "list", title, entries: lines } };
}

function countOf(count: number, noun: "file" | "match"): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun === "match" ? "matches" : "files"}`;
}

function quote(pattern: string): string {
  return JSON.stringify(pattern.length > 80 ? `${pattern.slice(0, 80)}…` : pattern);
}
