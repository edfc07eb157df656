import { AppError } from "@bureau/protocol";
import pg from "pg";
import { systemClock } from "../clock.ts";
import type { Clock } from "../clock.ts";

const CONNECT_LIMIT_MS = 10_000;
const IDLE_CONNECTION_MS = 60_000;
/** How long a database that is away is waited for in all, and how long between two tries. */
const RECONNECT_LIMIT_MS = 15 * 60_000;
const RECONNECT_FIRST_WAIT_MS = 20;
const RECONNECT_LONGEST_WAIT_MS = 1_000;

/** A pool or a client in a transaction. */
export type Queryable = Pick<pg.ClientBase, "query">;

export interface Database extends Queryable {
  readonly url: string;
  /**
   * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects.
   *
   * Nothing is retried. A connection error out of it means the outcome is unknown: the server may have
   * committed just before it went away.
   */
  transaction<T>(work: (transaction: pg.ClientBase) => Promise<T>): Promise<T>;
  /** A connection of its own, for LISTEN. The caller ends it, and hears of its loss by its `end` event. */
  connect(): Promise<pg.Client>;
  close(): Promise<void>;
}

/** What reads and writes need of it; only who holds it open closes it. */
export type OpenedDatabase = Pick<Database, "query" | "transaction">;

export interface DatabaseOptions {
  url: string;
  maxConnections: number;
  /** Called before each COMMIT of `transaction`; when it throws, the transaction is rolled back. For crash tests. */
  onWrite?: () => void | Promise<void>;
}

/** Opens a pool and makes sure that the server answers. Losing the server later never ends the process. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const connection = connectionSettings(options.url);
  const pool = openPool(options.url, options.maxConnections);
  try {
    (await pool.connect()).release();
  } catch (error) {
    await pool.end();
    throw new AppError(
      "unavailable",
      `The database at ${withoutPassword(options.url)} does not answer: ${reason(error)}.`,
      {
        hint: "Check DATABASE_URL and that the server is running.",
        cause: error,
      },
    );
  }
  let closing: Promise<void> | undefined;
  return {
    url: options.url,
    query: pool.query.bind(pool) as pg.ClientBase["query"],
    transaction: (work) => runTransaction(pool, options.onWrite, work),
    connect: async () => {
      const client = new pg.Client(connection);
      client.on("error", ignore);
      await client.connect();
      return client;
    },
    close: () => (closing ??= pool.end()),
  };
}

/** Connections that are made on use and closed when idle. Nothing is asked of the server yet. */
export function openPool(url: string, maxConnections: number): pg.Pool {
  const pool = new pg.Pool({
    ...connectionSettings(url),
    max: maxConnections,
    idleTimeoutMillis: IDLE_CONNECTION_MS,
    allowExitOnIdle: false,
  });
  // Without a listener an idle connection that breaks would end the process; the pool drops it by itself.
  pool.on("error", ignore);
  return pool;
}

/** Whether the error says that the server went away or is not ready yet, so that waiting can help. */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.some(isConnectionError)) return true;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return syscall === "connect";
  if (code !== undefined && (CONNECTION_CODES.has(code) || /^08[0-9A-Z]{3}$/.test(code))) return true;
  // The driver gives these no code.
  if (CONNECTION_MESSAGES.some((start) => error.message.startsWith(start))) return true;
  return error.cause !== undefined && isConnectionError(error.cause);
}

/** Whether the error says that there is no room left to write, which a person can mend while we wait. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return code === "53100" || code === "ENOSPC" || code === "EDQUOT" || isDiskFull(error.cause);
}

/** Whether waiting can help: the server is away, or has no room left to write. */
export function isOutage(error: unknown): boolean {
  return isConnectionError(error) || isDiskFull(error);
}

export interface ReconnectOptions {
  clock?: Clock;
  /** How long to wait for the server in all; a quarter of an hour where it is absent. */
  limitMs?: number;
  /** Ends the waiting, with its reason as the error. */
  signal?: AbortSignal;
}

