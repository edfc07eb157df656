import type { AccessApi } from "@bureau/engine";
import type { Caller } from "./caller.ts";
import { RateLimited } from "./token-buckets.ts";

const MAX_STREAMS = 256;
const MAX_STREAMS_PER_DEVICE = 32;
/** A device or a session that is ended loses its streams within this time and one question to the database. */
const LOOK_EVERY_MS = 400;
const RETRY_MS = 5_000;

export interface OpenStream {
  /** Aborted when its caller may not read any more. */
  signal: AbortSignal;
  close(): void;
}

/**
 * Event streams that are open, and whether those who read them still may.
 *
 * One question for all of them, twice a second, and none while only the owner's token reads. When it cannot be
 * answered the streams end: readers come back by themselves, and are asked who they are.
 */
export class OpenStreams {
  readonly #engine: Pick<AccessApi, "stillAllowed">;
  readonly #open = new Map<AbortController, Caller>();
  readonly #lookEveryMs: number;
  #watching = false;

  constructor(engine: Pick<AccessApi, "stillAllowed">, options: { lookEveryMs?: number } = {}) {
    this.#engine = engine;
    this.#lookEveryMs = options.lookEveryMs ?? LOOK_EVERY_MS;
  }

  /** Throws `RateLimited` when there are too many already. */
  open(caller: Caller): OpenStream {
    if (this.#open.size >= MAX_STREAMS) {
      throw new RateLimited(`There are already ${MAX_STREAMS} event streams.`, RETRY_MS);
    }
    const { deviceId } = caller;
    const own = deviceId === null ? 0 : [...this.#open.values()].filter((one) => one.deviceId === deviceId).length;
    if (own >= MAX_STREAMS_PER_DEVICE) {
      throw new RateLimited(`${caller.name} has ${MAX_STREAMS_PER_DEVICE} event streams open already.`, RETRY_MS);
    }
    const stream = new AbortController();
    this.#open.set(stream, caller);
    if (canEnd(caller)) this.#watch();
    return { signal: stream.signal, close: () => void this.#open.delete(stream) };
  }

  #watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    setTimeout(() => {
      void this.#look().then(() => {
        this.#watching = false;
        if ([...this.#open.values()].some(canEnd)) this.#watch();
      });
    }, this.#lookEveryMs).unref();
  }

  async #look(): Promise<void> {
    const watched = [...this.#open].filter(([, caller]) => canEnd(caller));
    if (watched.length === 0) return;
    const callers = watched.map(([, caller]) => caller);
    const allowed = await this.#engine
      .stillAllowed({
        devices: [...new Set(callers.flatMap(({ deviceId }) => deviceId ?? []))],
        sessions: [...new Set(callers.flatMap(({ sessionId }) => sessionId ?? []))],
      })
      .catch(() => new Set<string>());
    for (const [stream, { deviceId, sessionId }] of watched) {
      const holds = (deviceId === null || allowed.has(deviceId)) && (sessionId === null || allowed.has(sessionId));
      if (!holds) stream.abort();
    }
  }
}

/** The owner's token itself holds as long as this process. */
function canEnd(caller: Caller): boolean {
  return caller.deviceId !== null || caller.sessionId !== null;
}
