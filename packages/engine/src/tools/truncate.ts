/** Text cut to a limit, and how much of it is missing. */
export interface Cut {
  text: string;
  droppedBytes: number;
}

/** The first `maxBytes` of a text in UTF-8, never ending inside a character. */
export function keepHead(text: string, maxBytes: number): Cut {
  if (text.length * 3 <= maxBytes) return { text, droppedBytes: 0 };
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return { text, droppedBytes: 0 };
  const end = characterStart(bytes, maxBytes);
  return { text: bytes.toString("utf8", 0, end), droppedBytes: bytes.length - end };
}

/** The first and the last part of a text, with a line between them that says how much is missing. */
export function keepHeadAndTail(text: string, maxBytes: number): Cut {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return { text, droppedBytes: 0 };
  const headEnd = characterStart(bytes, Math.ceil(maxBytes / 2));
  const tailStart = nextCharacterStart(bytes, bytes.length - Math.floor(maxBytes / 2));
  const droppedBytes = tailStart - headEnd;
  const head = bytes.toString("utf8", 0, headEnd);
  const tail = bytes.toString("utf8", tailStart);
  return { text: `${head}\n[… ${droppedBytes} bytes left out …]\n${tail}`, droppedBytes };
}

/** One line cut to `maxBytes`, saying so at its end. */
export function keepLine(line: string, maxBytes: number): string {
  const cut = keepHead(line, maxBytes);
  return cut.droppedBytes === 0 ? line : `${cut.text}… [${cut.droppedBytes} more bytes in this line]`;
}

export interface LineLimits {
  maxLines: number;
  /** Of all kept lines together. The first line is always kept. */
  maxBytes: number;
  maxLineBytes: number;
}

/** The first lines that fit, each cut to its own limit. */
export function keepLines(lines: readonly string[], limits: LineLimits): string[] {
  const kept: string[] = [];
  let bytes = 0;
  for (const line of lines.slice(0, limits.maxLines)) {
    const shown = keepLine(line, limits.maxLineBytes);
    bytes += Buffer.byteLength(shown) + 1;
    if (bytes > limits.maxBytes && kept.length > 0) break;
    kept.push(shown);
  }
  return kept;
}

/** Makes text safe to store and to send: no NUL (a JSON column refuses it), no half characters. */
export function cleanText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}

/** A size for people: `812 bytes`, `12 kB`, `3.4 MB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  for (const [unit, scale] of [
    ["kB", 1e3],
    ["MB", 1e6],
  ] as const) {
    if (bytes < scale * 999.5) return `${round(bytes / scale)} ${unit}`;
  }
  return `${round(bytes / 1e9)} GB`;
}

function round(value: number): string {
  return value < 10 ? value.toFixed(1).replace(/\.0$/, "") : value.toFixed(0);
}

function characterStart(bytes: Buffer, at: number): number {
  let start = at;
  while (start > 0 && isContinuation(bytes[start])) start -= 1;
  return start;
}

function nextCharacterStart(bytes: Buffer, at: number): number {
  let start = at;
  while (start < bytes.length && isContinuation(bytes[start])) start += 1;
  return start;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
