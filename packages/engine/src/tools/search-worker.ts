import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { matchesGlob } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { errorCode } from "./file-error.ts";
import { looksBinary } from "./open-file.ts";
import { openPlace } from "./paths.ts";
import { searchExpression, searchLines } from "./search-lines.ts";
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

const job = workerData as SearchJob;
const expression = searchExpression(job.pattern, job.literal);
const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
let left = job.max;

send({ type: "end", ...search() });

function search(): { files: number; cut: "matches" | "files" | null } {
  let files = 0;
  for (const found of candidates()) {
    if (files >= MAX_FILES) return { files, cut: "files" };
    files += 1;
    searchFile(found.path, found.target);
    if (left === 0) return { files, cut: "matches" };
  }
  return { files, cut: null };
}

function* candidates(): Generator<{ path: string; target: string }> {
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
    if (found.kind === "file" && isWanted(found.path, found.name)) yield found;
  }
}

/** A glob without a slash is matched with the name, one with a slash with the path; `!` before it turns it round. */
function isWanted(path: string, name: string): boolean {
  if (job.glob === null) return true;
  const excludes = job.glob.startsWith("!");
  const glob = (excludes ? job.glob.slice(1) : job.glob).replace(/^\//, "");
  return matchesGlob(glob.includes("/") ? path : name, glob) !== excludes;
}

function searchFile(path: string, target: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(target, OPEN_FILE);
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return; // Gone, or not ours to read.
  }
  try {
    const found = fstatSync(descriptor);
    if (found.isFile() && found.size <= MAX_FILE_BYTES) searchOpened(path, descriptor);
  } catch (error) {
    if (errorCode(error) === null) throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** Chunk by chunk, each cut at its last line end; what is over goes before the next. */
function searchOpened(path: string, descriptor: number): void {
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
      const matches = searchLines(text, line, expression, left);
      if (matches.length > 0) send({ type: "matches", path, matches });
      left -= matches.length;
      line += countLines(whole, end);
    }
    if (count === 0 || left === 0) return;
    over = Buffer.from(whole.subarray(end));
  }
}

function countLines(bytes: Buffer, end: number): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at !== -1 && at < end; at = bytes.indexOf(10, at + 1)) count += 1;
  return count;
}

function send(message: SearchMessage): void {
  parentPort?.postMessage(message);
}
