import fc from "fast-check";
import { expect, test } from "vitest";
import { matchesGlob } from "./glob.ts";

test.each([
  ["*", "", true],
  ["*", "anything", true],
  ["a*c", "abc", true],
  ["a*c", "ABBC", true],
  ["a*c", "abcd", false],
  ["a*a", "a", false],
  ["*.send", "mail.send", true],
  ["*.send", "mail.sender", false],
  ["a.c", "abc", false],
  ["(x|y)+$", "(x|y)+$", true],
  ["", "", null],
])("%s and %s: %s", (pattern, text, fits) => {
  expect(matchesGlob(pattern, text)).toBe(fits);
});

test("says nothing of what is too long", () => {
  expect(matchesGlob("a".repeat(501), "a")).toBe(null);
  expect(matchesGlob("*", "a".repeat(10_001))).toBe(null);
});

test("agrees with a regular expression", () => {
  const letters = fc
    .array(fc.constantFrom("a", "b", "*"), { minLength: 1, maxLength: 8 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(letters, letters, (pattern, letters) => {
      const text = letters.replaceAll("*", "a");
      expect(matchesGlob(pattern, text)).toBe(new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(text));
    }),
    { numRuns: 2_000 },
  );
});

test("takes no longer for many stars", () => {
  const begun = performance.now();
  expect(matchesGlob("*a".repeat(249), `${"a".repeat(248)}${"b".repeat(9_000)}`)).toBe(false);
  expect(performance.now() - begun).toBeLessThan(500);
});
