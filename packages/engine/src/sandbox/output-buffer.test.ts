import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lineReader } from "./broker-protocol.ts";
import { createOutputBuffer } from "./output-buffer.ts";

const bytes = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 40 });

describe("output buffer", () => {
  test("whatever the chunks, what fits is kept whole and what does not is counted", () => {
    fc.assert(
      fc.property(bytes, fc.integer({ min: 0, max: 300 }), (chunks, limit) => {
        const buffer = createOutputBuffer(limit);
        for (const chunk of chunks) buffer.add(Buffer.from(chunk));
        const whole = Buffer.concat(chunks);
        const { output, droppedBytes } = buffer.finish();
        expect(buffer.totalBytes()).toBe(whole.length);
        expect(droppedBytes).toBe(Math.max(0, whole.length - limit));
        if (droppedBytes === 0) expect(output).toBe(whole.toString("utf8"));
      }),
      { numRuns: 200 },
    );
  });

  test("the head and the tail of a text are kept without broken characters", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", "ü", "你", "😀"), { minLength: 60 }),
        fc.integer({ min: 8, max: 50 }),
        (characters, limit) => {
          const text = characters.join("");
          const buffer = createOutputBuffer(limit);
          for (const byte of Buffer.from(text)) buffer.add(Buffer.from([byte]));
          const [head = "", tail = ""] = buffer.finish().output.split(/\n\[\.\.\. \d+ bytes dropped \.\.\.\]\n/);
          expect(text.startsWith(head)).toBe(true);
          expect(text.endsWith(tail)).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("line reader", () => {
  test("lines are the same however the stream is cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\n", ""))),
        fc.integer({ min: 1, max: 7 }),
        (lines, size) => {
          const heard: string[] = [];
          const read = lineReader(
            (line) => heard.push(line),
            () => expect.unreachable("no line is too long"),
          );
          const stream = Buffer.from(lines.map((line) => `${line}\n`).join(""));
          for (let start = 0; start < stream.length; start += size) read(stream.subarray(start, start + size));
          expect(heard).toEqual(lines);
        },
      ),
      { numRuns: 100 },
    );
  });
});
