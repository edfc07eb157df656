import type { BureauEvent, LiveDelta } from "@bureau/protocol";
import type pg from "pg";
import type { Clock } from "../clock.ts";
import type { Database } from "../store/database.ts";
import { eventsAfter, lastSequence, NOTIFY_CHANNEL, PUSH_SIGNAL } from "../store/events.ts";

const READ_BATCH = 500;
/** Events of other processes are told together, at most this often. */
const TELL_MS = 20;
const RECONNECT_MS = 250;

export interface LiveParts {
  database: Database;
  clock: Clock;
  onRunSignal: (runId: string) => void;
  /** Called when the database is heard again after it was away. */
  onReconnect?: () => void;
  /** Called when somebody begins or ceases to be pushed to, in whichever process. */
  onPushSignal?: () => void;
}

/**
 * Hears of committed events and of commands of other processes by LISTEN, and hands them on.
 *
 * Reads events only while somebody listens, so an idle Bureau asks the database nothing. After the connection
 * was lost it is made anew, and what was missed is read.
 */
export class Live {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #onRunSignal: (runId: string) => void;
  readonly #onReconnect: () => void;
  readonly #onPushSignal: () => void;
  readonly #eventListeners = new Set<(events: readonly BureauEvent[]) => void>();
  readonly #deltaListeners = new Set<(delta: LiveDelta) => void>();
  #client: pg.Client | null = null;
  #lastSeq = 0;
  #reading: Promise<void> | null = null;
  #again = false;
  #stopped = false;
  #others = false;
  #telling = false;

  constructor(parts: LiveParts) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#onRunSignal = parts.onRunSignal;
    this.#onReconnect = parts.onReconnect ?? ignore;
    this.#onPushSignal = parts.onPushSignal ?? ignore;
  }

  async start(): Promise<void> {
    await this.#connect();
  }

  onEvents(listener: (events: readonly BureauEvent[]) => void): () => void {
    if (this.#eventListeners.size === 0) this.#reading = this.#catchUpFromNow();
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }

  onDelta(listener: (delta: LiveDelta) => void): () => void {
    this.#deltaListeners.add(listener);
    return () => this.#deltaListeners.delete(listener);
  }

  /** Says that this process committed events. Others are told when there are any, together and a moment later. */
  committed(): void {
    this.#read();
    if (!this.#others || this.#telling) return;
    this.#telling = true;
    setTimeout(() => {
      this.#telling = false;
      this.#database.query(`SELECT pg_notify('${NOTIFY_CHANNEL}', 'events')`).catch(ignore);
    }, TELL_MS).unref();
  }

  /** Whether other processes drive runs on this database and want to hear of events. */
  set others(present: boolean) {
    this.#others = present;
  }

  get hasDeltaListeners(): boolean {
    return this.#deltaListeners.size > 0;
  }

  emitDelta(delta: LiveDelta): void {
    for (const listener of this.#deltaListeners) listener(delta);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(ignore);
    await this.#reading;
  }

  async #connect(): Promise<void> {
    const client = await this.#database.connect();
    client.on("notification", ({ payload }) => this.#heard(payload ?? ""));
    client.on("end", () => void this.#reconnect());
    await client.query(`LISTEN ${NOTIFY_CHANNEL}`);
    this.#client = client;
    if (this.#stopped) await client.end();
  }

  async #reconnect(): Promise<void> {
    this.#client = null;
    while (!this.#stopped) {
      try {
        await this.#connect();
        this.#read();
        this.#onReconnect();
        return;
      } catch {
        await this.#clock.sleep(RECONNECT_MS);
      }
    }
  }

  #heard(payload: string): void {
    if (payload.startsWith("run:")) this.#onRunSignal(payload.slice("run:".length));
    else if (payload === PUSH_SIGNAL) this.#onPushSignal();
    else this.#read();
  }

  #read(): void {
    if (this.#eventListeners.size === 0) return;
    if (this.#reading) {
      this.#again = true;
      return;
    }
    this.#reading = this.#readAll().finally(() => {
      this.#reading = null;
      if (this.#again) {
        this.#again = false;
        this.#read();
      }
    });
  }

  async #catchUpFromNow(): Promise<void> {
    try {
      this.#lastSeq = Math.max(this.#lastSeq, await lastSequence(this.#database));
      // The newest event again: a listener that read the store a moment ago sees whether it missed one since.
      const newest = this.#lastSeq === 0 ? [] : await eventsAfter(this.#database, this.#lastSeq - 1, 1);
      if (newest.length > 0) for (const listener of this.#eventListeners) listener(newest);
    } catch {
      // The database is away: the next notification after it is back starts from what is known.
    } finally {
      this.#reading = null;
      if (this.#again) {
        this.#again = false;
        this.#read();
      }
    }
  }

  async #readAll(): Promise<void> {
    try {
      for (;;) {
        const events = await eventsAfter(this.#database, this.#lastSeq, READ_BATCH);
        if (events.length === 0) return;
        this.#lastSeq = events.at(-1)!.seq;
        for (const listener of this.#eventListeners) listener(events);
        if (events.length < READ_BATCH) return;
      }
    } catch {
      // The database is away; the reconnect reads again.
    }
  }
}

function ignore(): void {}
