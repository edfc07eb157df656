import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MIN_OUTPUT_TOKENS } from "./budget.ts";
import {
  capKey,
  type CappedCall,
  type Caps,
  type CapScope,
  capsFor,
  hasCaps,
  NO_CAPS,
  planWithinCaps,
} from "./caps.ts";

const NOTHING = { tokens: 0, micros: 0, runs: 0, reservedTokens: 0, reservedMicros: 0 };
const PRICE = { input: 1_000_000, cachedInput: 100_000, output: 5_000_000 };
const call: CappedCall = { inputBytes: 4_000, maxOutputTokens: 1_000, price: PRICE, model: "test/m", newRun: true };

function aScope(part: Partial<CapScope> = {}): CapScope {
  return { of: "workspace", name: "", period: "day", caps: {}, spent: NOTHING, ...part };
}

describe("planWithinCaps", () => {
  test("lowers the answer's bound to what the tightest cap still allows", () => {
    const scopes = [
      aScope({ caps: { tokens: 10_000 } }),
      aScope({ of: "agent", name: "writer", caps: { tokens: 2_000 }, spent: { ...NOTHING, tokens: 500 } }),
    ];
    expect(planWithinCaps(scopes, call)).toEqual({ ok: true, tokens: 1_500, micros: 3_500, maxOutputTokens: 500 });
  });

  test("waits while only calls in flight take the room, and is refused when what is spent does", () => {
    const flying = aScope({ caps: { tokens: 2_000 }, spent: { ...NOTHING, reservedTokens: 1_500 } });
    expect(planWithinCaps([flying], call)).toMatchObject({
      why: "busy",
      sentence: "Waits for other calls under the cap of 2,000 tokens a day for the workspace.",
    });
    const gone = aScope({ caps: { tokens: 2_000 }, spent: { ...NOTHING, tokens: 1_500 } });
    expect(planWithinCaps([gone], call)).toMatchObject({
      why: "reached",
      sentence:
        "The cap of 2,000 tokens a day for the workspace has no room for another model call: 1,500 tokens are spent.",
    });
  });

  test("counts runs only when a new one begins", () => {
    const full = aScope({ caps: { runs: 1 }, spent: { ...NOTHING, runs: 1 } });
    expect(planWithinCaps([full], call)).toMatchObject({
      why: "reached",
      sentence: "The cap of 1 run a day for the workspace has no room for another run: 1 run is spent.",
    });
    expect(planWithinCaps([full], { ...call, newRun: false })).toMatchObject({ ok: true });
  });

  test("refuses a model without a price under a cap on money, unless tokens are capped too", () => {
    const money = aScope({ of: "agent", name: "writer", period: "total", caps: { micros: 5_000_000 } });
    const free = { ...call, price: null };
    expect(planWithinCaps([money], free)).toMatchObject({
      why: "unpriced",
      sentence: expect.stringMatching(/^The cap of \$5\.00 in all for the agent writer cannot hold for test\/m/),
    });
    expect(planWithinCaps([aScope({ caps: { tokens: 9_000 } }), money], free)).toMatchObject({ ok: true, micros: 0 });
    const nothing = { input: 0, cachedInput: 0, output: 0 };
    expect(planWithinCaps([money], { ...call, price: nothing })).toMatchObject({ ok: true, micros: 0 });
  });

  test("never lets through what would pass a cap, and always leaves room for an answer", () => {
    const amount = fc.nat({ max: 50_000 });
    const scope = fc
      .record({
        cap: fc.integer({ min: 1, max: 50_000 }),
        money: fc.integer({ min: 1, max: 90_000 }),
        spent: amount,
        reserved: amount,
      })
      .map(({ cap, money, spent, reserved }) =>
        aScope({
          caps: { tokens: cap, micros: money },
          spent: { ...NOTHING, tokens: spent, reservedTokens: reserved, micros: spent, reservedMicros: reserved },
        }),
      );
    fc.assert(
      fc.property(fc.array(scope, { minLength: 1, maxLength: 4 }), amount, (scopes, inputBytes) => {
        const plan = planWithinCaps(scopes, { ...call, inputBytes });
        if (!plan.ok) return;
        expect(plan.maxOutputTokens).toBeGreaterThanOrEqual(MIN_OUTPUT_TOKENS);
        for (const { caps, spent } of scopes) {
          expect(spent.tokens + spent.reservedTokens + plan.tokens).toBeLessThanOrEqual(caps.tokens!);
          expect(spent.micros + spent.reservedMicros + plan.micros).toBeLessThanOrEqual(caps.micros!);
        }
      }),
    );
  });
});

describe("caps", () => {
  const caps: Caps = {
    workspace: { day: { runs: 5 }, total: {} },
    agents: { writer: { day: {}, total: { micros: 1 } } },
  };

  test("that hold for an agent are its own and those of the workspace", () => {
    expect(capsFor(caps, "writer").map(({ of, period }) => `${of} ${period}`)).toEqual([
      "workspace day",
      "agent total",
    ]);
    expect(capsFor(caps, "constructor")).toHaveLength(1);
    expect(hasCaps(caps)).toBe(true);
    expect(hasCaps(NO_CAPS)).toBe(false);
    expect(hasCaps({ ...NO_CAPS, agents: { writer: { day: {}, total: {} } } })).toBe(false);
  });

  test.each([
    ["workspace", "day", "tokens", "caps.day.tokens"],
    ["workspace", "total", "micros", "caps.workspace.money"],
    ["agent", "day", "runs", "caps.agents.writer.day.runs"],
    ["agent", "total", "tokens", "caps.agents.writer.tokens"],
  ] as const)("of the %s, %s, on %s are set at %s", (of, period, limit, key) => {
    expect(capKey({ of, name: "writer", period, limit })).toBe(key);
  });
});
