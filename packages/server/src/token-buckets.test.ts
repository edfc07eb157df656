import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TokenBuckets } from "./token-buckets.ts";

describe("TokenBuckets", () => {
  test("never give more than the burst and what has flowed in since, whatever is asked when", () => {
    const steps = fc.array(fc.tuple(fc.constantFrom("a", "b"), fc.integer({ min: -5_000, max: 5_000 })), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 600 }),
        (asked, burst, perMinute) => {
          let now = 0;
          let forwards = 0;
          const buckets = new TokenBuckets({ perMinute, burst }, { now: () => now, maxKeys: 10 });
          const given = { a: 0, b: 0 };
          for (const [key, ms] of asked) {
            now += ms;
            forwards += Math.max(0, ms);
            const waitMs = buckets.take(key as "a" | "b");
            if (waitMs === 0) given[key as "a" | "b"] += 1;
            else expect(waitMs).toBeGreaterThan(0);
          }
          const most = burst + (forwards * perMinute) / 60_000;
          expect(given.a).toBeLessThanOrEqual(most + 1e-6);
          expect(given.b).toBeLessThanOrEqual(most + 1e-6);
        },
      ),
    );
  });

  test("say how long it is until there is one, and keep their word", () => {
    let now = 0;
    const buckets = new TokenBuckets({ perMinute: 7, burst: 2 }, { now: () => now, maxKeys: 10 });
    expect([buckets.take("a"), buckets.take("a")]).toEqual([0, 0]);
    const waitMs = buckets.take("a");
    expect(waitMs).toBeGreaterThan(0);
    now += Math.ceil(waitMs) - 1;
    expect(buckets.peek("a")).toBeGreaterThan(0);
    now += 1;
    expect(buckets.peek("a")).toBe(0);
    expect(buckets.take("a")).toBe(0);
  });

  test("are bounded in number", () => {
    const buckets = new TokenBuckets({ perMinute: 1, burst: 1 }, { now: () => 0, maxKeys: 100 });
    for (let i = 0; i < 1_000; i += 1) buckets.take(`key ${i}`);
    expect(buckets.size).toBe(100);
    expect(buckets.take("key 999")).toBeGreaterThan(0);
  });
});
