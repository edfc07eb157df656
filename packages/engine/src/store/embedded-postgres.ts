import { lstat, readFile, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@bureau/protocol";
import pg from "pg";
import { systemClock } from "../clock.ts";
import type { Clock } from "../clock.ts";
import { isConnectionError } from "./database.ts";
import { findBinaries } from "./postgres-binaries.ts";
import { explainFolderError, preparePlace, prepareSocketFolder } from "./postgres-place.ts";
import type { Place } from "./postgres-place.ts";
import {
  clearSocketLocks,
  DATABASE_USER,
  explainLog,
  initialise,
  isAlive,
  isServerOf,
  launch,
  readPostmasterFile,
  refusedForAnother,
  wasMoved,
} from "./postgres-process.ts";
import type { Launched, PostmasterFile } from "./postgres-process.ts";
import { supervise } from "./postgres-supervisor.ts";
import type { PostgresRestart } from "./postgres-supervisor.ts";
import { withStartLock } from "./start-lock.ts";

const DATABASE_NAME = "bureau";
/** Recovery after a crash replays the log, which may be long on a slow disk. */
const START_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 30_000;
const CONNECT_LIMIT_MS = 5_000;
const POLL_MS = 5;
const RETRY_MS = 100;
/** A closed connection's server side needs a moment to go. */
const UNUSED_CHECKS = 10;
const NO_SUCH_DATABASE = "3D000";
const TOO_MANY_CONNECTIONS = "53300";
const MADE_BY_ANOTHER = ["42P04", "23505"];

export interface EmbeddedPostgresOptions {
  /** Where the database is kept. As root it may be kept elsewhere, with a note here that says where. */
  dataFolder: string;
  log: (line: string) => void;
  clock?: Clock;
  /** Server settings in place of ours, when this call starts the server. */
  settings?: Record<string, string>;
}

export interface EmbeddedPostgres {
  readonly url: string;
  /** How the server was found: already running, started on existing data, or made new. */
  readonly state: "attached" | "started" | "created";
  /** Changes when the supervisor starts the server again. */
  readonly processId: number;
  /** Stops the server: `smart` waits until all others have gone, `fast` ends their connections. */
  stop(mode: "smart" | "fast"): Promise<void>;
  /** Stops the server unless someone is connected; close your own connections first. True when it was stopped. */
  stopIfUnused(): Promise<boolean>;
  /** Starts the server again whenever it dies, until the returned function is called. */
  supervise(onRestart: (restart: PostgresRestart) => void): () => void;
}

/**
 * Attaches to the embedded server of a data folder, or starts it, or makes it first.
 *
 * The server is no child to be lost: it goes on when this process is killed, and the next one attaches to it.
 * Any number of processes may call this at once. Nothing but a unix socket in a folder of its own is opened.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const clock = options.clock ?? systemClock;
  const place = await preparePlace(options.dataFolder);
  let server = await ensureRunning(place, options, clock);
  const { state } = server;
  let isStopped = false;
  const stop = async (mode: "smart" | "fast") => {
    isStopped = true;
    await stopProcess(server.processId, place.cluster, mode === "smart" ? "SIGTERM" : "SIGINT", clock);
    // Under the lock, so that no start is between making the folder and opening its socket in it.
    const removeFolder = () => rmdir(place.socketFolder).catch(() => undefined);
    const tidying = withStartLock(place.lock, clock, async () => undefined, removeFolder);
    // The data folder may be gone already; an empty socket folder that stays behind is used again or harmless.
    await tidying.catch(() => undefined);
  };
  return {
    url: server.url,
    state,
    get processId() {
      return server.processId;
    },
    stop,
    stopIfUnused: async () => {
      if (!(await isUnused(server.url, clock))) return false;
      await stop("fast");
      return true;
    },
    supervise: (onRestart) =>
      supervise({
        clock,
        log: options.log,
        logFile: place.log,
        current: () => server,
        isStopped: () => isStopped,
        restart: async () => (server = await ensureRunning(place, options, clock)),
        onRestart,
      }),
  };
}

/** A server that answered. */
interface Running {
  url: string;
  processId: number;
  state: EmbeddedPostgres["state"];
  /** Present when this process started it and so hears of its end at once. */
  launched?: Launched;
}

async function ensureRunning(place: Place, options: EmbeddedPostgresOptions, clock: Clock): Promise<Running> {
  const deadline = clock.now() + START_LIMIT_MS;
  const attached = await attach(place);
  if (attached) return attached;
  try {
    return await withStartLock(
      place.lock,
      clock,
      () => attach(place),
      () => startUntil(deadline, place, options, clock),
    );
  } catch (error) {
    throw explainFolderError(error, place.folder);
  }
}

/** Undefined when no server answers there. */
async function attach(place: Place): Promise<Running | undefined> {
  const file = await readPostmasterFile(place.cluster);
  if (!file || !file.status.startsWith("ready") || !isAlive(file.processId)) return undefined;
  if (!(await isOwnSocketFolder(file.socketFolder, place))) return undefined;
  const url = urlOf(file, DATABASE_NAME);
  const directory = await askDataDirectory(url, file);
  return directory === place.cluster ? { url, processId: file.processId, state: "attached" } : undefined;
}

/** Undefined when nothing answers. */
async function askDataDirectory(url: string, file: PostmasterFile): Promise<string | undefined> {
  for (;;) {
    try {
      const rows = await askOnce(url, "SELECT current_setting('data_directory') AS directory");
      return rows[0]?.directory as string;
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code === NO_SUCH_DATABASE) await createDatabase(urlOf(file, "postgres"));
      else if (code === TOO_MANY_CONNECTIONS) throw tooManyConnections(error);
      else if (isConnectionError(error)) return undefined;
      else throw error;
    }
  }
}

