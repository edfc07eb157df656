import { createHash } from "node:crypto";
import { copyFile, type FileHandle, mkdir, mkdtemp, open, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { AppError } from "@bureau/protocol";
import { z } from "zod";
import { BACKUP_VERSION, type BackupManifest, MANIFEST, VAULT_FILE } from "./backup.ts";
import { emptyTables, importBatch, importSequences, settleRestored } from "./backup-tables.ts";
import { readTar, type TarEntry } from "./backup-tar.ts";
import type { Database } from "./database.ts";
import { migrate, MIGRATIONS_FOLDER } from "./migrate.ts";

const OWN_FOLDER = ".bureau";
/** Where rows wait in the workspace until they are loaded. */
const WAITING = join(OWN_FOLDER, "restore");
const MAX_MANIFEST_BYTES = 512 * 1024 * 1024;

const Manifest = z.object({
  bureauBackup: z.literal(BACKUP_VERSION),
  createdAt: z.string(),
  version: z.string(),
  workspace: z.string(),
  schema: z.number().int().positive(),
  tables: z.record(z.string(), z.object({ columns: z.array(z.string()), rows: z.number().int() })),
  sequences: z.record(z.string(), z.string()),
  entries: z.array(z.object({ path: z.string(), bytes: z.number().int(), sha256: z.string() })),
  leftOut: z.array(z.string()),
  outside: z.array(z.string()),
}) satisfies z.ZodType<BackupManifest>;

export interface Extracted {
  manifest: BackupManifest;
  files: number;
  /** Whether the encrypted vault was in it. Its key never is. */
  vault: boolean;
  /** Entries of rows, in the order of the manifest. */
  batches: { table: string; path: string }[];
}

/**
 * Unpacks a backup into a folder that must be empty or absent, and checks each entry against the manifest.
 *
 * What was unpacked is removed again when the backup is not whole. Nothing is ever written outside the folder.
 */
export async function extractBackup(path: string, folder: string): Promise<Extracted> {
  await requireEmpty(folder);
  const file = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
    throw new AppError("not_found", `The backup ${path} cannot be read: ${error.code ?? error.message}.`, {
      cause: error,
    });
  });
  try {
    await mkdir(join(folder, WAITING), { recursive: true, mode: 0o700 });
    const found = await extractAll(file, folder);
    const manifest = await readManifest(join(folder, WAITING, MANIFEST));
    compare(manifest, found.hashes);
    // Only now: an entry could otherwise be written through a link that came before it.
    for (const link of found.links) await symlink(link.target, link.path);
    const batches = manifest.entries
      .filter((entry) => entry.path.startsWith("database/"))
      .map((entry) => ({ table: entry.path.split("/")[1] ?? "", path: join(folder, WAITING, entry.path) }));
    const vault = manifest.entries.some((entry) => entry.path === VAULT_FILE);
    return {
      manifest,
      vault,
      files: manifest.entries.filter((entry) => entry.path.startsWith("files/")).length,
      batches,
    };
  } catch (error) {
    await clearFolder(folder);
    throw error;
  } finally {
    await file.close();
  }
}

/** Loads the rows of an unpacked backup into a new database, and brings its tables up to this program. */
export async function loadBackup(database: Database, extracted: Extracted, folder: string): Promise<number> {
  const { manifest, batches } = extracted;
  await migrateTo(database, manifest.schema);
  let rows = 0;
  await database.transaction(async (transaction) => {
    await emptyTables(transaction);
    for (const { table, path } of batches) {
      const columns = manifest.tables[table]?.columns ?? [];
      rows += await importBatch(transaction, { table, columns, text: await readFile(path, "utf8") });
    }
    await importSequences(transaction, manifest.sequences);
    await settleRestored(transaction, manifest.workspace, folder);
  });
  const wanted = Object.values(manifest.tables).reduce((sum, table) => sum + table.rows, 0);
  if (rows !== wanted) throw new AppError("internal", `The backup names ${wanted} rows, and ${rows} were loaded.`);
  await migrate(database);
  await rm(join(folder, WAITING), { recursive: true, force: true });
  return rows;
}

/** Removes what a failed restore has written. */
export async function clearFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => []))
    await rm(join(folder, name), { recursive: true, force: true });
}

async function requireEmpty(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new AppError("invalid", `${folder} cannot be restored to: ${error.code ?? error.message}.`, { cause: error });
  });
  if (names.length === 0) return;
  throw new AppError("conflict", `The folder ${folder} is not empty; nothing was restored.`, {
    hint: "Name a folder that does not exist yet.",
  });
}

