import { isUtf8 } from "node:buffer";
import type { DocumentFormat, PreviewKind } from "@bureau/protocol";
import { endingOf } from "./languages.ts";
import { lookIntoZip } from "./zip-names.ts";

/** Of text, so much is looked at to tell it from other bytes. */
const PROBE_BYTES = 64 * 1024;
/** Control characters that text has: tab, line feed, form feed, carriage return, escape of colored logs. */
const TEXT_CONTROLS = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x1b]);

/** Text may have one other control character in so many bytes. */
const BYTES_A_CONTROL = 50;

export type TableFormat = "csv" | "tsv" | "xlsx" | "ods";

/** What a file is by its bytes. The name only tells one kind of text from another. */
export interface Sniffed {
  kind: PreviewKind;
  mediaType: string;
  /** Of documents and tables. */
  format: DocumentFormat | TableFormat | null;
}

const OTHER: Sniffed = { kind: "other", mediaType: "application/octet-stream", format: null };
const ZIP: Sniffed = { kind: "other", mediaType: "application/zip", format: null };

const OPEN_XML = "application/vnd.openxmlformats-officedocument";
const OPEN_DOCUMENT = "application/vnd.oasis.opendocument";

const ZIPPED: readonly { part: string; is: Sniffed }[] = [
  {
    part: "word/document.xml",
    is: { kind: "document", mediaType: `${OPEN_XML}.wordprocessingml.document`, format: "docx" },
  },
  {
    part: "ppt/presentation.xml",
    is: { kind: "document", mediaType: `${OPEN_XML}.presentationml.presentation`, format: "pptx" },
  },
  { part: "xl/workbook.xml", is: { kind: "table", mediaType: `${OPEN_XML}.spreadsheetml.sheet`, format: "xlsx" } },
];

const OPEN_DOCUMENTS: Readonly<Record<string, Sniffed>> = {
  [`${OPEN_DOCUMENT}.text`]: { kind: "document", mediaType: `${OPEN_DOCUMENT}.text`, format: "odt" },
  [`${OPEN_DOCUMENT}.presentation`]: { kind: "document", mediaType: `${OPEN_DOCUMENT}.presentation`, format: "odp" },
  [`${OPEN_DOCUMENT}.spreadsheet`]: { kind: "table", mediaType: `${OPEN_DOCUMENT}.spreadsheet`, format: "ods" },
};

const image = (mediaType: string): Sniffed => ({ kind: "image", mediaType, format: null });

/** Beginnings of files, as one-byte text. */
const MAGIC: readonly { begins: string; at?: string; offset?: number; is: Sniffed }[] = [
  { begins: "\x89PNG\r\n\x1a\n", is: image("image/png") },
  { begins: "\xff\xd8\xff", is: image("image/jpeg") },
  { begins: "GIF87a", is: image("image/gif") },
  { begins: "GIF89a", is: image("image/gif") },
  { begins: "RIFF", at: "WEBP", offset: 8, is: image("image/webp") },
  { begins: "%PDF-", is: { kind: "pdf", mediaType: "application/pdf", format: null } },
  { begins: "{\\rtf", is: { kind: "document", mediaType: "application/rtf", format: "rtf" } },
];

/** Never throws, whatever the bytes are. */
export function sniff(bytes: Buffer, name: string): Sniffed {
  const head = bytes.toString("latin1", 0, 16);
  for (const { begins, at, offset = 0, is } of MAGIC) {
    if (head.startsWith(begins) && (at === undefined || head.startsWith(at, offset))) return is;
  }
  if (head.startsWith("PK\x03\x04")) return sniffZip(bytes);
  return isText(bytes) ? sniffText(name) : OTHER;
}

function sniffZip(bytes: Buffer): Sniffed {
  const zip = lookIntoZip(bytes);
  if (zip === null) return ZIP;
  const open = zip.mimetype === null ? undefined : OPEN_DOCUMENTS[zip.mimetype];
  if (open !== undefined && zip.names.has("content.xml")) return open;
  return ZIPPED.find(({ part }) => zip.names.has(part))?.is ?? ZIP;
}

function sniffText(name: string): Sniffed {
  switch (endingOf(name)) {
    case "md":
    case "markdown":
      return { kind: "markdown", mediaType: "text/markdown", format: null };
    case "csv":
      return { kind: "table", mediaType: "text/csv", format: "csv" };
    case "tsv":
    case "tab":
      return { kind: "table", mediaType: "text/tab-separated-values", format: "tsv" };
    default:
      return { kind: "text", mediaType: "text/plain", format: null };
  }
}

/** True for UTF-8 without a NUL, and with hardly a control character that no text has. */
export function isText(bytes: Buffer): boolean {
  const probe = bytes.subarray(0, PROBE_BYTES);
  let controls = 0;
  for (const byte of probe) {
    if (byte === 0) return false;
    if (byte === 0x7f || (byte < 0x20 && !TEXT_CONTROLS.has(byte))) controls += 1;
  }
  if (controls * BYTES_A_CONTROL > probe.length) return false;
  return isUtf8(bytes.length > PROBE_BYTES ? wholeCharacters(probe) : probe);
}

/** Without a character that the cut has halved. */
function wholeCharacters(bytes: Buffer): Buffer {
  let end = bytes.length;
  for (let back = 1; back <= 4 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    if (length > back) end = bytes.length - back;
    break;
  }
  return bytes.subarray(0, end);
}
