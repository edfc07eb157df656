import { createHash } from "node:crypto";
import type { DocumentFormat, Preview } from "@bureau/protocol";
import { imageSize } from "./image-size.ts";
import { endingOf, languageOf } from "./languages.ts";
import type { DocumentContent, TableContent } from "./office-blocks.ts";
import { delimiterOf, parseTable } from "./parse-table.ts";
import { sniff, type Sniffed } from "./sniff.ts";

/** Larger files are not read to be looked at. */
export const MAX_PREVIEW_BYTES = 32 * 1024 * 1024;
const MAX_TEXT_BYTES = 400_000;
const MAX_TABLE_BYTES = 8 * 1024 * 1024;
/** A browser unpacks a picture to four bytes a pixel. */
const MAX_PIXELS = 100_000_000;

/** Reads an office file, from what is kept or anew: its content, or a sentence why there is none. */
export type ReadOffice = (
  bytes: Buffer,
  hash: string,
  format: string,
) => Promise<{ content: unknown } | { problem: string }>;

type File = Omit<Extract<Preview, { kind: "pdf" }>, "kind">;

export function hashOfBytes(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A file as data to look at. Whatever the bytes are, it ends within limits; what cannot be shown says why. */
export async function makePreview(name: string, bytes: Buffer, readOffice: ReadOffice): Promise<Preview> {
  const is = sniff(bytes, name);
  const hash = hashOfBytes(bytes);
  const file: File = { name, bytes: bytes.length, hash, mediaType: is.mediaType, truncated: false };
  switch (is.kind) {
    case "markdown":
      return { ...file, kind: "markdown", ...textPart(bytes) };
    case "text":
      return { ...file, kind: "text", ...textPart(bytes), language: languageOf(name) };
    case "image":
      return imagePreview(file, bytes);
    case "pdf":
      return { ...file, kind: "pdf" };
    case "table":
      return is.format === "csv" || is.format === "tsv"
        ? tablePreview(file, bytes)
        : await officePreview(file, bytes, is, readOffice);
    case "document":
      return await officePreview(file, bytes, is, readOffice);
    case "other":
      return { ...file, kind: "other", problem: null };
  }
}

/** What is told of a file that is too large to be read. */
export function tooLarge(name: string, size: number): Preview {
  const problem = `It is larger than ${MAX_PREVIEW_BYTES / 1024 / 1024} MB.`;
  const file = { name, bytes: size, hash: "", mediaType: "application/octet-stream", truncated: true };
  return { ...file, kind: "other", problem };
}

/** The beginning of a text, without half a character at its end. */
function textPart(bytes: Buffer): { text: string; truncated: boolean } {
  const truncated = bytes.length > MAX_TEXT_BYTES;
  const text = bytes.toString("utf8", 0, MAX_TEXT_BYTES).replace(/^\ufeff/, "");
  return { text: (truncated ? text.replace(/\ufffd{1,3}$/, "") : text).replaceAll("\0", "\ufffd"), truncated };
}

function tablePreview(file: File, bytes: Buffer): Preview {
  const text = bytes.toString("utf8", 0, MAX_TABLE_BYTES).replace(/^\ufeff/, "");
  const { rows, truncated } = parseTable(text, endingOf(file.name) === "csv" ? delimiterOf(text) : "\t");
  const isCut = truncated || bytes.length > MAX_TABLE_BYTES;
  return { ...file, kind: "table", truncated: isCut, sheets: [{ name: "", rows, truncated: isCut }] };
}

function imagePreview(file: File, bytes: Buffer): Preview {
  const size = imageSize(bytes, file.mediaType);
  if (size === null) return { ...file, kind: "other", problem: "The picture is damaged: it does not tell its size." };
  if (size.width * size.height > MAX_PIXELS)
    return { ...file, kind: "other", problem: `The picture is too large to be shown: ${size.width} × ${size.height}.` };
  return { ...file, kind: "image", ...size };
}

async function officePreview(file: File, bytes: Buffer, is: Sniffed, readOffice: ReadOffice): Promise<Preview> {
  const read = await readOffice(bytes, file.hash, is.format ?? "");
  if ("problem" in read) return { ...file, kind: "other", problem: read.problem };
  if (is.kind === "table") return { ...file, kind: "table", ...(read.content as TableContent) };
  return { ...file, kind: "document", format: is.format as DocumentFormat, ...(read.content as DocumentContent) };
}
