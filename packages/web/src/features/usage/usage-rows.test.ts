import { NO_USAGE } from "@bureau/protocol";
import { expect, test } from "vitest";
import { byUse, dayRows, firstDay } from "./usage-rows.ts";

const NOW = Date.parse("2026-03-10T15:00:00Z");
const used = (key: string, micros: number, tokens = 0) => ({
  key,
  label: key,
  usage: { ...NO_USAGE, micros, tokens },
});

test("a range ends today and counts today", () => {
  expect(firstDay(7, NOW)).toBe("2026-03-04");
});

test("every day of a short range has a row, the newest first", () => {
  const rows = dayRows([used("2026-03-08", 5)], 7, NOW);
  expect(rows.map(({ key }) => key)[0]).toBe("2026-03-10");
  expect(rows.map(({ usage }) => usage.micros)).toEqual([0, 0, 5, 0, 0, 0, 0]);
});

test("a long range is told by weeks, and nothing of it is lost", () => {
  const rows = dayRows(
    [used("2026-03-10", 1), used("2026-03-04", 2), used("2026-03-03", 4), used("2025-12-11", 8)],
    90,
    NOW,
  );
  expect(rows).toHaveLength(13);
  expect(rows.map(({ usage }) => usage.micros)).toEqual([3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8]);
});

test("what used the most comes first, by what is measured", () => {
  const rows = [used("a", 1, 9), used("b", 2, 3)];
  expect(byUse(rows, "money").map(({ key }) => key)).toEqual(["b", "a"]);
  expect(byUse(rows, "tokens").map(({ key }) => key)).toEqual(["a", "b"]);
});