/**
 * Repeats `work` during an outage, after pauses that grow to a second; any other error is the caller's at once.
 *
 * Only for work that may run twice: a lost answer may hide a commit.
 */
export async function withReconnect<T>(work: () => Promise<T>, options: ReconnectOptions = {}): Promise<T> {
  const clock = options.clock ?? systemClock;
  const deadline = clock.now() + (options.limitMs ?? RECONNECT_LIMIT_MS);
  let waitMs = RECONNECT_FIRST_WAIT_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isOutage(error) || clock.now() + waitMs > deadline) throw error;
      await clock.sleep(waitMs, options.signal);
      waitMs = Math.min(waitMs * 2, RECONNECT_LONGEST_WAIT_MS);
    }
  }
}

/** The database for reading, each query repeated during an outage. Nothing that must not be written twice goes here. */
export function patientReads(database: Queryable, options: ReconnectOptions = {}): Queryable {
  const ask = database.query as (...input: unknown[]) => Promise<unknown>;
  const query = (...input: unknown[]) => withReconnect(() => ask.apply(database, input), options);
  return { query: query as Queryable["query"] };
}

const CONNECTION_CODES = new Set([
  "57P01", // ended by an administrator
  "57P02", // the server crashed
  "57P03", // starting up or shutting down
  "57P05", // idle session ended
  "25P03", // idle transaction ended
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

const CONNECTION_MESSAGES = [
  "Connection terminated",
  "Client has encountered a connection error",
  "Client was closed and is not queryable",
  "timeout exceeded when trying to connect",
];

function connectionSettings(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: "bureau",
    // Prepared statements are planned once a connection, when tables may be small yet: by index, as they stay right.
    options: "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off",
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    keepAlive: true,
    types: { getTypeParser },
  };
}

/** Kept by type, since the driver asks for each column of each answer. */
const parsers = new Map<string, ReturnType<typeof pg.types.getTypeParser>>();

const getTypeParser = ((type: number, format: "text" | "binary" = "text") => {
  const key = `${type} ${format}`;
  const known = parsers.get(key);
  if (known !== undefined) return known;
  const isText64 = type === pg.types.builtins.INT8 && format !== "binary";
  const parser = isText64 ? safeInteger : pg.types.getTypeParser(type, format as "text");
  parsers.set(key, parser);
  return parser;
}) as typeof pg.types.getTypeParser;

/** A number where it is exact, else the text as it came. */
function safeInteger(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

async function runTransaction<T>(
  pool: pg.Pool,
  onWrite: DatabaseOptions["onWrite"],
  work: (transaction: pg.ClientBase) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  // The pool does not listen while a client is out, and a lost connection between two queries would be uncaught.
  client.on("error", ignore);
  let broken: Error | undefined;
  try {
    await client.query("BEGIN");
    const result = await work(client);
    await onWrite?.();
    const { command } = await client.query("COMMIT");
    // The server answers COMMIT of a failed transaction with ROLLBACK and no error.
    if (command !== "COMMIT") {
      throw new AppError(
        "internal",
        "A transaction was committed after one of its queries had failed; nothing was written.",
      );
    }
    return result;
  } catch (error) {
    broken = await rollBack(client, error);
    throw error;
  } finally {
    if (!broken) client.off("error", ignore);
    client.release(broken);
  }
}

/** Returns an error when the connection cannot be used again. */
async function rollBack(client: pg.PoolClient, error: unknown): Promise<Error | undefined> {
  if (isConnectionError(error)) return error as Error;
  try {
    await client.query("ROLLBACK");
    return undefined;
  } catch (rollbackError) {
    return rollbackError as Error;
  }
}

function withoutPassword(url: string): string {
  return url.replace(/(\/\/[^:@/]*):[^@/]*@/, "$1@");
}

function reason(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reason).join(", ");
  return error instanceof Error ? error.message : String(error);
}

function ignore(): void {}
