import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { durationText, parseDuration } from "./duration.ts";

describe("durations", () => {
  test.each([
    ["90s", 90_000],
    ["15m", 900_000],
    ["2h", 7_200_000],
    ["1d", 86_400_000],
    ["1h30m", 5_400_000],
    ["1h 30m", 5_400_000],
    ["1.5h", 5_400_000],
    [" 2H ", 7_200_000],
    ["500ms", 500],
    ["30", null],
    ["", null],
    ["0s", null],
    ["-5m", null],
    ["2 weeks", null],
    ["1h and 3m", null],
  ])("reads %j as %s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test("every duration is read back as written", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 50 }), (ms) => parseDuration(durationText(ms)) === ms));
  });
});
