import fc from "fast-check";
import { expect, test } from "vitest";
import { delimiterOf, parseTable, TABLE_LIMITS, type TableLimits } from "./parse-table.ts";

const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
const cells = fc.array(fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r", "é", "😀", " "), maxLength: 12 }), {
  minLength: 1,
  maxLength: 6,
});

test("what was written by the rules is read as it was", () => {
  fc.assert(
    fc.property(fc.array(cells, { minLength: 1, maxLength: 8 }), fc.constantFrom(",", ";", "\t"), (rows, delimiter) => {
      const text = rows.map((row) => `${row.map(quoted).join(delimiter)}\r\n`).join("");
      expect(parseTable(text, delimiter)).toEqual({ rows, truncated: false });
    }),
  );
});

test("whatever the text is, it stays within its limits and says when something is left out", () => {
  const limits: TableLimits = { rows: 3, columns: 4, cellCharacters: 5, characters: 40 };
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r", "😀"), maxLength: 200 }), (text) => {
      const { rows, truncated } = parseTable(text, ",", limits);
      expect(rows.length).toBeLessThanOrEqual(limits.rows);
      for (const row of rows) {
        expect(row.length).toBeLessThanOrEqual(limits.columns);
        for (const cell of row) expect(cell.length).toBeLessThanOrEqual(limits.cellCharacters);
        for (const cell of row) expect(cell.isWellFormed()).toBe(true);
      }
      if (!truncated) expect(parseTable(text, ",").rows).toEqual(rows);
    }),
    { numRuns: 2_000 },
  );
});

test("a table of a million cells, a line without an end and a quote without an end are read in one pass", () => {
  const long = parseTable("a,b\n".repeat(1_000_000), ",");
  expect([long.rows.length, long.truncated]).toEqual([TABLE_LIMITS.rows, true]);
  const wide = parseTable(",".repeat(2_000_000), ",");
  expect([wide.rows.length, wide.rows[0]?.length, wide.truncated]).toEqual([1, TABLE_LIMITS.columns, true]);
  const open = parseTable(`"${'a""'.repeat(1_000_000)}`, ",");
  expect([open.rows.length, open.truncated]).toEqual([1, true]);
});

test.each([
  ["a,b;c,d\n1;2;3;4;5", ","],
  ["a;b;c", ";"],
  ["a\tb", "\t"],
  ['"a,b,c";d', ";"],
  ["one", ","],
])("the delimiter of %j is the one that its first line has most", (text, delimiter) => {
  expect(delimiterOf(text)).toBe(delimiter);
});
