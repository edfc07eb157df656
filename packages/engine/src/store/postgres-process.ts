import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { chown, mkdir, open, readFile, readdir, readlink, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { AppError } from "@bureau/protocol";
import { diskFull, explainFolderError } from "./postgres-place.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";
import type { Place } from "./postgres-place.ts";

export const DATABASE_USER = "bureau";
const SOCKET_PORT = 5432;
const INITDB_LIMIT_MS = 120_000;
const PROCESS_LIST_LIMIT_MS = 5_000;
const MAX_LOG_BYTES = 1_048_576;
const TAIL_BYTES = 8_192;
const MAX_INITDB_OUTPUT_BYTES = 1_048_576;
/** Nothing of our own environment reaches the server: PGPORT and its like would change it. */
const SERVER_ENVIRONMENT = { LC_ALL: "C", LANG: "C", TZ: "UTC" };

const run = promisify(execFile);

/** Sized for one program's journal: small memory, every commit on disk, near to no work while idle. */
const SETTINGS: Record<string, string> = {
  listen_addresses: "",
  unix_socket_permissions: "0700",
  port: String(SOCKET_PORT),
  max_connections: "60",
  superuser_reserved_connections: "2",
  shared_buffers: "32MB",
  huge_pages: "off",
  wal_buffers: "4MB",
  maintenance_work_mem: "32MB",
  fsync: "on",
  synchronous_commit: "on",
  // After a crash, one call for the whole disk in place of one for each of a thousand files: 0.2 s, not 2.5, when busy.
  recovery_init_sync_method: process.platform === "linux" ? "syncfs" : "fsync",
  // Not minimal: a backup of the running server needs it, and it costs this load nothing that can be measured.
  wal_level: "replica",
  max_wal_senders: "0",
  max_replication_slots: "0",
  max_logical_replication_workers: "0",
  max_worker_processes: "2",
  max_parallel_workers: "0",
  max_parallel_workers_per_gather: "0",
  io_method: "sync",
  autovacuum_max_workers: "2",
  autovacuum_worker_slots: "2",
  autovacuum_naptime: "60s",
  jit: "off",
  bgwriter_delay: "2s",
  wal_writer_delay: "2s",
  checkpoint_timeout: "15min",
  max_wal_size: "256MB",
  // A stopped process must not hold the event counter's lock for ever.
  idle_in_transaction_session_timeout: "60s",
  timezone: "UTC",
  logging_collector: "off",
  log_timezone: "UTC",
  log_line_prefix: "%m [%p] ",
  log_checkpoints: "off",
  // Statements and rows hold people's content: their errors go to the caller and not to a file.
  log_min_messages: "log",
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
};

/** What PostgreSQL writes of itself into its data directory. */
export interface PostmasterFile {
  processId: number;
  port: number;
  socketFolder: string;
  status: string;
}

export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | undefined> {
  try {
    const lines = (await readFile(join(cluster, "postmaster.pid"), "utf8")).split("\n").map((line) => line.trim());
    const processId = Number(lines[0]);
    if (!Number.isInteger(processId) || processId <= 0) return undefined;
    return { processId, port: Number(lines[3]), socketFolder: lines[4] ?? "", status: lines[7] ?? "" };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw explainFolderError(error, cluster);
  }
}

/** Whether a process is there and is more than the remains of one that was not yet collected. */
export function isAlive(processId: number): boolean {
  if (process.platform === "linux") {
    try {
      const text = readFileSync(`/proc/${processId}/stat`, "latin1");
      return !"ZXx".includes(text.charAt(text.lastIndexOf(")") + 2));
    } catch {
      return false;
    }
  }
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Whether the process is the server of this data directory, and not another that was given its old number. */
export async function isServerOf(processId: number, cluster: string): Promise<boolean> {
  if (!isAlive(processId)) return false;
  if (process.platform === "linux") {
    // The server works in its data directory, and this name follows when the directory is moved.
    const directory = await readlink(`/proc/${processId}/cwd`).catch(() => undefined);
    if (directory !== undefined) return directory === cluster;
    const text = await readFile(`/proc/${processId}/cmdline`, "utf8").catch(() => "");
    return text.split("\0").includes(cluster);
  }
  const options = { timeout: PROCESS_LIST_LIMIT_MS };
  const { stdout } = await run("ps", ["-o", "stat=,command=", "-p", String(processId)], options).catch(() => ({
    stdout: "",
  }));
  return !stdout.trimStart().startsWith("Z") && stdout.includes(cluster);
}

/**
 * Removes locks of sockets that a server left which was killed. PostgreSQL itself takes one for held when any process
 * has its number, and also when the killed server was not yet collected by its parent.
 */
export async function clearSocketLocks(place: Place): Promise<void> {
  for (const name of await readdir(place.socketFolder)) {
    if (!/^\.s\.PGSQL\.\d+\.lock$/.test(name)) continue;
    const path = join(place.socketFolder, name);
    const holder = Number((await readFile(path, "utf8").catch(() => "")).split("\n")[0]);
    if (holder > 0 && (await isServerOf(holder, place.cluster))) continue;
    await rm(path, { force: true });
    await rm(path.replace(/\.lock$/, ""), { force: true });
  }
}

/** Whether the server's data directory got another name under it; its next checkpoint then ends it. */
export async function wasMoved(processId: number, cluster: string): Promise<boolean> {
  const text = await readFile(`/proc/${processId}/cmdline`, "utf8").catch(() => "");
  return text !== "" && !text.split("\0").includes(cluster);
}

/** Makes the data directory beside its place and moves it there whole. The caller holds the start lock. */
export async function initialise(place: Place, binaries: PostgresBinaries, isDurable: boolean): Promise<void> {
  await removeHalfMade(place);
  const fresh = `${place.cluster}.new-${randomBytes(4).toString("hex")}`;
  try {
    await mkdir(fresh, { mode: 0o700 });
    if (place.account) await chown(fresh, place.account.userId, place.account.groupId);
    await runInitdb(place, binaries, fresh, isDurable);
    await rename(fresh, place.cluster);
    await syncFolder(dirname(place.cluster));
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw explainFolderError(error, place.folder);
  }
}

async function runInitdb(place: Place, binaries: PostgresBinaries, fresh: string, isDurable: boolean): Promise<void> {
  const locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
  // Only the server's own user can reach the socket, so it asks for no password.
  const access = [`--username=${DATABASE_USER}`, "--auth=trust"];
  const options = [...locale, ...access, "--no-instructions", ...(isDurable ? [] : ["--no-sync"])];
  try {
    await run(binaries.initdb, ["-D", fresh, ...options], {
      ...identity(place),
      env: SERVER_ENVIRONMENT,
      cwd: fresh,
      timeout: INITDB_LIMIT_MS,
      maxBuffer: MAX_INITDB_OUTPUT_BYTES,
    });
  } catch (error) {
    const { stderr = "", stdout = "" } = error as { stderr?: string; stdout?: string };
    throw explainOutput(place, `${stdout}\n${stderr}`, error);
  }
}

/** Leftovers of a process that died while it made the data directory. */
async function removeHalfMade(place: Place): Promise<void> {
  for (const name of await readdir(place.folder)) {
    if (name.startsWith(`${basename(place.cluster)}.new-`)) {
      await rm(join(place.folder, name), { recursive: true, force: true });
    }
  }
}

export interface Launched {
  processId: number;
  /** Set once the process has ended. */
  hasExited(): boolean;
  /** Returns the function that takes the listener away. */
  onExit(listener: () => void): () => void;
}

/** Starts the server in a session of its own, so that it outlives this process and its terminal. */
export async function launch(
  place: Place,
  binaries: PostgresBinaries,
  settings: Record<string, string>,
): Promise<Launched> {
  await trimLog(place.log);
  const log = await open(place.log, "a", 0o600);
  try {
    const all = { ...SETTINGS, unix_socket_directories: place.socketFolder, ...settings };
    const options = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const child = spawn(binaries.postgres, ["-D", place.cluster, ...options], {
      ...identity(place),
      env: SERVER_ENVIRONMENT,
      cwd: place.cluster,
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
    let exited = false;
    child.once("exit", () => (exited = true));
    child.unref();
    return {
      processId: child.pid as number,
      hasExited: () => exited,
      onExit: (listener) => {
        child.once("exit", listener);
        return () => void child.off("exit", listener);
      },
    };
  } catch (error) {
    throw explainFolderError(error, place.folder);
  } finally {
    await log.close();
  }
}

/** The words for a server that did not come up, from the end of its log. */
export async function explainLog(place: Place): Promise<AppError> {
  return explainOutput(place, await readTail(place.log), undefined);
}

/** True for refusals that pass by themselves: another start won, or the last server's processes are still going. */
export async function refusedForAnother(place: Place): Promise<boolean> {
  const text = lastStart(await readTail(place.log));
  return (
    text.includes('lock file "postmaster.pid" already exists') || text.includes("pre-existing shared memory block")
  );
}

/** Keeps the log's newest part. The server appends, so cutting it under its hands is safe. */
export async function trimLog(log: string): Promise<void> {
  const size = await stat(log).then(
    (found) => found.size,
    () => 0,
  );
  if (size <= MAX_LOG_BYTES) return;
  const file = await open(log, "r+");
  try {
    const kept = Buffer.alloc(MAX_LOG_BYTES / 2);
    const { bytesRead } = await file.read(kept, 0, kept.length, size - kept.length);
    await file.truncate(0);
    await file.write(kept, 0, bytesRead, 0);
  } finally {
    await file.close();
  }
}

function explainOutput(place: Place, output: string, cause: unknown): AppError {
  const text = lastStart(output);
  if (/No space left on device|Disk quota exceeded|could not extend file/.test(text))
    return diskFull(place.folder, cause);
  const lines = text.split("\n").filter((line) => /FATAL|PANIC|error:|ERROR|could not/.test(line));
  const detail = (lines.at(-1) ?? text.trim().split("\n").at(-1) ?? "")
    .replace(/^[\d-]+ [\d:.]+ \w+ \[\d+\] /, "")
    .trim();
  return new AppError(
    "unavailable",
    `The embedded database in ${place.folder} did not start: ${detail || "it gave no reason"}.`,
    {
      hint: `Its log is ${place.log}. With DATABASE_URL set, Bureau uses another PostgreSQL.`,
      cause,
    },
  );
}

/** The log runs over many starts; only the last one's lines matter. */
function lastStart(output: string): string {
  const start = output.lastIndexOf("starting PostgreSQL");
  return start < 0 ? output : output.slice(start);
}

async function readTail(log: string): Promise<string> {
  const file = await open(log, "r").catch(() => undefined);
  if (!file) return "";
  try {
    const { size } = await file.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString("utf8");
  } finally {
    await file.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function identity(place: Place): { uid?: number; gid?: number } {
  return place.account ? { uid: place.account.userId, gid: place.account.groupId } : {};
}
