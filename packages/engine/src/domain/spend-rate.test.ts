import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMuch, judgeRate } from "./spend-rate.ts";

const window = (tokens: number, micros = 0) => ({ tokens, micros });

describe("judgeRate", () => {
  test("finds what is far above the median of the earlier stretches", () => {
    const earlier = [40_000, 50_000, 45_000, 900_000].map((tokens) => window(tokens));
    expect(judgeRate(window(400_000), earlier)).toEqual({
      ok: false,
      sentence: "spent 400,000 tokens in ten minutes, usually 47,500 tokens",
    });
    expect(judgeRate(window(350_000), earlier)).toEqual({ ok: true });
  });

  test("says money where money tells it", () => {
    const earlier = [window(1, 100_000), window(1, 200_000), window(1, 300_000)];
    expect(judgeRate(window(1, 4_000_000), earlier)).toEqual({
      ok: false,
      sentence: "spent $4.00 in ten minutes, usually $0.20",
    });
  });

  test("counts only stretches in which something was spent", () => {
    const idle = Array.from({ length: 100 }, () => window(0));
    expect(judgeRate(window(400_000), [...idle, window(300_000), window(300_000), window(300_000)])).toEqual({
      ok: true,
    });
  });

  test("never fires with fewer than three earlier stretches, nor for little", () => {
    const amount = fc.nat({ max: 10_000_000 });
    fc.assert(
      fc.property(amount, amount, fc.array(fc.tuple(amount, amount), { maxLength: 2 }), (tokens, micros, earlier) => {
        expect(
          judgeRate(
            window(tokens, micros),
            earlier.map(([t, m]) => window(t, m)),
          ),
        ).toEqual({ ok: true });
      }),
    );
    fc.assert(
      fc.property(fc.nat({ max: 299_999 }), fc.nat({ max: 2_999_999 }), fc.array(amount), (tokens, micros, earlier) => {
        expect(isMuch(window(tokens, micros))).toBe(false);
        expect(
          judgeRate(
            window(tokens, micros),
            earlier.map((t) => window(t, t)),
          ),
        ).toEqual({ ok: true });
      }),
    );
  });

  test("more is never judged milder", () => {
    const amount = fc.nat({ max: 5_000_000 });
    fc.assert(
      fc.property(amount, amount, fc.array(amount, { minLength: 3 }), (tokens, more, earlier) => {
        const windows = earlier.map((t) => window(t));
        if (!judgeRate(window(tokens), windows).ok) expect(judgeRate(window(tokens + more), windows).ok).toBe(false);
      }),
    );
  });
});
