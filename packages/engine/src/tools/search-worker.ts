import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { matchesGlob } from "node:path";
import { errorCode } from "./file-error.ts";
import { looksBinary } from "./open-file.ts";
import { openPlace } from "./paths.ts";
import { searchExpression, searchLines } from "./search-lines.ts";
import { serveJobs } from "./serve-jobs.ts";
import { walkFolder } from "./walk-folder.ts";

// The program of the thread that search_files runs. It tells matches as it finds them, so that they are kept when
// the thread is ended for taking too long.

const CHUNK_BYTES = 256_000;
const MAX_FILES = 50_000;
const MAX_FILE_BYTES = 64_000_000;
const MAX_DEPTH = 64;
const OPEN_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface SearchJob {
  folder: string;
  /** A folder or a file. */
  from: string;
  pattern: string;
  literal: boolean;
  glob: string | null;
  max: number;
}

export type SearchMessage =
  | { type: "matches"; path: string; matches: { line: number; text: string }[] }
  /** `cut` says why not everything was searched, if so. */
  | { type: "end"; files: number; cut: "matches" | "files" | null };

interface Search {
  expression: RegExp;
  /** Matches that may still be told. */
  left: number;
  tell(message: SearchMessage): void;
}

const buffer = Buffer.allocUnsafe(CHUNK_BYTES);

serveJobs<SearchJob>((job, tell) => {
  const search: Search = { expression: searchExpression(job.pattern, job.literal), left: job.max, tell };
  let files = 0;
  for (const found of candidates(job)) {
    if (files >= MAX_FILES) return search.tell({ type: "end", files, cut: "files" });
    files += 1;
    searchFile(found.path, found.target, search);
    if (search.left === 0) return search.tell({ type: "end", files, cut: "matches" });
  }
  search.tell({ type: "end", files, cut: null });
});

function* candidates(job: SearchJob): Generator<{ path: string; target: string }> {
  const place = openPlace(job.folder, job.from, "read");
  try {
    if (lstatSync(place.target).isFile()) {
      yield place;
      return;
    }
  } finally {
    place.close();
  }
  for (const found of walkFolder({ folder: job.folder, from: place.path, maxDepth: MAX_DEPTH, order: "depth" })) {
    if (found.kind === "file" && isWanted(found, job.glob)) yield found;
  }
}

/** A glob without a slash is matched with the name, one with a slash with the path; `!` before it turns it round. */
function isWanted({ path, name }: { path: string; name: string }, wanted: string | null): boolean {
  if (wanted === null) return true;
  const excludes = wanted.startsWith("!");
  const glob = (excludes ? wanted.slice(1) : wanted).replace(/^\//, "");
  return matchesGlob(glob.includes("/") ? path : name, glob) !== excludes;
}

function searchFile(path: string, target: string, search: Search): void {
  let descriptor: number;
  try {
    descriptor = openSync(target, OPEN_FILE);
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return; // Gone, or not ours to read.
  }
  try {
    const found = fstatSync(descriptor);
    if (found.isFile() && found.size <= MAX_FILE_BYTES) searchOpened(path, descriptor, search);
  } catch (error) {
    if (errorCode(error) === null) throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** Chunk by chunk, each cut at its last line end; what is over goes before the next. */
function searchOpened(path: string, descriptor: number, search: Search): void {
  let [position, line] = [0, 1];
  let over: Buffer = Buffer.alloc(0);
  for (;;) {
    const count = readSync(descriptor, buffer, 0, CHUNK_BYTES, position);
    const chunk = buffer.subarray(0, count);
    if (position === 0 && looksBinary(chunk)) return;
    position += count;
    const whole = over.length > 0 ? Buffer.concat([over, chunk]) : chunk;
    const end = count === 0 ? whole.length : whole.lastIndexOf(10) + 1;
    if (end > 0) {
      const text = whole.toString("utf8", 0, end);
      const matches = searchLines(text, line, search.expression, search.left);
      if (matches.length > 0) search.tell({ type: "matches", path, matches });
      search.left -= matches.length;
      line += countLines(whole, end);
    }
    if (count === 0 || search.left === 0) return;
    over = Buffer.from(whole.subarray(end));
  }
}

function countLines(bytes: Buffer, end: number): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at !== -1 && at < end; at = bytes.indexOf(10, at + 1)) count += 1;
  return count;
}
