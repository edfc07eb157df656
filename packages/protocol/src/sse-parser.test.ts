import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSseParser, type SseMessage } from "./sse-parser.ts";

function parseWhole(text: string): SseMessage[] {
  return createSseParser()(text);
}

describe("createSseParser", () => {
  test("reads an event with id, kind and data of several lines", () => {
    expect(parseWhole("id: 7\nevent: delta\ndata: a\ndata: b\n\n")).toEqual([
      { id: "7", event: "delta", data: "a\nb" },
    ]);
  });

  test("leaves out comments and unknown fields", () => {
    expect(parseWhole(": hello\nretry: 5\n\n: again\n\ndata: x\n\n")).toEqual([
      { id: null, event: "message", data: "x" },
    ]);
  });

  test("gives a message without data when only the id moves", () => {
    expect(parseWhole(": beat\nid: 12\n\n")).toEqual([{ id: "12", event: "message", data: null }]);
  });

  test("takes one space after the colon away, and only one", () => {
    expect(parseWhole("data:x\n\ndata:  y\n\ndata\n\n").map((message) => message.data)).toEqual(["x", " y", ""]);
  });

  test("gives nothing for a message that is not ended", () => {
    expect(parseWhole("data: x\n")).toEqual([]);
  });

  test("refuses a message that grows without end", () => {
    const parse = createSseParser();
    const piece = `data: ${"x".repeat(1024 * 1024)}\n`;
    expect(() => {
      for (let i = 0; i < 20; i += 1) parse(piece);
    }).toThrow("too long");
  });

  test("gives the same messages however the text is cut and whichever line ends it has", () => {
    const line = fc.oneof(
      fc.constantFrom("", "data: a", "data: b: c", "id: 4", "event: delta", ": comment", "data", "other: 1"),
      fc.string({ maxLength: 8 }).filter((text) => !/[\r\n]/.test(text)),
    );
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 20 }),
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.array(fc.nat(200), { maxLength: 10 }),
        (lines, end, cuts) => {
          const text = `${lines.map((each) => each + end).join("")}data: last${end}${end}.`;
          const parse = createSseParser();
          const places = [0, ...cuts.filter((cut) => cut < text.length), text.length].sort((a, b) => a - b);
          const pieces = places.slice(1).map((place, index) => text.slice(places[index], place));
          expect(pieces.flatMap((piece) => parse(piece))).toEqual(parseWhole(text.replaceAll(end, "\n")));
        },
      ),
    );
  });
});
