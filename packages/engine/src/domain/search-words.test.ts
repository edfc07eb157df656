import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foldWord, matchesIn, parseQuery, snippetOf, tsQuery, tsVector, wordsOf } from "./search-words.ts";

const text = fc.oneof(fc.string({ unit: "binary", maxLength: 200 }), fc.string({ unit: "grapheme", maxLength: 200 }));
const words = (given: string) => wordsOf(given).map(({ word }) => word);

describe("a word", () => {
  test.each([
    ["Café", "cafe"],
    ["ÜBER", "uber"],
    ["Straße", "strasse"],
    ["İstanbul", "istanbul"],
    ["ﬁle", "file"],
    ["Ⅷ", "viii"],
    ["Łódź", "lodz"],
    ["한국", "한국"],
    // The marks of kana make other letters.
    ["かが", "かが"],
  ])("%s is compared as %s", (given, folded) => {
    expect(foldWord(given)).toBe(folded);
  });

  test("of a script without spaces is each of its characters", () => {
    expect(words("東京タワー 2024")).toEqual(["東", "京", "タ", "ワ", "ー", "2024"]);
  });

  test("ends at dots, dashes and underscores", () => {
    expect(words("agents/writer/report_v2.md")).toEqual(["agents", "writer", "report", "v2", "md"]);
  });
});

describe("a query", () => {
  test.each([
    ["spring launch", "('spring') & ('launch':*)"],
    ['"spring launch"', "('spring' <-> 'launch')"],
    ['"spring lau', "('spring' <-> 'lau':*)"],
    ["launch -draft", "('launch') & !('draft')"],
    ["-draft launch", "('launch':*) & !('draft')"],
    ["report.md", "('report' <-> 'md':*)"],
    ["well-known", "('well' <-> 'known':*)"],
    ["東京", "('東' <-> '京':*)"],
  ])("%s is read", (given, wanted) => {
    expect(tsQuery(parseQuery(given))).toBe(wanted);
  });

  test.each(["", "  ", "-", '"', "!&|():*'\\", "-draft", "\0", "\ud800"])("%j finds nothing", (given) => {
    expect(tsQuery(parseQuery(given))).toBeNull();
  });

  test("of any text never throws, and holds nothing but words and the signs between them", () => {
    fc.assert(
      fc.property(text, (given) => {
        const query = tsQuery(parseQuery(given), ["goal", "item"]);
        const word = "'[\\p{L}\\p{N}][\\p{L}\\p{N}\\p{M}]*'";
        const term = `!?\\(${word}(?::\\*)?(?: <-> ${word}(?::\\*)?)*\\)`;
        const whole = new RegExp(`^${term}(?: & ${term})* & \\('=goal' \\| '=item'\\)$`, "u");
        expect(query === null || whole.test(query)).toBe(true);
      }),
    );
  });
});

describe("an entry", () => {
  test("has its kind, its words and their places, those of the title with their weight", () => {
    expect(tsVector("goal", "Launch", "The launch")).toBe("'=goal' 'launch':1A,11 'the':10");
  });

  test("of any text is found by each of its first words", () => {
    fc.assert(
      fc.property(text, (given) => {
        for (const { start, end, word } of wordsOf(given).slice(0, 10)) {
          expect(word).not.toBe("");
          expect(wordsOf(given.slice(start, end)).map((found) => found.word)).toContain(word);
        }
      }),
    );
  });
});

describe("what matched", () => {
  test("is told by its places in the text as it is", () => {
    const given = "Das Café öffnet im Frühling";
    const ranges = matchesIn(given, parseQuery("cafe fruh"));
    expect(ranges.map(({ start, end }) => given.slice(start, end))).toEqual(["Café", "Frühling"]);
  });

  test("stands in a snippet of a long text, whose ranges fit it", () => {
    const given = `${"word ".repeat(500)}launch <b>day</b> ${"word ".repeat(500)}`;
    const { snippet, ranges } = snippetOf(given, parseQuery("launch"));
    expect(snippet.length).toBeLessThan(300);
    expect(snippet).toContain("<b>day</b>");
    expect(ranges.map(({ start, end }) => snippet.slice(start, end))).toEqual(["launch"]);
  });

  test("of any text and query lies in order within the snippet", () => {
    fc.assert(
      fc.property(text, text, (given, asked) => {
        const { snippet, ranges } = snippetOf(given, parseQuery(asked));
        expect(snippet.isWellFormed()).toBe(true);
        let last = 0;
        for (const { start, end } of ranges) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThan(start);
          last = end;
        }
        expect(last).toBeLessThanOrEqual(snippet.length);
      }),
    );
  });
});
