import { createHash } from "node:crypto";
import { type FileHandle, lstat, open, opendir, readFile, readlink, realpath, rename, rm } from "node:fs/promises";
import { join, sep } from "node:path";
import { AppError } from "@bureau/protocol";
import type { Blobs } from "./blobs.ts";
import type { Database } from "./database.ts";
import { exportSequences, exportTables } from "./backup-tables.ts";
import { createTarWriter, type TarEntry, type TarWriter } from "./backup-tar.ts";

export const BACKUP_VERSION = 1;
export const MANIFEST = "manifest.json";
const CHUNK_BYTES = 256 * 1024;
const MAX_FILES = 1_000_000;
const MAX_LEFT_OUT = 1_000;
/** Bureau's own folder: database, blobs and the encrypted vault are copied in their own way, tokens and keys never. */
const OWN_FOLDER = ".bureau";
/** The vault as it lies in that folder and in a backup. Its key is beside it and stays there. */
export const VAULT_FILE = "vault/secrets.age";
/** Files that customarily hold passwords and keys. */
const SECRET_FILE = /^\.env(\.(?!example$|sample$|template$).+)?$|\.pem$|\.key$|^id_(rsa|ed25519|ecdsa)$/i;

export interface BackupEntry {
  path: string;
  bytes: number;
  /** Of the content, or of the target of a link. */
  sha256: string;
}

export interface BackupManifest {
  bureauBackup: typeof BACKUP_VERSION;
  createdAt: string;
  /** Version of the program. */
  version: string;
  /** Where the workspace was. */
  workspace: string;
  /** Number of the newest migration. */
  schema: number;
  tables: Record<string, { columns: string[]; rows: number }>;
  sequences: Record<string, string>;
  entries: BackupEntry[];
  /** Files of the workspace that are not in here, because of what they usually hold or what they are. */
  leftOut: string[];
  /** Folders of agents outside the workspace: not in here. */
  outside: string[];
}

/** Told of a file's bytes as they are copied. */
export interface SecretFinder {
  push(bytes: Uint8Array): void;
  /** The name of a secret whose value is in the file. */
  found(): string | null;
}

export interface BackupParts {
  database: Database;
  workspace: string;
  blobs: Pick<Blobs, "list" | "get">;
  version: string;
  /** Milliseconds since 1970. */
  now: number;
  /** Looks for secrets in each file of the workspace. */
  secretFinder?: () => SecretFinder;
}

export interface BackupReport {
  path: string;
  bytes: number;
  files: number;
  blobs: number;
  rows: number;
  leftOut: string[];
  outside: string[];
  /** Files of the workspace that are in the backup and hold a secret's value. */
  withSecrets: { path: string; secret: string }[];
  /** Whether the encrypted vault is in it; never its key. */
  vault: boolean;
}

interface Writing {
  tar: TarWriter;
  manifest: BackupManifest;
  withSecrets: BackupReport["withSecrets"];
  secretFinder: BackupParts["secretFinder"];
}

/**
 * Writes one archive: every row as one snapshot sees them, then stored content, then the workspace's files.
 *
 * Work goes on meanwhile. Rows come first, so that all content they refer to is there when it is copied. The file
 * has its name only when it is whole. Refuses with `conflict` to write over a file.
 */
export async function writeBackup(parts: BackupParts, path: string): Promise<BackupReport> {
  if ((await lstat(path).catch(() => null)) !== null) {
    throw new AppError("conflict", `${path} exists already; it is unchanged.`, { hint: "Choose another name." });
  }
  const partial = `${path}.partial`;
  const file = await openNew(partial);
  try {
    const manifest = emptyManifest(parts);
    const { secretFinder } = parts;
    const writing: Writing = { tar: createTarWriter(file), manifest, withSecrets: [], secretFinder };
    const rows = await addRows(parts, writing);
    const blobs = await addBlobs(parts, writing);
    const vault = await addVault(parts.workspace, writing);
    const files = await addFiles(writing, parts.workspace, [path, partial]);
    await addBytes(writing.tar, MANIFEST, Buffer.from(`${JSON.stringify(manifest)}\n`));
    await writing.tar.end();
    await file.sync();
    const { size } = await file.stat();
    await file.close();
    await rename(partial, path);
    const { leftOut, outside } = manifest;
    return { path, bytes: size, files, blobs, rows, leftOut, outside, withSecrets: writing.withSecrets, vault };
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
}

async function openNew(path: string): Promise<FileHandle> {
  return open(path, "w", 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new AppError("invalid", `The backup cannot be written to ${path}: ${error.code ?? error.message}.`, {
      hint: "Name a file in a folder that exists and that you may write to.",
      cause: error,
    });
  });
}

function emptyManifest(parts: BackupParts): BackupManifest {
  return {
    bureauBackup: BACKUP_VERSION,
    createdAt: new Date(parts.now).toISOString(),
    version: parts.version,
    workspace: parts.workspace,
    schema: 0,
    tables: {},
    sequences: {},
    entries: [],
    leftOut: [],
    outside: [],
  };
}

