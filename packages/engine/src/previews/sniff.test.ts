import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { imageSize } from "./image-size.ts";
import { isText, sniff } from "./sniff.ts";

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const GIF = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");
const WEBP = Buffer.from("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA", "base64");
const JPEG = Buffer.from([
  0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 11, 8, 0, 7, 0, 9, 1, 1, 0x11, 0, 0xff, 0xd9,
]);

describe("what a file is", () => {
  test.each([
    [PNG, "page.html", "image/png"],
    [GIF, "notes.md", "image/gif"],
    [WEBP, "x.svg", "image/webp"],
    [JPEG, "x", "image/jpeg"],
    [Buffer.from("%PDF-1.7\n"), "x.txt", "application/pdf"],
    [Buffer.from("{\\rtf1 x}"), "x.docx", "application/rtf"],
  ])("is told by its bytes, whatever its name says", (bytes, name, mediaType) => {
    expect(sniff(bytes, name).mediaType).toBe(mediaType);
  });

  test("is text where its bytes are text, also under the name of a picture, a page or a document", () => {
    for (const name of ["x.png", "x.pdf", "x.docx", "x.svg", "x.html", "x"])
      expect(sniff(Buffer.from("<svg onload=alert(1)>"), name)).toEqual({
        kind: "text",
        mediaType: "text/plain",
        format: null,
      });
  });

  test("is Markdown or a table only by the name of a text", () => {
    expect(sniff(Buffer.from("# One"), "a.MD").kind).toBe("markdown");
    expect(sniff(Buffer.from("a,b"), "a.csv").kind).toBe("table");
    expect(sniff(Buffer.from([1, 2, 3]), "a.csv").kind).toBe("other");
  });

  test("is known for any bytes and any name, and text only where it is whole UTF-8", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.string(),
        fc.constantFrom("", "PK\x03\x04", "RIFF"),
        (tail, name, head) => {
          const bytes = Buffer.concat([Buffer.from(head, "latin1"), tail]);
          const is = sniff(bytes, name);
          if (is.mediaType.startsWith("text/")) expect(Buffer.from(bytes.toString("utf8"))).toEqual(bytes);
          if (bytes.includes(0)) expect(is.mediaType).not.toMatch(/^text/);
          if (is.kind === "image") imageSize(bytes, is.mediaType);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("of a long text does not hang on where it is cut", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4 }), fc.constantFrom("é", "日", "😀"), (shift, character) => {
        const text = `${"x".repeat(64 * 1024 - shift)}${character.repeat(3)}`;
        expect(isText(Buffer.from(text))).toBe(true);
      }),
    );
  });
});

test.each([
  [PNG, "image/png", { width: 1, height: 1 }],
  [GIF, "image/gif", { width: 1, height: 1 }],
  [WEBP, "image/webp", { width: 1, height: 1 }],
  [JPEG, "image/jpeg", { width: 9, height: 7 }],
  [PNG.subarray(0, 12), "image/png", null],
  [JPEG.subarray(0, 9), "image/jpeg", null],
])("a picture tells its size, and a damaged one none", (bytes, mediaType, size) => {
  expect(imageSize(bytes, mediaType)).toEqual(size);
});