interface Unpacked {
  hashes: Map<string, { bytes: number; sha256: string }>;
  links: { path: string; target: string }[];
}

async function extractAll(file: FileHandle, folder: string): Promise<Unpacked> {
  const unpacked: Unpacked = { hashes: new Map(), links: [] };
  for await (const { entry, content } of readTar(file)) {
    if (entry.path === MANIFEST && entry.bytes > MAX_MANIFEST_BYTES) throw notWhole("its manifest is too large");
    if (unpacked.hashes.has(entry.path)) throw notWhole(`${entry.path} is in it twice`);
    const target = placeOf(folder, entry);
    await mkdir(dirname(target), { recursive: true, ...(entry.path === VAULT_FILE ? { mode: 0o700 } : {}) });
    if (entry.type === "link") {
      for await (const _chunk of content) throw notWhole(`the link ${entry.path} has content`);
      unpacked.links.push({ path: target, target: entry.target ?? "" });
      unpacked.hashes.set(entry.path, {
        bytes: 0,
        sha256: createHash("sha256")
          .update(entry.target ?? "")
          .digest("hex"),
      });
    } else {
      const sha256 = await writeEntry(target, entry, content);
      if (entry.path !== MANIFEST) unpacked.hashes.set(entry.path, { bytes: entry.bytes, sha256 });
    }
  }
  return unpacked;
}

async function writeEntry(target: string, entry: TarEntry, content: AsyncGenerator<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  const file = await open(target, "wx", entry.path === VAULT_FILE ? 0o600 : entry.mode & 0o777);
  try {
    for await (const chunk of content) {
      hash.update(chunk);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  return hash.digest("hex");
}

/** Where an entry goes; throws for one that would leave the folder or has no place in it. */
function placeOf(folder: string, entry: TarEntry): string {
  const { path } = entry;
  const isOdd =
    path.includes("\0") || path.includes("\\") || normalize(path) !== path || path.split("/").includes("..");
  const isOwn = path === `files/${OWN_FOLDER}` || path.startsWith(`files/${OWN_FOLDER}/`);
  if (isOdd || isOwn) throw notWhole(`the entry ${JSON.stringify(path.slice(0, 200))} has no place in a workspace`);
  if (path.startsWith("files/")) return join(folder, path.slice("files/".length));
  const blob = /^blobs\/(([0-9a-f]{2})([0-9a-f]{2})[0-9a-f]{60})$/.exec(path);
  if (blob !== null && entry.type === "file")
    return join(folder, OWN_FOLDER, "blobs", blob[2] ?? "", blob[3] ?? "", blob[1] ?? "");
  if (path === VAULT_FILE && entry.type === "file") return join(folder, OWN_FOLDER, path);
  if (path === MANIFEST || /^database\/[a-z_]+\/\d+\.jsonl$/.test(path)) return join(folder, WAITING, path);
  throw notWhole(`the entry ${JSON.stringify(path.slice(0, 200))} is not known`);
}

async function readManifest(path: string): Promise<BackupManifest> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) throw notWhole("it has no manifest");
  const parsed = Manifest.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw notWhole(
    `its manifest cannot be read (${parsed.error.issues[0]?.path.join(".")}: ${parsed.error.issues[0]?.message})`,
  );
}

function compare(manifest: BackupManifest, found: Unpacked["hashes"]): void {
  for (const entry of manifest.entries) {
    const one = found.get(entry.path);
    if (one === undefined) throw notWhole(`${entry.path} is missing`);
    if (one.bytes !== entry.bytes || one.sha256 !== entry.sha256) throw notWhole(`${entry.path} is damaged`);
  }
  if (found.size !== manifest.entries.length) throw notWhole("it has entries that its manifest does not name");
}

/** Makes the tables as they were when the backup was made. */
async function migrateTo(database: Database, schema: number): Promise<void> {
  const known = (await readdir(MIGRATIONS_FOLDER)).filter((name) => name.endsWith(".sql"));
  if (known.length < schema) {
    throw new AppError(
      "conflict",
      `The backup was made by a newer Bureau: it has migration ${schema}, and this program ends at ${known.length}.`,
      {
        hint: "Update Bureau, then restore.",
      },
    );
  }
  const folder = await mkdtemp(join(tmpdir(), "bureau-migrations-"));
  try {
    for (const name of known.toSorted().slice(0, schema))
      await copyFile(join(MIGRATIONS_FOLDER, name), join(folder, name));
    await migrate(database, { folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function notWhole(why: string): AppError {
  return new AppError("invalid", `This is not a whole backup: ${why}.`, { hint: "Use another copy of the file." });
}
