import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readFile, readdir, rename, stat, unlink, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "@bureau/protocol";
import { systemClock } from "../clock.ts";
import type { Clock } from "../clock.ts";

const MAX_BLOB_BYTES = 64 * 1_048_576;
/** A file that was not given its final name within this time belongs to a process that died. */
const ABANDONED_MS = 60 * 60_000;
const HASH_PATTERN = /^[0-9a-f]{64}$/;
const INCOMING = "incoming";

export interface StoredBlob {
  hash: string;
  bytes: number;
  /** Milliseconds since 1970 of the last `put` of this content. */
  putAt: number;
}

/** Content-addressed bytes on disk: a blob is named by its SHA-256 and never changes. */
export interface Blobs {
  /** Returns the hash once the bytes are on disk. The same content again is stored once. */
  put(content: Uint8Array | string): Promise<string>;
  /** The bytes, checked against their hash. Rejects with `not_found` or, when the file was damaged, `internal`. */
  get(hash: string): Promise<Uint8Array>;
  /** Every blob, in no order. Also clears away what crashed processes left half-written. */
  list(): AsyncGenerator<StoredBlob>;
  /** Removes a blob that no row refers to. Spare those put lately: their row may be on its way. */
  remove(hash: string): Promise<void>;
}

export interface BlobsOptions {
  folder: string;
  maxBytes?: number;
  clock?: Clock;
}

export function openBlobs(options: BlobsOptions): Blobs {
  const { folder } = options;
  const clock = options.clock ?? systemClock;
  const maxBytes = options.maxBytes ?? MAX_BLOB_BYTES;
  return {
    put: (content) =>
      put(folder, clock, maxBytes, typeof content === "string" ? Buffer.from(content, "utf8") : content),
    get: (hash) => get(folder, hash),
    list: () => list(folder, clock),
    remove: async (hash) => removeFile(pathOf(folder, hash)),
  };
}

async function put(folder: string, clock: Clock, maxBytes: number, bytes: Uint8Array): Promise<string> {
  if (bytes.byteLength > maxBytes) {
    throw new AppError(
      "too_large",
      `Content of ${bytes.byteLength} bytes is more than the ${maxBytes} that can be stored.`,
      {
        hint: "Write it to a file in the workspace and refer to that.",
      },
    );
  }
  const hash = createHash("sha256").update(bytes).digest("hex");
  const path = pathOf(folder, hash);
  try {
    if (!(await refresh(path, bytes.byteLength, clock))) await write(folder, path, bytes);
    return hash;
  } catch (error) {
    throw explain(error, folder);
  }
}

/** True when the blob is there; it then counts as put just now, so that retention leaves it alone. */
async function refresh(path: string, bytes: number, clock: Clock): Promise<boolean> {
  try {
    if ((await stat(path)).size !== bytes) return false;
    const now = clock.now() / 1000;
    await utimes(path, now, now);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** A file has its final name only after its bytes are on disk, so whatever has the name is whole. */
async function write(folder: string, path: string, bytes: Uint8Array): Promise<void> {
  const incoming = join(folder, INCOMING);
  await mkdir(incoming, { recursive: true });
  await makeFolder(dirname(path));
  const temporary = join(incoming, randomBytes(12).toString("hex"));
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await removeFile(temporary).catch(() => undefined);
    throw error;
  }
  await sync(dirname(path));
}

/** A new folder's own name has to reach the disk too. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  for (let path = folder; first !== undefined && path.length >= first.length; path = dirname(path)) {
    await sync(dirname(path));
  }
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function get(folder: string, hash: string): Promise<Uint8Array> {
  const bytes = await readFile(pathOf(folder, hash)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw explain(error, folder);
    throw new AppError("not_found", `Stored content ${hash} is not in ${folder}.`, {
      hint: "It was removed by retention, or the folder was restored without its files.",
      cause: error,
    });
  });
  if (createHash("sha256").update(bytes).digest("hex") === hash) return bytes;
  throw new AppError("internal", `Stored content ${hash} was damaged on disk: its bytes do not match its name.`, {
    hint: "Restore the file from a backup.",
  });
}

async function* list(folder: string, clock: Clock): AsyncGenerator<StoredBlob> {
  for (const first of await names(folder)) {
    if (first === INCOMING) await removeAbandoned(join(folder, INCOMING), clock);
    if (!/^[0-9a-f]{2}$/.test(first)) continue;
    for (const second of await names(join(folder, first))) {
      for (const hash of await names(join(folder, first, second))) {
        const found = await stat(join(folder, first, second, hash)).catch(() => undefined);
        if (found && HASH_PATTERN.test(hash)) yield { hash, bytes: found.size, putAt: found.mtimeMs };
      }
    }
  }
}

async function removeAbandoned(incoming: string, clock: Clock): Promise<void> {
  for (const name of await names(incoming)) {
    const found = await stat(join(incoming, name)).catch(() => undefined);
    if (found && clock.now() - found.mtimeMs > ABANDONED_MS) await removeFile(join(incoming, name));
  }
}

async function names(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
}

async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}

function pathOf(folder: string, hash: string): string {
  if (!HASH_PATTERN.test(hash))
    throw new AppError("invalid", `"${hash.slice(0, 80)}" is not the hash of stored content.`);
  return join(folder, hash.slice(0, 2), hash.slice(2, 4), hash);
}

function explain(error: unknown, folder: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new AppError("unavailable", `The disk that holds ${folder} is full, so content could not be stored.`, {
      hint: "Free some space; work goes on from where it stopped.",
      cause: error,
    });
  }
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") {
    return new AppError("unavailable", `The folder for stored content, ${folder}, cannot be written to.`, {
      hint: "Give your user the right to write there.",
      cause: error,
    });
  }
  return error;
}
