import fc from "fast-check";
import { expect, test } from "vitest";
import { textDifference } from "./text-difference.ts";

test("a difference tells the lines that were taken out and put in, with those around them", async () => {
  const before = "one\ntwo\nthree\n";
  expect(await textDifference(before, "one\n2\nthree\nfour\n")).toEqual({
    added: 2,
    removed: 1,
    truncated: false,
    hunks: [{ oldStart: 1, oldLines: 3, newStart: 1, newLines: 4, lines: [" one", "-two", "+2", " three", "+four"] }],
  });
});

test("putting in what it tells leads from the one text to the other", async () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 }).map((lines) => `${lines.join("\n")}\n`);
  await fc.assert(
    fc.asyncProperty(text, text, async (before, after) => {
      const { hunks } = await textDifference(before, after);
      const lines = before.split("\n");
      for (const hunk of hunks.toReversed()) {
        const kept = hunk.lines.filter((line) => !line.startsWith("-") && !line.startsWith("\\"));
        const start = hunk.oldLines === 0 ? hunk.oldStart : hunk.oldStart - 1;
        lines.splice(start, hunk.oldLines, ...kept.map((line) => line.slice(1)));
      }
      expect(lines.join("\n")).toBe(after);
    }),
  );
});

test("texts that are too long, or have nothing in common, are refused with what to do instead", async () => {
  const long = "x\n".repeat(400_000);
  await expect(textDifference(long, long)).rejects.toMatchObject({ code: "too_large", hint: expect.any(String) });
  const lines = (from: number) => Array.from({ length: 20_000 }, (_, index) => `${from + index}\n`).join("");
  await expect(textDifference(lines(0), lines(1_000_000))).rejects.toMatchObject({ code: "too_large" });
});
