import type { ToolView } from "@bureau/protocol";
import { AppError } from "@bureau/protocol";
import { z } from "zod";
import { explainMissing } from "./explain-missing.ts";
import { fileError } from "./file-error.ts";
import { withFileLock } from "./file-lock.ts";
import { looksBinary, openFile, readWhole } from "./open-file.ts";
import { openPlace, resolveInside } from "./paths.ts";
import { replaceFile } from "./replace-file.ts";
import { defineTool } from "./tool.ts";
import type { ToolOutput } from "./tool.ts";
import { keepHeadAndTail, sizeText } from "./truncate.ts";

const MAX_FILE_BYTES = 5_000_000;
const MAX_VIEW_BYTES = 4000;
const VIEW_CONTEXT_LINES = 3;
const MAX_PLACES_NAMED = 10;
const BYTE_ORDER_MARK = "\uFEFF";

const Arguments = z.strictObject({
  path: z.string().min(1),
  old_text: z.string().min(1).describe("exact, without the lines around it that stay"),
  new_text: z.string(),
  replace_all: z.boolean().optional(),
});
type Arguments = z.infer<typeof Arguments>;

export const editFile = defineTool<Arguments>({
  name: "edit_file",
  description: "Replaces old_text, which must occur exactly once (or set replace_all), by new_text in a file.",
  parameters: Arguments,
  effect: "write_workspace",
  idempotent: false,
  opens: ({ path }) => path,
  writes: ({ path }) => path,
  exclusive: true,
  async execute(args, { folder, toolCallId }): Promise<ToolOutput> {
    try {
      return await withFileLock(resolveInside(folder, args.path), () => edit(args, folder, toolCallId));
    } catch (error) {
      throw fileError(error, args.path);
    }
  },
  /** The write is one step, so the file tells: when the old text is gone and the new is there, the edit was made. */
  async recover(args, { folder }): Promise<ToolOutput | null> {
    const text = readText(folder, args.path);
    const { oldText, newText } = fitLineEnds(text, args);
    if (newText.includes(oldText)) return null; // Both would be there before and after.
    if (text.includes(oldText) || !text.includes(newText)) return null;
    return { text: `Edited ${args.path}: new_text is in place and old_text is gone.` };
  },
});

async function edit(args: Arguments, folder: string, callId: string): Promise<ToolOutput> {
  const before = readText(folder, args.path);
  const { after, lines } = planEdit(before, args);
  const place = openPlace(folder, args.path, "write");
  try {
    await replaceFile(place, Buffer.from(after), callId);
    return { text: doneText(place.path, lines), view: editView(place.path, before, after) };
  } finally {
    place.close();
  }
}

/** A file's text exactly as it is, byte order mark and line ends included. */
function readText(folder: string, path: string): string {
  const file = openFile(folder, path);
  try {
    if (file.size > MAX_FILE_BYTES) {
      const sizes = `${sizeText(file.size)}, at most ${sizeText(MAX_FILE_BYTES)} can be edited`;
      throw new AppError("too_large", `"${path}" is too large to edit (${sizes}). Use run_command with sed.`);
    }
    const bytes = readWhole(file);
    if (looksBinary(bytes)) throw new AppError("invalid", `"${path}" is not text. Change it with run_command.`);
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const message = `"${path}" is not valid UTF-8, and an edit would damage it. Convert it first, for example with iconv.`;
    throw new AppError("invalid", message, { cause: error });
  } finally {
    file.close();
  }
}

interface Edit {
  after: string;
  /** The line of each replaced place, in the file as it was. */
  lines: number[];
}

function planEdit(text: string, args: Arguments): Edit {
  if (args.old_text === args.new_text) {
    throw new AppError(
      "invalid",
      "old_text and new_text are the same, so nothing would change. Give the text as it should become.",
    );
  }
  const { oldText, newText } = fitLineEnds(text, args);
  const places = findAll(text, oldText);
  if (places.length === 0) throw new AppError("not_found", explainMissing(args.path, text, oldText, newText));
  const lines = lineNumbers(text, places);
  if (places.length > 1 && args.replace_all !== true) {
    const where = listLines(lines);
    throw new AppError(
      "conflict",
      `old_text occurs ${places.length} times in "${args.path}", at ${where}. Add a line around it so that it occurs once, or set replace_all.`,
    );
  }
  const parts: string[] = [];
  let end = 0;
  for (const start of places) {
    parts.push(text.slice(end, start), newText);
    end = start + oldText.length;
  }
  return { after: parts.join("") + text.slice(end), lines };
}

/** The model writes LF; in a file whose lines all end in CRLF its texts are read, and stored, as CRLF. */
function fitLineEnds(text: string, args: Arguments): { oldText: string; newText: string } {
  const oldText = args.old_text.startsWith(BYTE_ORDER_MARK) ? args.old_text.slice(1) : args.old_text;
  if (!/\r\n/.test(text) || /(?<!\r)\n/.test(text)) return { oldText, newText: args.new_text };
  return { oldText: withWindowsLineEnds(oldText), newText: withWindowsLineEnds(args.new_text) };
}

function withWindowsLineEnds(text: string): string {
  return text.replace(/\r?\n/g, "\r\n");
}

function findAll(text: string, part: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) places.push(at);
  return places;
}

function lineNumbers(text: string, places: number[]): number[] {
  let [line, from] = [1, 0];
  return places.map((place) => {
    for (let at = text.indexOf("\n", from); at !== -1 && at < place; at = text.indexOf("\n", from)) {
      line += 1;
      from = at + 1;
    }
    return line;
  });
}

function listLines(lines: number[]): string {
  const named = lines.slice(0, MAX_PLACES_NAMED).join(", ");
  const rest = lines.length - MAX_PLACES_NAMED;
  const noun = lines.length === 1 ? "line" : "lines";
  return rest > 0 ? `${noun} ${named} and ${rest} more` : `${noun} ${named}`;
}

function doneText(path: string, lines: number[]): string {
  const places = lines.length === 1 ? "1 place" : `${lines.length} places`;
  return `Edited ${path}: replaced ${places}, at ${listLines(lines)}.`;
}

/** The changed lines with a few around them. */
function editView(path: string, before: string, after: string): ToolView {
  const [left, right] = [before.split("\n"), after.split("\n")];
  const shorter = Math.min(left.length, right.length);
  let [same, sameAtEnd] = [0, 0];
  while (same < shorter && left[same] === right[same]) same += 1;
  while (sameAtEnd < shorter - same && left.at(-1 - sameAtEnd) === right.at(-1 - sameAtEnd)) sameAtEnd += 1;
  const start = Math.max(0, same - VIEW_CONTEXT_LINES);
  const show = (lines: string[]) => {
    const end = Math.min(lines.length, lines.length - sameAtEnd + VIEW_CONTEXT_LINES);
    return keepHeadAndTail(lines.slice(start, end).join("\n"), MAX_VIEW_BYTES).text;
  };
  return { type: "difference", path, before: show(left), after: show(right) };
}
