import type { Clock } from "../clock.ts";
import type { ExpiryReport } from "../commands/expire-entries.ts";
import { isConnectionError } from "../store/database.ts";

/** Longest time between two looks: what another process added, and what a failed look left, is found by then. */
const LONGEST_WAIT_MS = 60_000;
/** Two looks are at least this far apart, whatever is due. */
const SHORTEST_WAIT_MS = 50;

export interface ExpiryParts {
  clock: Clock;
  expire(now: number): Promise<ExpiryReport>;
  log: (level: "warn" | "error", message: string) => void;
}

/**
 * Has what is due in the inbox done at its time: approvals that expire, questions that are assumed, reminders.
 *
 * Nothing is kept in memory but when to look next, so a restart loses nothing: the first look is at once.
 */
export class Expiry {
  readonly #parts: ExpiryParts;
  readonly #stop = new AbortController();
  #wake = new AbortController();
  /** The earliest of what was said to be due since the last look began. */
  #hinted = Number.POSITIVE_INFINITY;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: ExpiryParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Something will be due then: looks no later. */
  due(at: number): void {
    if (at >= this.#hinted) return;
    this.#hinted = at;
    this.#wake.abort();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#hinted = Number.POSITIVE_INFINITY;
      await this.#sleep(await this.#look());
    }
  }

  /** Sleeps until then, or until what was said to be due earlier. */
  async #sleep(nextAt: number): Promise<void> {
    const { clock } = this.#parts;
    const [earliest, latest] = [clock.now() + SHORTEST_WAIT_MS, clock.now() + LONGEST_WAIT_MS];
    while (!this.#stop.signal.aborted) {
      const wait = Math.max(earliest, Math.min(latest, nextAt, this.#hinted)) - clock.now();
      if (wait <= 0) return;
      this.#wake = new AbortController();
      await clock.sleep(wait, this.#wake.signal).catch(ignore);
    }
  }

  /** Returns when to look again. */
  async #look(): Promise<number> {
    const { clock, expire, log } = this.#parts;
    const now = clock.now();
    try {
      const { more, nextAt } = await expire(now);
      return more ? now : (nextAt ?? Number.POSITIVE_INFINITY);
    } catch (error) {
      // An entry that fails is tried again with the next look; the database may only be away.
      if (!isConnectionError(error)) log("warn", `What is due in the inbox could not be done: ${String(error)}`);
      return Number.POSITIVE_INFINITY;
    }
  }
}

function ignore(): void {}