/** The last step of making a database; whoever comes first after a crash in between does it. */
async function createDatabase(url: string): Promise<void> {
  try {
    await askOnce(url, `CREATE DATABASE ${DATABASE_NAME}`);
  } catch (error) {
    if (!MADE_BY_ANOTHER.includes((error as { code?: string }).code ?? "")) throw error;
  }
}

async function startUntil(
  deadline: number,
  place: Place,
  options: EmbeddedPostgresOptions,
  clock: Clock,
): Promise<Running> {
  let state: Running["state"] = "started";
  for (;;) {
    const attached = await attach(place);
    if (attached) return { ...attached, state: state === "created" ? state : attached.state };
    if (await isComingUp(place, clock)) {
      if (clock.now() > deadline) throw tooSlow(place);
      await clock.sleep(POLL_MS);
      continue;
    }
    const binaries = await findBinaries({ account: place.account, copyFolder: place.binaryCopies });
    if (await requireSameVersion(place, binaries.major)) {
      await initialise(place, binaries, options.settings?.fsync !== "off");
      state = "created";
    }
    await prepareSocketFolder(place);
    await clearSocketLocks(place);
    const launched = await launch(place, binaries, options.settings ?? {});
    while (!launched.hasExited()) {
      const running = await attach(place);
      if (running?.processId === launched.processId) return { ...running, state, launched };
      if (clock.now() > deadline) throw tooSlow(place);
      await clock.sleep(POLL_MS);
    }
    if (!(await refusedForAnother(place)) || clock.now() > deadline) {
      await rmdir(place.socketFolder).catch(() => undefined);
      throw await explainLog(place);
    }
    await clock.sleep(RETRY_MS);
  }
}

/**
 * True while a live server of this data directory is starting or stopping and has to be waited for.
 *
 * Clears what would stand in the way for ever: a file that names a process which is not the server, a server
 * whose socket was deleted under it, and one whose folder was moved under it.
 */
