import { useSyncExternalStore } from "react";

const TICK_MS = 15_000;
const FINE_TICK_MS = 1_000;

/** The time, kept by two clocks for the whole app: one timer each, and none while nothing shows a time. */
function createTicker(everyMs: number): { subscribe: (listener: () => void) => () => void; read: () => number } {
  const listeners = new Set<() => void>();
  let timer: number | undefined;
  let now = Date.now();
  return {
    read: () => now,
    subscribe(listener) {
      listeners.add(listener);
      if (timer === undefined) {
        now = Date.now();
        timer = window.setInterval(() => {
          now = Date.now();
          for (const one of listeners) one();
        }, everyMs);
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        window.clearInterval(timer);
        timer = undefined;
      };
    },
  };
}

const coarse = createTicker(TICK_MS);
const fine = createTicker(FINE_TICK_MS);

/** The time in milliseconds, moving every 15 s; with `fine` every second, for what runs down visibly. */
export function useNow(precision: "coarse" | "fine" = "coarse"): number {
  const ticker = precision === "fine" ? fine : coarse;
  return useSyncExternalStore(ticker.subscribe, ticker.read);
}