async function addRows(parts: BackupParts, { tar, manifest }: Writing): Promise<number> {
  let total = 0;
  await parts.database.transaction(async (transaction) => {
    await transaction.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const { rows } = await transaction.query("SELECT max(number) AS number FROM public.bureau_migrations");
    manifest.schema = Number(rows[0].number);
    manifest.sequences = await exportSequences(transaction);
    let batch = 0;
    for await (const { table, columns, rows: count, text } of exportTables(transaction)) {
      const known = (manifest.tables[table] ??= { columns: columns.map((column) => column.name), rows: 0 });
      known.rows += count;
      total += count;
      batch += 1;
      if (count > 0)
        manifest.entries.push(
          await addBytes(tar, `database/${table}/${String(batch).padStart(8, "0")}.jsonl`, Buffer.from(text)),
        );
    }
    const agents = await transaction.query<{ folder: string }>(
      "SELECT folder FROM agents WHERE folder <> $1 AND NOT starts_with(folder, $1 || '/') ORDER BY folder",
      [parts.workspace],
    );
    manifest.outside = agents.rows.map((row) => row.folder);
  });
  return total;
}

async function addBlobs(parts: BackupParts, { tar, manifest }: Writing): Promise<number> {
  let count = 0;
  for await (const { hash } of parts.blobs.list()) {
    manifest.entries.push(await addBytes(tar, `blobs/${hash}`, await parts.blobs.get(hash)));
    count += 1;
  }
  return count;
}

/** False when there is none. */
async function addVault(workspace: string, { tar, manifest }: Writing): Promise<boolean> {
  const bytes = await readFile(join(workspace, OWN_FOLDER, VAULT_FILE)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (bytes !== null) manifest.entries.push(await addBytes(tar, VAULT_FILE, bytes));
  return bytes !== null;
}

async function addBytes(tar: TarWriter, path: string, bytes: Uint8Array): Promise<BackupEntry> {
  await tar.add({ path, type: "file", mode: 0o600, bytes: bytes.byteLength }, [bytes]);
  return { path, bytes: bytes.byteLength, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** Files and links of the workspace. Links are kept as such and never followed. */
async function addFiles(writing: Writing, workspace: string, skipped: readonly string[]): Promise<number> {
  const real = await realpath(workspace);
  const skip = new Set(await Promise.all(skipped.map((path) => realpath(path).catch(() => path))));
  const folders = [""];
  let count = 0;
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    const directory = await opendir(join(real, folder));
    for await (const entry of directory) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (path === OWN_FOLDER || skip.has(join(real, path))) continue;
      if (entry.isDirectory()) {
        folders.push(path);
        continue;
      }
      if (SECRET_FILE.test(entry.name) || !(entry.isFile() || entry.isSymbolicLink())) {
        leaveOut(writing.manifest, path);
        continue;
      }
      const added = entry.isFile() ? await addFile(writing, real, path) : await addLink(writing.tar, real, path);
      if (added === null) continue;
      writing.manifest.entries.push(added);
      count += 1;
      if (count > MAX_FILES) {
        throw new AppError("too_large", `The workspace has more than ${MAX_FILES} files.`, {
          hint: "Move what need not be kept elsewhere.",
        });
      }
    }
  }
  return count;
}

function leaveOut(manifest: BackupManifest, path: string): void {
  if (manifest.leftOut.length < MAX_LEFT_OUT) manifest.leftOut.push(path);
}

/** Null when the file has gone since the folder was read. */
async function addFile(writing: Writing, workspace: string, path: string): Promise<BackupEntry | null> {
  const file = await open(join(workspace, path.split("/").join(sep)), "r").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw new AppError("forbidden", `The file ${path} cannot be read: ${error.code ?? error.message}.`, {
      hint: "Give your user the right to read it, or move it out of the workspace.",
      cause: error,
    });
  });
  if (file === null) return null;
  try {
    const { size, mode } = await file.stat();
    const hash = createHash("sha256");
    const entry: TarEntry = { path: `files/${path}`, type: "file", mode, bytes: size };
    const finder = writing.secretFinder?.() ?? null;
    await writing.tar.add(entry, hashed(file, size, { hash, finder }));
    const secret = finder?.found() ?? null;
    if (secret !== null && writing.withSecrets.length < MAX_LEFT_OUT) writing.withSecrets.push({ path, secret });
    return { path: entry.path, bytes: size, sha256: hash.digest("hex") };
  } finally {
    await file.close();
  }
}

/** A file that grows meanwhile is kept as it was. */
async function* hashed(
  file: FileHandle,
  bytes: number,
  { hash, finder }: { hash: ReturnType<typeof createHash>; finder: SecretFinder | null },
): AsyncGenerator<Uint8Array> {
  for (let read = 0; read < bytes;) {
    const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, bytes - read));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, read);
    if (bytesRead === 0) return;
    read += bytesRead;
    const chunk = buffer.subarray(0, bytesRead);
    hash.update(chunk);
    finder?.push(chunk);
    yield chunk;
  }
}

async function addLink(tar: TarWriter, workspace: string, path: string): Promise<BackupEntry> {
  const target = await readlink(join(workspace, path.split("/").join(sep)));
  await tar.add({ path: `files/${path}`, type: "link", mode: 0o777, bytes: 0, target }, []);
  return { path: `files/${path}`, bytes: 0, sha256: createHash("sha256").update(target).digest("hex") };
}