async function isComingUp(place: Place, clock: Clock): Promise<boolean> {
  const file = await readPostmasterFile(place.cluster);
  if (!file) return false;
  if (!(await isServerOf(file.processId, place.cluster))) {
    await rm(join(place.cluster, "postmaster.pid"), { force: true });
    return false;
  }
  if (file.status.startsWith("ready") && !(await hasSocket(file))) {
    await stopProcess(file.processId, place.cluster, "SIGINT", clock);
    return false;
  }
  if (await wasMoved(file.processId, place.cluster)) {
    // At once, because a shutdown in order writes to the old name. What was committed is in the log.
    await stopProcess(file.processId, place.cluster, "SIGQUIT", clock);
    if (await isOwnSocketFolder(file.socketFolder, place))
      await rm(file.socketFolder, { recursive: true, force: true });
    return false;
  }
  return true;
}

/** True when there is no data yet. */
async function requireSameVersion(place: Place, major: number): Promise<boolean> {
  const text = await readFile(join(place.cluster, "PG_VERSION"), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw explainFolderError(error, place.cluster);
  });
  if (text === undefined) return true;
  if (Number.parseInt(text, 10) === major) return false;
  throw new AppError(
    "unavailable",
    `The database in ${place.folder} was made by PostgreSQL ${text.trim()}; this Bureau brings PostgreSQL ${major}.`,
    {
      hint: "Make a backup with the Bureau that made it and restore it with this one, or set BUREAU_DATA to a new folder.",
    },
  );
}

async function stopProcess(
  processId: number,
  cluster: string,
  signal: "SIGTERM" | "SIGINT" | "SIGQUIT",
  clock: Clock,
): Promise<void> {
  if (!(await isServerOf(processId, cluster))) return;
  process.kill(processId, signal);
  const deadline = clock.now() + STOP_LIMIT_MS;
  while (isAlive(processId)) {
    if (clock.now() > deadline) {
      throw new AppError(
        "unavailable",
        `The embedded database (process ${processId}) did not stop within ${STOP_LIMIT_MS / 1000} s.`,
        {
          hint: "Another program may still be connected to it. Nothing is lost if it is left running.",
        },
      );
    }
    await clock.sleep(POLL_MS);
  }
}

async function isUnused(url: string, clock: Clock): Promise<boolean> {
  for (let check = 0; check < UNUSED_CHECKS; check += 1) {
    try {
      const rows = await askOnce(
        url,
        `SELECT count(*)::int AS others FROM pg_stat_activity
         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
      );
      if (rows[0]?.others === 0) return true;
    } catch (error) {
      if (isConnectionError(error)) return false;
      throw error;
    }
    await clock.sleep(RETRY_MS / 5);
  }
  return false;
}

async function askOnce(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "bureau",
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return (await client.query(text)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Guards against a folder that someone else made under the name that ours had. */
async function isOwnSocketFolder(folder: string, place: Place): Promise<boolean> {
  const owner = place.account?.userId ?? process.getuid?.() ?? 0;
  const found = await lstat(folder).catch(() => undefined);
  return found !== undefined && found.isDirectory() && found.uid === owner;
}

async function hasSocket(file: PostmasterFile): Promise<boolean> {
  return exists(join(file.socketFolder, `.s.PGSQL.${file.port}`));
}

/** The host in the address is only there to make it a valid URL; the parameter counts. */
function urlOf(file: PostmasterFile, database: string): string {
  return `postgresql://${DATABASE_USER}@localhost:${file.port}/${database}?host=${encodeURIComponent(file.socketFolder)}`;
}

function tooSlow(place: Place): AppError {
  return new AppError(
    "unavailable",
    `The embedded database in ${place.folder} was not ready within ${START_LIMIT_MS / 1000} s.`,
    {
      hint: `It may be recovering from a crash: look at ${place.log}, then start again.`,
    },
  );
}

function tooManyConnections(cause: unknown): AppError {
  return new AppError("unavailable", "The embedded database has no connection left.", {
    hint: "Stop other programs that use this workspace, then start again.",
    cause,
  });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
