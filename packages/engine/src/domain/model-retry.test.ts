import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ModelFailureKind } from "../models/model.ts";
import { afterModelFailure, backoffMs, LONG_WAIT_MS, MAX_ATTEMPTS, MAX_HELD_DELAY_MS } from "./model-retry.ts";

const KINDS: ModelFailureKind[] = [
  "rate_limited",
  "overloaded",
  "network",
  "cut_stream",
  "stalled",
  "malformed",
  "context_overflow",
  "usage_limit",
  "unauthenticated",
  "invalid_request",
  "canceled",
];
const RETRIED: ModelFailureKind[] = ["rate_limited", "overloaded", "network", "cut_stream", "stalled", "malformed"];

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const input = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    retryAfterMs: fc.option(fc.nat({ max: 2 * LONG_WAIT_MS })),
    attempt: fc.integer({ min: 1, max: 20 }),
    chainLength: fc.integer({ min: 1, max: 5 }),
    position: fc.nat({ max: 4 }),
    random,
  })
  .map(({ kind, retryAfterMs, position, ...rest }) => ({
    ...rest,
    chainPosition: position % rest.chainLength,
    failure: { kind, message: "It said no.", status: null, retryAfterMs },
  }));

describe("afterModelFailure", () => {
  test("a delay never undercuts Retry-After and exceeds it by at most a tenth", () => {
    fc.assert(
      fc.property(input, (one) => {
        const next = afterModelFailure(one);
        const asked = one.failure.retryAfterMs;
        if ((next.type !== "retry" && next.type !== "wait") || asked === null) return;
        expect(next.delayMs).toBeGreaterThanOrEqual(asked);
        expect(next.delayMs).toBeLessThanOrEqual(Math.ceil(asked * 1.1));
      }),
    );
  });

  test("a delay is held up to the limit and is a wait above it", () => {
    fc.assert(
      fc.property(input, (one) => {
        const next = afterModelFailure(one);
        if (next.type === "retry") expect(next.delayMs).toBeLessThanOrEqual(MAX_HELD_DELAY_MS);
        if (next.type === "wait") expect(next.delayMs).toBeGreaterThan(MAX_HELD_DELAY_MS);
      }),
    );
  });

  test("a chain ends: each model is given up after a bounded number of attempts", () => {
    fc.assert(
      fc.property(fc.constantFrom(...KINDS), fc.integer({ min: 1, max: 5 }), random, (kind, chainLength, chance) => {
        let [attempt, chainPosition, calls] = [1, 0, 0];
        for (;;) {
          calls += 1;
          expect(calls).toBeLessThanOrEqual(MAX_ATTEMPTS * chainLength);
          const failure = { kind, message: "", status: null, retryAfterMs: null };
          const next = afterModelFailure({ failure, attempt, chainPosition, chainLength, random: chance });
          if (next.type === "give_up" || next.type === "canceled") return;
          if (next.type === "next_model") [attempt, chainPosition] = [1, chainPosition + 1];
          else attempt += 1;
        }
      }),
    );
  });

  test("the next model is named only when there is one", () => {
    fc.assert(
      fc.property(input, (one) => {
        const next = afterModelFailure(one);
        if (next.type === "next_model") expect(one.chainPosition + 1).toBeLessThan(one.chainLength);
        if (next.type === "give_up") expect(one.chainPosition + 1).toBe(one.chainLength);
      }),
    );
  });

  test.each(RETRIED)("%s is tried again at first", (kind) => {
    const failure = { kind, message: "", status: null, retryAfterMs: null };
    expect(afterModelFailure({ failure, attempt: 1, chainPosition: 0, chainLength: 2, random: 0.5 }).type).toBe(
      "retry",
    );
  });

  test("a context overflow calls for compaction", () => {
    const failure = { kind: "context_overflow", message: "", status: 400, retryAfterMs: null } as const;
    const next = afterModelFailure({ failure, attempt: 1, chainPosition: 0, chainLength: 2, random: 0 });
    expect(next).toEqual({ type: "compact" });
  });

  test("a used-up account goes to the next model, and ends the run with a sentence when there is none", () => {
    const failure = { kind: "usage_limit", message: "No credit is left.", status: 429, retryAfterMs: null } as const;
    const base = { failure, attempt: 1, random: 0 };
    expect(afterModelFailure({ ...base, chainPosition: 0, chainLength: 2 })).toEqual({ type: "next_model" });
    const last = afterModelFailure({ ...base, chainPosition: 1, chainLength: 2 });
    expect(last).toEqual({
      type: "give_up",
      code: "usage_limit",
      sentence: "The account at the model's provider is used up. No credit is left.",
    });
  });

  test("a very long Retry-After goes to the next model", () => {
    const failure = { kind: "rate_limited", message: "", status: 429, retryAfterMs: LONG_WAIT_MS + 1 } as const;
    const base = { failure, attempt: 1, random: 0 };
    expect(afterModelFailure({ ...base, chainPosition: 0, chainLength: 2 }).type).toBe("next_model");
    expect(afterModelFailure({ ...base, chainPosition: 1, chainLength: 2 }).type).toBe("wait");
  });
});

test("backoff grows with the attempt and has a cap", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), random, (attempt, chance) => {
      expect(backoffMs(attempt, chance)).toBeGreaterThan(0);
      expect(backoffMs(attempt, chance)).toBeLessThanOrEqual(60_000);
      expect(backoffMs(attempt + 1, chance)).toBeGreaterThanOrEqual(backoffMs(attempt, chance));
    }),
  );
});
