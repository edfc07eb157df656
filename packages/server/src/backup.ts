import { mkdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import {
  type BackupReport,
  clearFolder,
  extractBackup,
  loadBackup,
  migrate,
  openBlobs,
  readSettings,
  systemClock,
  writeBackup,
} from "@bureau/engine";
import { AppError } from "@bureau/protocol";
import { type Config, type Environment, readConfig } from "./config.ts";
import { secretFinder } from "./find-secrets.ts";
import { withDatabase } from "./local-database.ts";
import { readVersion } from "./main.ts";
import { openSecrets } from "./open-secrets.ts";

export interface RestoreReport {
  folder: string;
  /** When the backup was made. */
  createdAt: string;
  files: number;
  rows: number;
  /** Folders of agents outside the workspace: they were not in the backup. */
  outside: string[];
  /** Files that the backup left out, such as those that usually hold keys. */
  leftOut: string[];
  /** Where the key of the vault belongs, which no backup holds; null when there is no vault or its key is elsewhere. */
  vaultKeyAt: string | null;
}

/** Writes the whole workspace to one file, also while a server is at work on it. */
export async function backupWorkspace(
  config: Config,
  path: string,
  log: (line: string) => void,
): Promise<BackupReport> {
  const workspace = await realpath(config.workspace).catch((error: unknown) => {
    throw new AppError("not_found", `The workspace ${config.workspace} is not there.`, { cause: error });
  });
  const { guard, problem } = await openSecrets({ ...config, workspace });
  if (problem !== null) log(`Files were not searched for secrets of the vault: ${String((problem as Error).message)}`);
  const report = await withDatabase(config, log, async (database) => {
    await migrate(database);
    const blobs = openBlobs({ folder: join(workspace, ".bureau", "blobs") });
    const version = await readVersion();
    const now = systemClock.now();
    return writeBackup({ database, workspace, blobs, version, now, secretFinder: () => secretFinder(guard) }, path);
  });
  if (report.vault)
    log("The encrypted vault is in the backup and its key is not: keep a copy of .bureau/vault/key elsewhere.");
  for (const { path: file, secret } of report.withSecrets) log(`Holds the value of the secret ${secret}: ${file}`);
  for (const file of report.leftOut) log(`Left out: ${file}`);
  for (const folder of report.outside) log(`Not in the backup, because it lies outside the workspace: ${folder}`);
  return report;
}

/** Makes a workspace of a backup. Nothing is left of it when the backup is not whole or cannot be loaded. */
export async function restoreWorkspace(parts: {
  from: string;
  folder: string;
  environment: Environment;
  log: (line: string) => void;
}): Promise<RestoreReport> {
  const { from, environment, log } = parts;
  const extracted = await extractBackup(from, parts.folder);
  const folder = await realpath(parts.folder);
  try {
    const config = readConfig({ workspace: folder }, await readSettings(folder), environment);
    await mkdir(join(folder, ".bureau"), { recursive: true, mode: 0o700 });
    const rows = await withDatabase(config, log, (database) => loadBackup(database, extracted, folder));
    const { createdAt, outside, leftOut } = extracted.manifest;
    const vaultKeyAt =
      extracted.vault && config.vaultKey.type === "own" ? join(folder, ".bureau", "vault", "key") : null;
    return { folder, createdAt, files: extracted.files, rows, outside, leftOut, vaultKeyAt };
  } catch (error) {
    await clearFolder(folder);
    throw error;
  }
}
