import { Check } from "@bureau/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCheck, readFields, readTime } from "./goal-fields.ts";
import { checkText } from "./present/evidence.ts";

describe("a check in one line", () => {
  test.each([
    ["command: test -s report.md", { command: "test -s report.md" }],
    ["file: report.md", { file: { path: "report.md", exists: true } }],
    ["file: report.md contains ## Risks", { file: { path: "report.md", contains: "## Risks" } }],
    ['file: a b.md contains "two  words"', { file: { path: "a b.md", contains: "two  words" } }],
    ["file: draft.md is missing", { file: { path: "draft.md", exists: false } }],
    ["file: n.txt matches ^\\d+$", { file: { path: "n.txt", matches: "^\\d+$" } }],
    ["http: https://example.com/health 200", { http: { url: "https://example.com/health", status: 200 } }],
    ["judge: Each risk cites a source: really", { judge: "Each risk cites a source: really" }],
    ["Person: owner", { person: "owner" }],
  ])("%s", (text, check) => {
    expect(readCheck(text)).toEqual(check);
  });

  test.each(["report.md exists", "", "command:", "file: x contains", "http: nowhere"])(
    "%j is refused with the form",
    (text) => {
      expect(() => readCheck(text)).toThrow(
        expect.objectContaining({ code: "invalid", hint: expect.stringContaining("Write it as") }),
      );
    },
  );

  test("that is shown can be typed again", () => {
    const word = fc.stringMatching(/^[a-z0-9./-]{1,20}$/);
    const checks = fc.oneof(
      word.map((command) => ({ command })),
      fc.record({ path: word, contains: word }).map((file) => ({ file })),
      fc.record({ path: word, exists: fc.boolean() }).map((file) => ({ file })),
      word.map((judge) => ({ judge })),
    );
    fc.assert(
      fc.property(checks, (check) => {
        expect(readCheck(checkText(Check.parse(check)))).toEqual(check);
      }),
    );
  });

  test("never breaks on any text: it is read or refused", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        try {
          Check.parse(readCheck(text));
        } catch (error) {
          expect(error).toMatchObject({ code: "invalid" });
        }
      }),
    );
  });
});

describe("a length of time", () => {
  test.each([
    ["90m", 5_400_000],
    ["2h", 7_200_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["1 d", 86_400_000],
  ])("%s", (text, ms) => {
    expect(readTime("--budget-time", text)).toBe(ms);
  });

  test.each(["", "5", "h", "1h-", "-1h", "0m"])("%j is refused", (text) => {
    expect(() => readTime("--budget-time", text)).toThrow(expect.objectContaining({ code: "invalid" }));
  });
});

test("only fields that were named are given", () => {
  expect(readFields({})).toEqual({});
  expect(readFields({ budgetMoney: 2.5, budgetTurns: 4, constraint: ["no mail"] })).toEqual({
    budget: { micros: 2_500_000, turns: 4 },
    constraints: ["no mail"],
  });
});
