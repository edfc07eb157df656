import { read } from "node:fs";
import { promisify } from "node:util";
import { AppError } from "@bureau/protocol";
import { z } from "zod";
import { looksSecret } from "../domain/secret-paths.ts";
import { fileError } from "./file-error.ts";
import { looksBinary, openFile, readWhole } from "./open-file.ts";
import type { OpenFile } from "./open-file.ts";
import { defineTool } from "./tool.ts";
import type { ToolOutput } from "./tool.ts";
import { cleanText, keepLines, sizeText } from "./truncate.ts";

const DEFAULT_LINES = 400;
const MAX_LINES = 2000;
const MAX_OUTPUT_BYTES = 24_000;
const MAX_LINE_BYTES = 2000;
/** Files up to this size are read in one go, which is faster than handing the work to another thread. */
const SMALL_FILE_BYTES = 256_000;
const CHUNK_BYTES = 256_000;
/** How far into a large file a read may start. */
const MAX_SCAN_BYTES = 1_000_000_000;

const readChunk = promisify(read);

export const readFile = defineTool({
  name: "read_file",
  description: `Reads a text file by lines (${DEFAULT_LINES} at a time); the end says how to read on.`,
  parameters: z.strictObject({
    path: z.string().min(1),
    offset: z.int().min(1).optional().describe("first line, from 1"),
    limit: z.int().min(1).max(MAX_LINES).optional().describe("lines"),
  }),
  effect: "read",
  idempotent: true,
  opens: ({ path }) => path,
  describe: ({ path }) => ({ targets: [path], content: [], reaches: looksSecret(path) ? [path] : [] }),
  async execute({ path, offset = 1, limit = DEFAULT_LINES }, { folder, signal }): Promise<ToolOutput> {
    const file = openFile(folder, path);
    try {
      return file.size <= SMALL_FILE_BYTES
        ? readSmall(file, offset, limit)
        : await readLarge(file, offset, limit, signal);
    } catch (error) {
      throw fileError(error, path);
    } finally {
      file.close();
    }
  },
});

interface Page {
  /** The lines from `offset` on, as many as were asked for or are there. */
  lines: string[];
  offset: number;
  /** All lines of the file; null when it was not read to its end. */
  total: number | null;
  windowsLineEnds: boolean;
  lossy: boolean;
}

function readSmall(file: OpenFile, offset: number, limit: number): ToolOutput {
  const bytes = readWhole(file);
  if (looksBinary(bytes)) throw binary(file, bytes);
  const { text, lossy } = decode(bytes);
  const windowsLineEnds = text.includes("\r\n");
  const lines = splitLines(text);
  if (offset > Math.max(lines.length, 1)) throw pastEnd(file, offset, lines.length);
  const wanted = lines.slice(offset - 1, offset - 1 + limit);
  return render(file, { lines: wanted, offset, total: lines.length, windowsLineEnds, lossy });
}

/** Reads chunk by chunk and keeps only the wanted lines, each up to its limit. */
async function readLarge(file: OpenFile, offset: number, limit: number, signal: AbortSignal): Promise<ToolOutput> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  const wanted: Buffer[] = [];
  const last = offset + limit - 1;
  let [line, position, open] = [1, 0, [] as Buffer[]];
  let openBytes = 0;
  let ended = false;
  while (line <= last) {
    signal.throwIfAborted();
    if (position > MAX_SCAN_BYTES) throw tooFar(file, offset);
    const { bytesRead } = await readChunk(file.descriptor, buffer, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) {
      ended = true;
      break;
    }
    const chunk = buffer.subarray(0, bytesRead);
    if (position === 0 && looksBinary(chunk)) throw binary(file, chunk);
    position += bytesRead;
    let start = 0;
    while (start < bytesRead && line <= last) {
      const end = chunk.indexOf(10, start);
      const stop = end === -1 ? bytesRead : end;
      if (line >= offset) {
        // Four bytes more than are shown, so that a cut line is known to be one.
        const room = Math.max(0, MAX_LINE_BYTES + 4 - openBytes);
        open.push(Buffer.from(chunk.subarray(start, Math.min(stop, start + room))));
        openBytes += Math.min(stop - start, room);
      }
      if (end === -1) break;
      if (line >= offset) wanted.push(Buffer.concat(open));
      [open, openBytes] = [[], 0];
      line += 1;
      start = end + 1;
      ended = position === file.size && start === bytesRead;
    }
  }
  if (ended && openBytes > 0) wanted.push(Buffer.concat(open));
  const total = ended ? offset - 1 + wanted.length : null;
  if (wanted.length === 0) throw pastEnd(file, offset, null);
  const decoded = wanted.map(decode);
  const lines = decoded.map((part) => part.text.replace(/\r$/, ""));
  const windowsLineEnds = decoded.some((part) => part.text.endsWith("\r"));
  return render(file, { lines, offset, total, windowsLineEnds, lossy: decoded.some((part) => part.lossy) });
}

function render(file: OpenFile, page: Page): ToolOutput {
  const limits = { maxLines: MAX_LINES, maxBytes: MAX_OUTPUT_BYTES, maxLineBytes: MAX_LINE_BYTES };
  const shown = keepLines(page.lines, limits);
  const lastLine = page.offset + shown.length - 1;
  const notes: string[] = [];
  if (page.total === 0) notes.push("The file is empty.");
  const complete = page.total !== null && lastLine >= page.total;
  if (!complete) {
    const of = page.total === null ? `, file of ${sizeText(file.size)}` : ` of ${page.total}`;
    notes.push(`Lines ${page.offset}-${lastLine}${of}. Read on with offset=${lastLine + 1}.`);
  } else if (page.offset > 1) notes.push(`Lines ${page.offset}-${lastLine} of ${page.total}, the end.`);
  if (page.windowsLineEnds) notes.push("Lines end in CRLF; edit_file keeps that.");
  if (page.lossy) notes.push("Not valid UTF-8: unreadable bytes are shown as \uFFFD.");
  const footer = notes.length > 0 ? `${shown.length > 0 ? "\n" : ""}[${notes.join(" ")}]` : "";
  const view = { type: "file" as const, path: file.path, bytes: file.size };
  return {
    text: cleanText(shown.join("\n") + footer),
    view: page.total === null ? view : { ...view, lines: page.total },
  };
}

function decode(bytes: Buffer): { text: string; lossy: boolean } {
  const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
  return { text, lossy: text.includes("\uFFFD") };
}

function splitLines(text: string): string[] {
  if (text === "") return [];
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function binary(file: OpenFile, bytes: Buffer): AppError {
  const wide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const kind = wide ? "text in UTF-16" : "not text";
  return new AppError(
    "invalid",
    `"${file.path}" is ${kind} (${sizeText(file.size)}). Convert it with run_command, for example with iconv, strings or a program for its format.`,
  );
}

function pastEnd(file: OpenFile, offset: number, total: number | null): AppError {
  const length = total === null ? "fewer lines" : `${total} ${total === 1 ? "line" : "lines"}`;
  return new AppError("invalid", `"${file.path}" has ${length}; offset ${offset} is past its end.`);
}

function tooFar(file: OpenFile, offset: number): AppError {
  return new AppError(
    "too_large",
    `Line ${offset} of "${file.path}" lies more than ${sizeText(MAX_SCAN_BYTES)} into it. Use search_files, or run_command with tail or sed.`,
  );
}
