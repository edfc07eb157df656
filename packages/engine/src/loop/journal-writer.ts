import type { Clock } from "../clock.ts";
import { type Database, isOutage } from "../store/database.ts";
import { NOT_OWNED, type RunWrite, type WriteResult, writeJournal, writeOnce } from "../store/journal.ts";

/** Most writes that share one transaction. */
const MAX_WRITES_PER_FLUSH = 256;

interface Waiting {
  write: RunWrite;
  resolve(result: WriteResult): void;
  reject(error: unknown): void;
}

export interface JournalWriterParts {
  database: Database;
  clock: Clock;
  /** Ends the waiting for a database that is away. */
  signal?: AbortSignal;
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
      for (const { write, resolve } of batch) resolve(results.get(write.runId) ?? NOT_OWNED);
      this.#parts.onCommitted?.();
    } catch (error) {
      if (isOutage(error)) await this.#settleAfterOutage(batch);
      else if (batch.length === 1) batch[0]!.reject(error);
      else for (const waiting of batch) await this.#write([waiting]);
    }
  }

  /** One after another: the first waits for the database, and finds it there for the others. */
  async #settleAfterOutage(batch: Waiting[]): Promise<void> {
    const { clock, database, signal } = this.#parts;
    const options = { clock, isLost: true, ...(signal ? { signal } : {}) };
    for (const { write, resolve, reject } of batch) {
      const make = async () => (await writeJournal(database, [write])).get(write.runId) ?? NOT_OWNED;
      await writeOnce(database, write, make, options).then(resolve, reject);
    }
    this.#parts.onCommitted?.();
  }
}
