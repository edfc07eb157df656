import type { Clock } from "../clock.ts";

/** Leave to call a provider, or how long it asked everyone to stay away. */
export type Admission = { type: "go"; leave: () => void } | { type: "wait"; delayMs: number } | { type: "full" };

export interface Governor {
  /**
   * Waits for a place, at most `MAX_HELD_MS` for a provider that asked for quiet; a longer wait is returned, for the
   * caller to keep as a row. Rejects with the signal's reason when it is aborted.
   */
  enter(signal: AbortSignal): Promise<Admission>;
  /** The provider asked for quiet: it holds for every call to it. */
  backOff(delayMs: number): void;
}

export const DEFAULT_MAX_CONCURRENT = 1000;
const MAX_QUEUED = 10_000;
const MAX_HELD_MS = 5_000;
/** A provider that asks for longer is asked again after this, by one of the calls that did not hear it themselves. */
const MAX_QUIET_MS = 3_600_000;

/** Calls to one provider: how many at once, and quiet after `Retry-After`. */
export function createGovernor(maxConcurrent: number | undefined, clock: Clock): Governor {
  const limit = maxConcurrent ?? DEFAULT_MAX_CONCURRENT;
  const queue: (() => void)[] = [];
  let active = 0;
  let quietUntil = 0;

  const leave = () => {
    active -= 1;
    queue.shift()?.();
  };
  const takePlace = (signal: AbortSignal): Promise<void> | null => {
    if (active < limit) {
      active += 1;
      return null;
    }
    return new Promise<void>((resolve, reject) => {
      const start = () => {
        signal.removeEventListener("abort", onAbort);
        active += 1;
        resolve();
      };
      const onAbort = () => {
        queue.splice(queue.indexOf(start), 1);
        reject(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      queue.push(start);
    });
  };

  return {
    async enter(signal) {
      signal.throwIfAborted();
      const quietMs = quietUntil - clock.now();
      if (quietMs > MAX_HELD_MS) return { type: "wait", delayMs: quietMs };
      if (quietMs > 0) await clock.sleep(quietMs, signal);
      if (active >= limit && queue.length >= MAX_QUEUED) return { type: "full" };
      const waiting = takePlace(signal);
      if (waiting !== null) await waiting;
      let left = false;
      return {
        type: "go",
        leave: () => {
          if (!left) leave();
          left = true;
        },
      };
    },
    backOff(delayMs) {
      quietUntil = Math.max(quietUntil, clock.now() + Math.min(delayMs, MAX_QUIET_MS));
    },
  };
}
