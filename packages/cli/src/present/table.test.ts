import { describe, expect, test } from "vitest";
import type { Terminal } from "../terminal.ts";
import { renderTable } from "./table.ts";
import { cleanText, money, oneLine, relativeTime } from "./text.ts";

const NOW = Date.parse("2026-05-01T12:00:00Z");

function terminal(columns: number | null): Terminal {
  return {
    argv: [],
    environment: {},
    folder: "/",
    out: () => undefined,
    err: () => undefined,
    readSecret: async () => "",
    columns,
    color: false,
    now: () => NOW,
    onInterrupt: () => () => undefined,
  };
}

const COLUMNS = [
  { title: "NAME", value: (row: string[]) => row[0] ?? "" },
  { title: "ABOUT", value: (row: string[]) => row[1] ?? "", flexible: true },
];

describe("a table", () => {
  test("is aligned and fits the terminal", () => {
    const text = renderTable(terminal(30), COLUMNS, [
      ["report", "x".repeat(100)],
      ["a", "short"],
    ]);
    const lines = text.trimEnd().split("\n");
    expect(lines.every((line) => line.length <= 30)).toBe(true);
    expect(lines[2]).toBe("a       short");
    expect(lines[1]?.endsWith("…")).toBe(true);
  });

  test("is not cut in a pipe", () => {
    expect(renderTable(terminal(null), COLUMNS, [["report", "x".repeat(100)]])).toContain("x".repeat(100));
  });
});

test("text cannot steer the terminal", () => {
  expect(cleanText("a\u001b[2Jb\u0007\r\u009bc\n\td")).toBe("a[2Jbc\n\td");
  expect(oneLine("two\nlines  here", 9)).toBe("two line…");
});

test.each([
  ["2026-05-01T11:59:58Z", "now"],
  ["2026-05-01T11:57:00Z", "3 min ago"],
  ["2026-05-01T14:00:00Z", "in 2 h"],
  ["2026-04-29T12:00:00Z", "2 d ago"],
  [null, "-"],
])("the moment %s is %s", (at, text) => {
  expect(relativeTime(NOW, at)).toBe(text);
});

test.each([
  [0, "$0.00"],
  [9_000, "under $0.01"],
  [2_500_000, "$2.50"],
])("%s micros are %s", (micros, text) => {
  expect(money(micros)).toBe(text);
});
