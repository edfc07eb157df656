import type { FileHandle } from "node:fs/promises";
import { AppError } from "@bureau/protocol";

const BLOCK = 512;
const CHUNK_BYTES = 256 * 1024;
const NAME_BYTES = 100;
/** Largest size that the plain header's eleven octal digits hold. */
const MAX_OCTAL = 8 ** 11 - 1;
const MAX_EXTENSION_BYTES = 64 * 1024;

export interface TarEntry {
  path: string;
  type: "file" | "link";
  /** Permission bits. */
  mode: number;
  bytes: number;
  /** Where a link points to. */
  target?: string;
}

export interface TarWriter {
  /** Adds an entry; exactly `entry.bytes` must come. */
  add(entry: TarEntry, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void>;
  end(): Promise<void>;
}

/** Writes the common tar format, with extended headers for long names and large files. */
export function createTarWriter(file: FileHandle): TarWriter {
  return {
    add: async (entry, content) => {
      const records = extendedRecords(entry);
      if (records.length > 0) {
        await writeAll(
          file,
          header({ path: "extended-header", type: "file", mode: 0o644, bytes: records.length }, "x"),
        );
        await writeAll(file, padded(records));
      }
      await writeAll(file, header(entry, entry.type === "link" ? "2" : "0"));
      let written = 0;
      for await (const chunk of content) {
        written += chunk.byteLength;
        await writeAll(file, chunk);
      }
      if (written !== entry.bytes) {
        throw new AppError(
          "conflict",
          `The file ${entry.path} changed while it was copied: ${entry.bytes} bytes became ${written}.`,
          {
            hint: "Make the backup again.",
          },
        );
      }
      await writeAll(file, new Uint8Array(paddingOf(entry.bytes)));
    },
    end: () => writeAll(file, new Uint8Array(2 * BLOCK)),
  };
}

/** Reads an archive entry by entry. The content must be read to its end before the next entry comes. */
export async function* readTar(
  file: FileHandle,
): AsyncGenerator<{ entry: TarEntry; content: AsyncGenerator<Uint8Array> }> {
  let position = 0;
  let extended: Record<string, string> = {};
  for (;;) {
    const block = await readExactly(file, position, BLOCK);
    position += BLOCK;
    if (block.every((byte) => byte === 0)) return;
    const { entry, kind } = parseHeader(block);
    if (kind === "x") {
      if (entry.bytes > MAX_EXTENSION_BYTES) throw damaged("an extended header is too large");
      extended = parseRecords(await readExactly(file, position, entry.bytes));
      position += entry.bytes + paddingOf(entry.bytes);
      continue;
    }
    const whole = withExtension(entry, extended);
    extended = {};
    const state = { read: 0 };
    yield { entry: whole, content: readContent(file, position, whole.bytes, state) };
    if (state.read !== whole.bytes)
      throw new AppError("internal", `The content of ${whole.path} was not read to its end.`);
    position += whole.bytes + paddingOf(whole.bytes);
  }
}

async function* readContent(
  file: FileHandle,
  from: number,
  bytes: number,
  state: { read: number },
): AsyncGenerator<Uint8Array> {
  while (state.read < bytes) {
    const chunk = await readExactly(file, from + state.read, Math.min(CHUNK_BYTES, bytes - state.read));
    state.read += chunk.byteLength;
    yield chunk;
  }
}

function header(entry: TarEntry, kind: "0" | "2" | "x"): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(fits(entry.path) ? entry.path : "long-name", 0, NAME_BYTES, "utf8");
  block.write(octal(entry.mode & 0o7777, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(Math.min(entry.bytes, MAX_OCTAL), 11), 124);
  block.write(octal(0, 11), 136);
  block.write("        ", 148);
  block.write(kind, 156);
  if (entry.target !== undefined) block.write(fits(entry.target) ? entry.target : "long-name", 157, NAME_BYTES, "utf8");
  block.write("ustar\u000000", 257);
  block.write(
    octal(
      block.reduce((sum, byte) => sum + byte, 0),
      6,
    ),
    148,
  );
  block.write("\u0000 ", 154);
  return block;
}

function parseHeader(block: Buffer): { entry: TarEntry; kind: string } {
  const kind = String.fromCharCode(block[156] ?? 0);
  const stated = Number.parseInt(text(block, 148, 8), 8);
  const sum = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  if (text(block, 257, 5) !== "ustar" || stated !== sum) throw damaged("a header is damaged");
  if (kind !== "0" && kind !== "2" && kind !== "x") throw damaged(`it has an entry of kind "${kind}"`);
  const bytes = Number.parseInt(text(block, 124, 12) || "0", 8);
  const mode = Number.parseInt(text(block, 100, 8) || "0", 8);
  const type = kind === "2" ? "link" : "file";
  const entry: TarEntry = { path: text(block, 0, NAME_BYTES), type, mode, bytes };
  return { entry: type === "link" ? { ...entry, target: text(block, 157, NAME_BYTES) } : entry, kind };
}

/** Records of the extended header: `LENGTH KEY=VALUE\n`, where the length counts itself. */
function extendedRecords(entry: TarEntry): Buffer {
  const records: string[] = [];
  if (!fits(entry.path)) records.push(record("path", entry.path));
  if (entry.target !== undefined && !fits(entry.target)) records.push(record("linkpath", entry.target));
  if (entry.bytes > MAX_OCTAL) records.push(record("size", String(entry.bytes)));
  return Buffer.from(records.join(""), "utf8");
}

function record(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (String(length).length !== String(rest).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function parseRecords(bytes: Buffer): Record<string, string> {
  const values: Record<string, string> = {};
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = Number.parseInt(bytes.subarray(at, space).toString("utf8"), 10);
    if (space < 0 || !(length > 0) || at + length > bytes.length) throw damaged("an extended header is damaged");
    const [key = "", ...value] = bytes
      .subarray(space + 1, at + length - 1)
      .toString("utf8")
      .split("=");
    values[key] = value.join("=");
    at += length;
  }
  return values;
}

function withExtension(entry: TarEntry, extended: Record<string, string>): TarEntry {
  const target = extended["linkpath"] ?? entry.target;
  return {
    ...entry,
    path: extended["path"] ?? entry.path,
    bytes: extended["size"] === undefined ? entry.bytes : Number(extended["size"]),
    ...(target === undefined ? {} : { target }),
  };
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(paddingOf(bytes.length))]);
}

function paddingOf(bytes: number): number {
  return (BLOCK - (bytes % BLOCK)) % BLOCK;
}

function fits(text: string): boolean {
  return Buffer.byteLength(text) <= NAME_BYTES && /^[\x20-\x7e]*$/.test(text);
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}

function text(block: Buffer, from: number, length: number): string {
  const field = block.subarray(from, from + length);
  const end = field.indexOf(0);
  return field
    .subarray(0, end < 0 ? length : end)
    .toString("utf8")
    .trim();
}

async function readExactly(file: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  for (let read = 0; read < bytes;) {
    const { bytesRead } = await file.read(buffer, read, bytes - read, position + read);
    if (bytesRead === 0) throw damaged("it ends too early");
    read += bytesRead;
  }
  return buffer;
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.byteLength;) {
    written += (await file.write(bytes, written, bytes.byteLength - written)).bytesWritten;
  }
}

function damaged(why: string): AppError {
  return new AppError("invalid", `This is not a whole backup: ${why}.`, { hint: "Use another copy of the file." });
}
