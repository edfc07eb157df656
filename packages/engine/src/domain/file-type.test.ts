import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fileType, safeFileName } from "./file-type.ts";
import { isNamed } from "./named.ts";

const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Buffer.from(part))));
const PNG = bytes("\x89PNG\r\n\x1a\n", [0, 0, 0, 13]);
const JPEG = bytes([0xff, 0xd8, 0xff, 0xe0, 0, 16], "JFIF");
const HASH = "0123456789abcdef".repeat(4);

describe("the type of a file", () => {
  test.each([
    ["image/png", PNG, "image/png"],
    ["IMAGE/PNG; x=1", PNG, "image/png"],
    ["", PNG, "image/png"],
    ["application/octet-stream", JPEG, "image/jpeg"],
    ["image/heic", bytes([0, 0, 0, 24], "ftypheic"), "image/heic"],
    ["audio/mp4", bytes([0, 0, 0, 24], "ftypM4A "), "audio/mp4"],
    ["audio/webm;codecs=opus", bytes([0x1a, 0x45, 0xdf, 0xa3, 0]), "audio/webm"],
    ["image/webp", bytes("RIFF", [1, 2, 3, 4], "WEBPVP8 "), "image/webp"],
    ["audio/wav", bytes("RIFF", [1, 2, 3, 4], "WAVEfmt "), "audio/wav"],
    ["application/pdf", bytes("%PDF-1.7\n", [0xe2, 0xe3]), "application/pdf"],
    [
      "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
      bytes("PK\x03\x04", [20, 0]),
      "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ],
    ["text/plain", Buffer.from("Grüße\n"), "text/plain"],
    ["text/csv", Buffer.from("BMW,MZ,ID3\n"), "text/csv"],
    ["application/json", Buffer.from("{}"), "application/json"],
    ["image/svg+xml", Buffer.from("<svg/>"), "image/svg+xml"],
    ["application/x-who-knows", bytes([1, 2, 0, 3]), "application/octet-stream"],
  ])("%j is what its bytes say", (claim, content, type) => {
    expect(fileType(claim, content)).toEqual({ ok: true, type });
  });

  test.each([
    ["image/png", JPEG, "its bytes are image/jpeg"],
    ["image/jpeg", Buffer.from("<script>"), "its bytes are text/plain"],
    ["text/plain", PNG, "its bytes are image/png"],
    ["text/html", bytes([1, 2, 0, 3]), "its bytes are none of it"],
    ["application/pdf", bytes("PK\x03\x04", [0]), "its bytes are application/zip"],
    ["image/png", bytes("MZ", [0x90, 0, 3, 0]), "it is a program"],
    ["", bytes("\x7fELF", [2, 1, 1, 0]), "it is a program"],
    ["text/plain", bytes([0xcf, 0xfa, 0xed, 0xfe, 0]), "it is a program"],
  ])("%j of other bytes is refused", (claim, content, why) => {
    expect(fileType(claim, content)).toMatchObject({ ok: false, why: expect.stringContaining(why) });
  });

  test("is found, or refused with a reason, whatever the bytes and the words are", () => {
    fc.assert(
      fc.property(fc.string(), fc.uint8Array({ maxLength: 200 }), (claim, content) => {
        const found = fileType(claim, content);
        expect(found.ok ? found.type : found.why).not.toBe("");
      }),
    );
  });
});

describe("the name of a file", () => {
  test.each([
    ["Photo 1.JPG", "Photo-1-01234567.jpg"],
    ["../../etc/passwd", "passwd-01234567"],
    ["C:\\Users\\ana\\Rechnung März.pdf", "Rechnung-März-01234567.pdf"],
    ["eve@evil.test.txt", "eve-evil-test-01234567.txt"],
    ["https://evil.test/x.sh", "x-01234567.sh"],
    [".env", "env-01234567"],
    ["---", "file-01234567"],
    ["a\u202etxt.exe", "a-txt-01234567.exe"],
  ])("%j is safe", (name, safe) => {
    expect(safeFileName(name, HASH)).toBe(safe);
  });

  test("is one plain name, and no address of anybody's, whatever it was", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (name) => {
        const safe = safeFileName(name, HASH);
        expect(safe).toMatch(/^[\p{L}\p{N}-]+(?:\.[a-z0-9]{1,10})?$/u);
        expect(safe.length).toBeLessThan(80 + 48);
        expect(safe.startsWith(".") || safe.startsWith("-")).toBe(false);
      }),
    );
    expect(isNamed("eve@evil.test", `See ${safeFileName("eve@evil.test.txt", HASH)}`)).toBe(false);
  });
});
