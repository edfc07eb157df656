import { afterEach, describe, expect, test } from "vitest";
import type { Clock } from "../clock.ts";
import { until } from "../testing/test-world.ts";
import { Expiry } from "./expiry.ts";

const MINUTE_MS = 60_000;
const START = 1_000_000_000_000;

/** A clock that stands still until it is moved; what sleeps is woken when its time has come. */
class StillClock implements Clock {
  #now = START;
  #sleepers = new Set<{ until: number; wake: () => void }>();

  now(): number {
    return this.#now;
  }

  /** When the next sleeper wakes, from the start; null when nobody sleeps. */
  get next(): number | null {
    const times = [...this.#sleepers].map((sleeper) => sleeper.until - START);
    return times.length === 0 ? null : Math.min(...times);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { until: this.#now + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", () => {
        this.#sleepers.delete(sleeper);
        reject(new Error("woken"));
      });
    });
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const sleeper of this.#sleepers) {
      if (sleeper.until > this.#now) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
  }
}

let clock: StillClock;
let expiry: Expiry;
let looks: number[];
let nextAt: number | null;
let failing: Error | null;
let warnings: string[];
afterEach(() => expiry.stop());

async function start(): Promise<void> {
  clock = new StillClock();
  [looks, nextAt, failing, warnings] = [[], null, null, []];
  expiry = new Expiry({
    clock,
    log: (_level, message) => void warnings.push(message),
    expire: async (now) => {
      looks.push(now - START);
      if (failing) throw failing;
      return { expired: 0, reminded: 0, more: false, nextAt };
    },
  });
  expiry.start();
  await sleeping();
}

const sleeping = () => until(() => clock.next !== null, "it sleeps");

describe("what is due in the inbox", () => {
  test("is looked for at once, and after that once a minute while nothing is", async () => {
    await start();
    expect(looks).toEqual([0]);
    expect(clock.next).toBe(MINUTE_MS);
    clock.advance(MINUTE_MS);
    await until(() => looks.length === 2, "it looks again");
    await sleeping();
    expect(clock.next).toBe(2 * MINUTE_MS);
  });

  test("is done at its time when that is sooner", async () => {
    await start();
    nextAt = START + MINUTE_MS + 5_000;
    clock.advance(MINUTE_MS);
    await until(() => looks.length === 2, "it looks again");
    await sleeping();
    expect(clock.next).toBe(MINUTE_MS + 5_000);
  });

  test("is done at its time when it was added meanwhile, and an early hint does no harm", async () => {
    await start();
    expiry.due(START + 30_000);
    await until(() => clock.next === 30_000, "it wakes sooner");
    expiry.due(START + 40_000);
    expiry.due(START + 10_000);
    await until(() => clock.next === 10_000, "it wakes sooner still");
    clock.advance(10_000);
    await until(() => looks.length === 2, "it looks");
    expect(looks).toEqual([0, 10_000]);
  });

  test("is not looked for without pause when something stays due", async () => {
    await start();
    nextAt = START - 1;
    expiry.due(START - 1);
    await until(() => clock.next !== null && clock.next < MINUTE_MS, "it wakes sooner");
    expect(clock.next).toBeGreaterThan(0);
    expect(looks).toEqual([0]);
  });

  test("is tried again a minute after it failed, and the failure is told", async () => {
    await start();
    failing = new Error("no room");
    clock.advance(MINUTE_MS);
    await until(() => looks.length === 2, "it looks again");
    await sleeping();
    expect(warnings).toEqual([expect.stringContaining("no room")]);
    expect(clock.next).toBe(2 * MINUTE_MS);
  });

  test("is left alone once it was stopped", async () => {
    await start();
    await expiry.stop();
    clock.advance(10 * MINUTE_MS);
    expiry.due(START);
    expect(looks).toEqual([0]);
    expect(clock.next).toBeNull();
  });
});
