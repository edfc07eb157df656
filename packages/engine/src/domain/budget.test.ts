import { type Budget, NO_USAGE, type Usage } from "@bureau/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ModelPrice } from "../models/model.ts";
import {
  addUsage,
  chargeCall,
  estimateCall,
  MIN_OUTPUT_TOKENS,
  moneyText,
  planCall,
  priceOf,
  remaining,
  remainingText,
  reserve,
} from "./budget.ts";

const NONE = { tokens: 0, micros: 0 };
const PRICE: ModelPrice = { input: 2_000_000, cachedInput: 200_000, output: 10_000_000 };
const used = (part: Partial<Usage>): Usage => ({ ...NO_USAGE, ...part });

describe("reserve", () => {
  test("fits up to the cap and not beyond, with what others have reserved", () => {
    const budget: Budget = { tokens: 100 };
    expect(reserve(used({ tokens: 50 }), { tokens: 20, micros: 0 }, budget, { tokens: 30 })).toMatchObject({
      ok: true,
      tokens: 30,
    });
    expect(reserve(used({ tokens: 50 }), { tokens: 21, micros: 0 }, budget, { tokens: 30 })).toEqual({
      ok: false,
      exceeded: "tokens",
      sentence: "The next model call could take 30 tokens, and 29 tokens of the budget of 100 tokens are left.",
    });
  });

  test.each([
    [{ tokens: 10 }, { tokens: 10 }, { tokens: 1 }, "tokens", "The budget of 10 tokens is used up."],
    [{ micros: 2_000_000 }, { micros: 2_000_000 }, { micros: 1 }, "micros", "The budget of $2.00 is used up."],
    [{ timeMs: 7_200_000 }, { activeMs: 7_200_000 }, { turns: 1 }, "timeMs", "The time budget of 2h is used up."],
    [{ turns: 1 }, { turns: 1 }, { turns: 1 }, "turns", "The budget of 1 turn is used up."],
    [{ toolCalls: 100 }, { toolCalls: 100 }, { toolCalls: 1 }, "toolCalls", "The budget of 100 tool calls is used up."],
  ])("says which cap of %j is reached", (budget, usage, wanted, exceeded, sentence) => {
    expect(reserve(used(usage), NONE, budget, wanted)).toEqual({ ok: false, exceeded, sentence });
  });

  test("has no cap where the budget has none", () => {
    expect(reserve(used({ tokens: 1e12, turns: 1e6 }), NONE, {}, { tokens: 1e9, turns: 1 }).ok).toBe(true);
  });
});

describe("planCall", () => {
  test("lowers the output bound to what the budget allows", () => {
    const plan = planCall(
      used({ tokens: 500 }),
      NONE,
      { tokens: 1000 },
      { inputBytes: 400, maxOutputTokens: 8000, price: null },
    );
    expect(plan).toEqual({ ok: true, tokens: 500, micros: 0, maxOutputTokens: 400 });
  });

  test("lowers it by money too", () => {
    const plan = planCall(
      NO_USAGE,
      NONE,
      { micros: 10_000 },
      { inputBytes: 4000, maxOutputTokens: 8000, price: PRICE },
    );
    expect(plan).toEqual({ ok: true, tokens: 1800, micros: 10_000, maxOutputTokens: 800 });
  });

  test("refuses a call that could hardly answer", () => {
    const plan = planCall(
      used({ tokens: 900 }),
      NONE,
      { tokens: 1000 },
      { inputBytes: 400, maxOutputTokens: 8000, price: null },
    );
    expect(plan).toMatchObject({ ok: false, exceeded: "tokens" });
  });

  test("never spends above a cap when calls keep to their reservation", () => {
    const call = fc.record({
      inputBytes: fc.nat(100_000),
      maxOutputTokens: fc.integer({ min: 1, max: 20_000 }),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(call, { maxLength: 30 }),
        fc.integer({ min: 1, max: 200_000 }),
        fc.integer({ min: 1, max: 500_000 }),
        (calls, tokens, micros) => {
          let usage: Usage = NO_USAGE;
          for (const { inputBytes, maxOutputTokens, part } of calls) {
            const plan = planCall(usage, NONE, { tokens, micros }, { inputBytes, maxOutputTokens, price: PRICE });
            if (!plan.ok) continue;
            expect(plan.maxOutputTokens).toBeGreaterThanOrEqual(Math.min(MIN_OUTPUT_TOKENS, maxOutputTokens));
            expect(plan.maxOutputTokens).toBeLessThanOrEqual(maxOutputTokens);
            const outputTokens = Math.floor(plan.maxOutputTokens * part);
            usage = chargeCall(
              usage,
              { inputTokens: Math.ceil(inputBytes / 4), cachedInputTokens: 0, outputTokens, reasoningTokens: 0 },
              PRICE,
            );
            expect(usage.tokens).toBeLessThanOrEqual(tokens);
            expect(usage.micros).toBeLessThanOrEqual(micros);
          }
        },
      ),
    );
  });
});

describe("a call's cost", () => {
  test("counts bytes / 4 until the provider has counted", () => {
    expect(estimateCall({ inputBytes: 4001, maxOutputTokens: 100, price: null })).toEqual({
      tokens: 1101,
      micros: 0,
      inputTokens: 1001,
    });
  });

  test("builds on what the provider counted and read from its cache", () => {
    const lastCall = { inputBytes: 4000, inputTokens: 1500, cachedInputTokens: 1400 };
    expect(estimateCall({ inputBytes: 4400, maxOutputTokens: 100, price: null, lastCall })).toEqual({
      tokens: 300,
      micros: 0,
      inputTokens: 1600,
    });
  });

  test("charges uncached input plus output, reasoning included once", () => {
    const call = { inputTokens: 20, cachedInputTokens: 5, outputTokens: 8, reasoningTokens: 2 };
    expect(chargeCall(NO_USAGE, call, null)).toMatchObject({
      tokens: 23,
      inputTokens: 20,
      cachedInputTokens: 5,
      outputTokens: 8,
      micros: 0,
      modelCalls: 1,
    });
  });

  test("rounds money up, and takes the price of cached input for cached input", () => {
    expect(priceOf({ inputTokens: 1000, cachedInputTokens: 500, outputTokens: 1, reasoningTokens: 0 }, PRICE)).toBe(
      1110,
    );
    expect(priceOf({ inputTokens: 1, cachedInputTokens: 1, outputTokens: 0, reasoningTokens: 0 }, PRICE)).toBe(1);
  });

  test("sums usage", () => {
    const one = used({ tokens: 1, turns: 2, activeMs: 3, micros: 4 });
    expect(addUsage(one, one)).toEqual(used({ tokens: 2, turns: 4, activeMs: 6, micros: 8 }));
  });
});

describe("what is left", () => {
  test("is told in words, and is never below zero", () => {
    const budget: Budget = { tokens: 12_000, micros: 1_200_000, turns: 3 };
    expect(remainingText(remaining(NO_USAGE, NONE, budget))).toBe("12,000 tokens, $1.20 and 3 turns");
    expect(remaining(used({ tokens: 13_000 }), NONE, budget).tokens).toBe(0);
    expect(remainingText(remaining(NO_USAGE, NONE, {}))).toBeNull();
    expect(moneyText(1234)).toBe("$0.001234");
  });
});
