import type { ToolView } from "@bureau/protocol";
import { z } from "zod";
import { errorCode, fileError } from "./file-error.ts";
import { withFileLock } from "./file-lock.ts";
import { looksBinary, openFile, readWhole } from "./open-file.ts";
import { openPlace } from "./paths.ts";
import type { Place } from "./paths.ts";
import { replaceFile } from "./replace-file.ts";
import { defineTool } from "./tool.ts";
import type { ToolOutput } from "./tool.ts";
import { keepHeadAndTail } from "./truncate.ts";

/** Larger files are replaced without showing what they held. */
const MAX_COMPARED_BYTES = 1_000_000;
const MAX_VIEW_BYTES = 8000;

export const writeFile = defineTool({
  name: "write_file",
  description: "Writes a whole file, making its folders. To change part of a file use edit_file.",
  parameters: z.strictObject({ path: z.string().min(1), content: z.string() }),
  effect: "write_workspace",
  idempotent: true,
  replaces: true,
  writes: ({ path }) => path,
  exclusive: true,
  async execute({ path, content }, { folder, toolCallId }) {
    try {
      const place = openPlace(folder, path, "write");
      try {
        const write = () => writeWhole(place, Buffer.from(content), folder, toolCallId);
        return await withFileLock(`${folder}/${place.path}`, write);
      } finally {
        place.close();
      }
    } catch (error) {
      throw fileError(error, path);
    }
  },
});

async function writeWhole(place: Place, bytes: Buffer, folder: string, callId: string): Promise<ToolOutput> {
  const before = readBefore(folder, place.path);
  if (before?.text?.equals(bytes)) {
    return { text: `${place.path} already holds exactly this content.`, view: fileView(place.path, bytes) };
  }
  await replaceFile(place, bytes, callId);
  const replaced = before ? `replaced ${before.size} bytes` : "new file";
  const text = `Wrote ${bytes.length} bytes to ${place.path} (${replaced}).`;
  return { text, view: changeView(place.path, before?.text ?? null, bytes) };
}

function readBefore(folder: string, path: string): { size: number; text: Buffer | null } | null {
  try {
    const file = openFile(folder, path);
    try {
      return { size: file.size, text: file.size <= MAX_COMPARED_BYTES ? readWhole(file) : null };
    } finally {
      file.close();
    }
  } catch (error) {
    if (errorCode(error) === "not_found") return null;
    throw error;
  }
}

function changeView(path: string, before: Buffer | null, after: Buffer): ToolView {
  if (!before || looksBinary(before)) return fileView(path, after);
  return { type: "difference", path, before: shown(before), after: shown(after) };
}

function fileView(path: string, bytes: Buffer): ToolView {
  const text = bytes.toString();
  const lines = text === "" ? 0 : text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  return { type: "file", path, bytes: bytes.length, lines };
}

function shown(bytes: Buffer): string {
  return keepHeadAndTail(bytes.toString().replaceAll("\0", "\uFFFD"), MAX_VIEW_BYTES).text;
}
