import { lstatSync, readlinkSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { AppError } from "@bureau/protocol";
import { z } from "zod";
import { looksSecret } from "../domain/secret-paths.ts";
import { errorCode, fileError } from "./file-error.ts";
import { openPlace } from "./paths.ts";
import { defineTool } from "./tool.ts";
import type { ToolOutput } from "./tool.ts";
import { cleanText, sizeText } from "./truncate.ts";
import { walkFolder } from "./walk-folder.ts";
import type { Found } from "./walk-folder.ts";

const DEFAULT_DEPTH = 3;
const MAX_DEPTH = 20;
const MAX_SHOWN = 300;
const MAX_OUTPUT_BYTES = 20_000;
/** Entries looked at to tell how many more there are. */
const MAX_SEEN = 20_000;
/** How many entries are looked at before others get a turn. */
const ENTRIES_A_SLICE = 500;

export const listFiles = defineTool({
  name: "list_files",
  description: "Lists files and folders with sizes, without what git ignores.",
  parameters: z.strictObject({
    path: z.string().optional(),
    depth: z.int().min(1).max(MAX_DEPTH).optional().describe(`levels, default ${DEFAULT_DEPTH}`),
  }),
  effect: "read",
  idempotent: true,
  describe: ({ path = "." }) => ({ targets: [path], content: [], reaches: looksSecret(path) ? [path] : [] }),
  async execute({ path = "", depth = DEFAULT_DEPTH }, { folder, signal }): Promise<ToolOutput> {
    try {
      const from = folderAt(folder, path);
      const { shown, more, complete } = await collect(folder, from, depth, signal);
      const lines = shown.sort((left, right) => (left.path < right.path ? -1 : 1)).map((entry) => entry.line);
      const title = from === "" ? "The folder" : `${from}/`;
      if (lines.length === 0)
        return { text: `${title} holds nothing that git does not ignore.`, view: view(title, []) };
      const note = `[${complete ? "" : "At least "}${more} more not shown. List a folder below by its path, or use a smaller depth.]`;
      const text = more > 0 ? [...lines, note].join("\n") : lines.join("\n");
      return { text, view: view(title, lines) };
    } catch (error) {
      throw fileError(error, path);
    }
  },
});

function folderAt(folder: string, path: string): string {
  const place = openPlace(folder, path, "read");
  try {
    const found = lstatSync(place.target, { throwIfNoEntry: false });
    if (!found) throw new AppError("not_found", `"${path}" does not exist. List the folder above it.`);
    if (!found.isDirectory()) throw new AppError("invalid", `"${path}" is a file. Read it with read_file.`);
    return place.path;
  } finally {
    place.close();
  }
}

interface Listing {
  shown: { path: string; line: string }[];
  more: number;
  /** False when counting stopped early. */
  complete: boolean;
}

/** Level by level, so that what is cut is the deepest. */
async function collect(folder: string, from: string, maxDepth: number, signal: AbortSignal): Promise<Listing> {
  const shown: Listing["shown"] = [];
  let [seen, bytes] = [0, 0];
  for (const found of walkFolder({ folder, from, maxDepth, order: "breadth" })) {
    seen += 1;
    if (seen > MAX_SEEN) return { shown, more: seen - 1 - shown.length, complete: false };
    if (seen % ENTRIES_A_SLICE === 0) {
      await setImmediate();
      signal.throwIfAborted();
    }
    if (shown.length >= MAX_SHOWN || bytes >= MAX_OUTPUT_BYTES) continue;
    const line = describe(found);
    bytes += Buffer.byteLength(line) + 1;
    shown.push({ path: found.path, line });
  }
  return { shown, more: seen - shown.length, complete: true };
}

/** One line; a name with a line break in it is written as JSON, so that it cannot pose as two. */
function describe(found: Found): string {
  const name = cleanText(/[\n\r]/.test(found.path) ? JSON.stringify(found.path) : found.path);
  if (found.kind === "folder") return `${name}/`;
  if (found.kind === "other") return `${name} (not a file)`;
  try {
    if (found.kind === "link") return `${name} -> ${cleanText(readlinkSync(found.target))}`;
    return `${name} ${sizeText(lstatSync(found.target).size)}`;
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return `${name} (just removed)`;
  }
}

function view(title: string, entries: string[]) {
  return { type: "list" as const, title, entries };
}
