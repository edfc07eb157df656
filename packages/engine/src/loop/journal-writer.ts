import { AppError } from "@bureau/protocol";
import type { Clock } from "../clock.ts";
import { type Database, isConnectionError } from "../store/database.ts";
import { type RunWrite, type WriteResult, resolveWrite, writeJournal } from "../store/journal.ts";

/** Most writes that share one transaction. */
const MAX_WRITES_PER_FLUSH = 256;
/** How long a write waits for the database to come back before its run is given up by this process. */
const OUTAGE_LIMIT_MS = 15 * 60_000;
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 2_000;

interface Waiting {
  write: RunWrite;
  resolve(result: WriteResult): void;
  reject(error: unknown): void;
}

export interface JournalWriterParts {
  database: Database;
  clock: Clock;
  /** Called before and after each transaction; crash tests throw in it. */
  onWrite?: (moment: "before" | "after") => void;
  /** Called after each transaction, to tell whoever watches. */
  onCommitted?: () => void;
}

/**
 * Writes for all runs of this process through one queue.
 *
 * Writes that arrive while one is on its way share the next transaction and its flush to disk. A write resolves
 * once it is durable. When the connection is lost in mid-write, the writer finds out whether the write was made
 * before it tries again, so nothing is written twice.
 */
export class JournalWriter {
  readonly #parts: JournalWriterParts;
  #queue: Waiting[] = [];
  #flushing: Promise<void> | null = null;

  constructor(parts: JournalWriterParts) {
    this.#parts = parts;
  }

  commit(write: RunWrite): Promise<WriteResult> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ write, resolve, reject });
      this.#flushing ??= this.#flush().finally(() => {
        this.#flushing = null;
      });
    });
  }

  /** Resolves when everything given to `commit` so far is settled. */
  async drain(): Promise<void> {
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    // One turn of the event loop lets the writes of all runs that became ready together share the transaction.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, MAX_WRITES_PER_FLUSH);
      await this.#write(batch);
    }
  }

  async #write(batch: Waiting[]): Promise<void> {
    try {
      this.#parts.onWrite?.("before");
      const results = await writeJournal(
        this.#parts.database,
        batch.map((waiting) => waiting.write),
      );
      this.#parts.onWrite?.("after");
      for (const { write, resolve } of batch) resolve(results.get(write.runId) ?? LOST);
      this.#parts.onCommitted?.();
    } catch (error) {
      if (isConnectionError(error) || isDiskFull(error)) await this.#settleAfterOutage(batch);
      else if (batch.length === 1) batch[0]!.reject(error);
      else for (const waiting of batch) await this.#write([waiting]);
    }
  }

  async #settleAfterOutage(batch: Waiting[]): Promise<void> {
    const { clock, database } = this.#parts;
    const until = clock.now() + OUTAGE_LIMIT_MS;
    let open = batch;
    for (let pause = RETRY_MIN_MS; open.length > 0; pause = Math.min(pause * 2, RETRY_MAX_MS)) {
      if (clock.now() > until) {
        const error = new AppError("unavailable", "The database did not come back within 15 minutes.", {
          hint: "Run `bureau doctor`, then start Bureau again: every run goes on from its last step.",
        });
        for (const waiting of open) waiting.reject(error);
        return;
      }
      await clock.sleep(pause);
      const left: Waiting[] = [];
      for (const waiting of open) {
        const settled = await this.#tryAgain(database, waiting);
        if (!settled) left.push(waiting);
      }
      open = left;
    }
    this.#parts.onCommitted?.();
  }

  async #tryAgain(database: Database, { write, resolve, reject }: Waiting): Promise<boolean> {
    try {
      const known = await resolveWrite(database, write);
      if (known !== "not_written") resolve(known);
      else resolve((await writeJournal(database, [write])).get(write.runId) ?? LOST);
      return true;
    } catch (error) {
      if (isConnectionError(error) || isDiskFull(error)) return false;
      reject(error);
      return true;
    }
  }
}

const LOST: WriteResult = { owned: false, current: false, positions: {} };

/** The server has no room left to write: it goes on when there is room again. */
function isDiskFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "53100";
}
