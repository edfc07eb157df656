import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cleanText, keepHead, keepHeadAndTail, keepLine, keepLines, sizeText } from "./truncate.ts";

describe("truncate", () => {
  test("never cuts inside a character and never keeps more than the limit", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), fc.integer({ min: 0, max: 100 }), (text, limit) => {
        const cut = keepHead(text, limit);
        expect(text.startsWith(cut.text)).toBe(true);
        expect(Buffer.byteLength(cut.text)).toBeLessThanOrEqual(limit);
        expect(Buffer.byteLength(cut.text) + cut.droppedBytes).toBe(Buffer.byteLength(text));
      }),
    );
  });

  test("head and tail together with what is left out make the whole", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), fc.integer({ min: 0, max: 60 }), (text, limit) => {
        const cut = keepHeadAndTail(text, limit);
        if (cut.droppedBytes === 0) {
          expect(cut.text).toBe(text);
          return;
        }
        const [head = "", tail = ""] = cut.text.split(/\n\[… \d+ bytes left out …\]\n/);
        expect(text.startsWith(head) && text.endsWith(tail)).toBe(true);
        expect(Buffer.byteLength(head + tail) + cut.droppedBytes).toBe(Buffer.byteLength(text));
      }),
    );
  });

  test("lines are kept up to each limit, and one at least", () => {
    const limits = { maxLines: 2, maxBytes: 8, maxLineBytes: 100 };
    expect(keepLines(["aaa", "bbb", "ccc"], limits)).toEqual(["aaa", "bbb"]);
    expect(keepLines(["aaa", "bbbbbbb"], limits)).toEqual(["aaa"]);
    expect(keepLines(["aaaaaaaaaaaa"], limits)).toEqual(["aaaaaaaaaaaa"]);
    expect(keepLine("abcdef", 3)).toBe("abc… [3 more bytes in this line]");
  });

  test("clean text holds no NUL and no half characters", () => {
    expect(cleanText("a\0b\uD800c")).toBe("a\uFFFDb\uFFFDc");
  });

  test.each([
    [1, "1 byte"],
    [999, "999 bytes"],
    [1500, "1.5 kB"],
    [12_345, "12 kB"],
    [999_600, "1 MB"],
    [2_000_000_000, "2 GB"],
  ])("%d is said as %s", (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });
});
