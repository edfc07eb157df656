import { hostname } from "node:os";
import type pg from "pg";
import type { Clock } from "../clock.ts";
import { type Database, isConnectionError } from "../store/database.ts";

/** Key space of our advisory locks; the second key is the executor's slot. */
const LOCK_SPACE = 0x62757265;
const MAX_SLOTS = 256;
/** How often dead executors and stranded runs are looked for. */
const SWEEP_MS = 15_000;
const RECONNECT_MS = 500;
/** After an outage it is looked so much later: by then every process that lives has taken its place again. */
const LOOK_AFTER_OUTAGE_MS = 2_500;
/** A hand-over to this process that it does not know of after so long is one whose answer was lost. */
const LOST_AFTER_MS = 2_000;
/** A machine that vanished is noticed by the server after about this long. */
const KEEPALIVE_SECONDS = 10;

/** Ids of the other executors on the database. */
export interface Others {
  alive: string[];
  dead: string[];
}

export interface ExecutorParts {
  database: Database;
  clock: Clock;
  log: (level: "warn" | "error", message: string) => void;
}

/**
 * This process's place among those that drive runs on one database.
 *
 * The place is a numbered slot, held by a lock of the session: it falls free the moment the process dies, without
 * a heartbeat. A process that starts again takes the lowest free slot, and with it what the dead one left.
 */
export class Executor {
  readonly id: string;
  readonly #slot: number;
  readonly #parts: ExecutorParts;
  #client: pg.Client | null;
  #stopped = false;
  #timer: NodeJS.Timeout | null = null;
  #lookAt = 0;
  #look: (() => Promise<void>) | null = null;

  private constructor(parts: ExecutorParts, slot: number, client: pg.Client) {
    this.#parts = parts;
    this.#slot = slot;
    this.#client = client;
    this.id = executorName(slot);
    client.on("end", () => void this.#hold());
  }

  static async join(parts: ExecutorParts): Promise<Executor> {
    const client = await parts.database.connect();
    await client.query(`SET tcp_keepalives_idle = ${KEEPALIVE_SECONDS}`);
    for (let slot = 0; slot < MAX_SLOTS; slot += 1) {
      if (!(await lock(client, slot))) continue;
      await client.query(
        `INSERT INTO executors (id, host, process_id) VALUES ($1, $2, $3)
         ON CONFLICT (id) DO UPDATE SET host = $2, process_id = $3, started_at = now(), heartbeat_at = now()`,
        [executorName(slot), hostname(), process.pid],
      );
      return new Executor(parts, slot, client);
    }
    await client.end();
    throw new Error(`All ${MAX_SLOTS} places for processes on this database are taken.`);
  }

  /** Looks every 15 seconds which other processes live and which died; the first look is at once. */
  sweep(found: (others: Others) => Promise<void>): void {
    this.#look = async () => {
      try {
        await found(await this.#others());
      } catch (error) {
        if (!isConnectionError(error)) this.#parts.log("warn", `Looking for dead processes failed: ${String(error)}`);
      }
      this.#lookIn(SWEEP_MS);
    };
    void this.#look();
  }

  /** The database was away: what was lost with it is looked for soon. */
  afterOutage(): void {
    this.#lookIn(LOOK_AFTER_OUTAGE_MS);
  }

  /** Unless the next look comes sooner. */
  #lookIn(ms: number): void {
    const at = this.#parts.clock.now() + ms;
    if (this.#stopped || this.#look === null || (this.#timer && this.#lookAt <= at)) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#lookAt = at;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#look?.();
    }, ms).unref();
  }

  async leave(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#parts.database.query("DELETE FROM executors WHERE id = $1", [this.id]).catch(() => undefined);
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => undefined);
  }

  /** The other executors that are written down: alive while somebody holds their lock. */
  async #others(): Promise<Others> {
    const { rows } = await this.#parts.database.query({
      name: "other_executors",
      text: `SELECT id, EXISTS (
               SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted
                 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                 AND l.classid = ${LOCK_SPACE} AND 'slot-' || l.objid = executors.id) AS alive
             FROM executors WHERE id <> $1`,
      values: [this.id],
    });
    const ids = (alive: boolean) => rows.filter((row) => row.alive === alive).map((row) => row.id as string);
    return { alive: ids(true), dead: ids(false) };
  }

  /** The session ended, with the database perhaps: takes the slot again as soon as it can. */
  async #hold(): Promise<void> {
    this.#client = null;
    while (!this.#stopped) {
      try {
        const client = await this.#parts.database.connect();
        client.on("end", () => void this.#hold());
        if (!(await lock(client, this.#slot))) {
          this.#parts.log(
            "warn",
            `Another process took this one's place (${this.id}); its runs are fenced by their epoch.`,
          );
        }
        this.#client = client;
        return;
      } catch {
        await this.#parts.clock.sleep(RECONNECT_MS);
      }
    }
  }
}

async function lock(client: pg.Client, slot: number): Promise<boolean> {
  const { rows } = await client.query("SELECT pg_try_advisory_lock($1, $2) AS taken", [LOCK_SPACE, slot]);
  return rows[0]?.taken === true;
}

function executorName(slot: number): string {
  return `slot-${slot}`;
}

/** Forgets executors that are gone and whose runs were handed on. */
export async function forgetExecutors(database: Database, ids: string[]): Promise<void> {
  if (ids.length > 0) await database.query("DELETE FROM executors WHERE id = ANY($1)", [ids]);
}

/** A process, and the dispatches that it drives. */
interface OwnWork {
  executorId: string;
  atWork: string[];
}

/**
 * Runs that are queued or at work by their row, and that no dispatch will ever start: their hand-over was lost with a
 * fault of ours, or this process was given it and never heard. They are handed over again, under a new number.
 */
export async function redispatchStranded(
  database: Pick<Database, "transaction">,
  own: OwnWork,
  enqueue: (transaction: pg.ClientBase, runs: { id: string; dispatch: number; priority: number }[]) => Promise<void>,
): Promise<number> {
  return database.transaction(async (transaction) => {
    const { rows } = await transaction.query(
      `UPDATE runs SET dispatch = dispatch + 1
      WHERE id IN (
        SELECT r.id FROM runs r
        WHERE r.status IN ('queued', 'running') AND NOT EXISTS (
          SELECT 1 FROM dbos.workflow_status w
          WHERE w.workflow_uuid = r.id || ':' || r.dispatch AND w.status IN ('ENQUEUED', 'PENDING', 'DELAYED')
            AND NOT (w.status = 'PENDING' AND w.executor_id = $1 AND w.workflow_uuid <> ALL ($2::text[])
              AND w.updated_at < extract(epoch FROM now()) * 1000 - ${LOST_AFTER_MS}))
        ORDER BY r.id LIMIT 500 FOR UPDATE SKIP LOCKED)
      RETURNING id, dispatch, priority`,
      [own.executorId, own.atWork],
    );
    if (rows.length > 0) await enqueue(transaction, rows);
    return rows.length;
  });
}
