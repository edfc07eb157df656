import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRedactor, secretMark } from "./redact.ts";

const KEY = "sk-live-9f2/kQ+7vX=pZ3";
const NAME = "PAYMENT_KEY";
const MARK = secretMark(NAME);
const redactor = createRedactor([{ name: NAME, value: KEY }]);
const MARKS = /\[secret [A-Z_0-9]+\]/g;

/** Base64 of what surrounds a value and the value itself, with the value in the middle. */
function embedded(before: string, value: string, after: string): string {
  return Buffer.from(`${before}${value}${after}`).toString("base64");
}

describe("a value is hidden", () => {
  test.each([
    ["as it is", KEY],
    ["in JSON", JSON.stringify({ key: KEY })],
    ["in JSON within JSON", JSON.stringify({ body: JSON.stringify({ key: KEY }) })],
    ["URL-encoded", encodeURIComponent(KEY)],
    ["URL-encoded in small letters", encodeURIComponent(KEY).replace(/%../g, (code) => code.toLowerCase())],
    ["as a form's field", new URLSearchParams({ key: KEY }).toString()],
    ["in base64", Buffer.from(KEY).toString("base64")],
    ["in base64url", Buffer.from(KEY).toString("base64url")],
    ["in hex", Buffer.from(KEY).toString("hex")],
    ["in capital hex", Buffer.from(KEY).toString("hex").toUpperCase()],
    ["in HTML", KEY.replaceAll("&", "&amp;")],
    ["wrapped over lines", `${KEY.slice(0, 9)}\r\n${KEY.slice(9)}`],
    ["twice", `${KEY}${KEY}`],
  ])("%s", (_how, text) => {
    const clean = redactor.redact(`before ${text} after`);
    expect(clean).toContain(MARK);
    expect(clean).toMatch(/^before .* after$/s);
    for (const form of [KEY, KEY.slice(4, -4), text.slice(4, -4)]) expect(clean).not.toContain(form);
    expect(redactor.holds(text)).toBe(NAME);
  });

  test.each(["", "u", "us", "usr", "user:"])("within base64 of more, after %j", (before) => {
    const text = embedded(before, KEY, ":rest of it");
    const clean = redactor.redact(text);
    expect(clean).toContain(MARK);
    expect(Buffer.from(clean.replace(MARK, ""), "base64").toString("latin1")).not.toContain(KEY.slice(2, 8));
  });

  test("of a key file line by line, also where lines have numbers", () => {
    const lines = Array.from({ length: 20 }, (_, index) =>
      createHash("sha512").update(String(index)).digest("base64").slice(0, 64),
    );
    const pem = `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`;
    const keys = createRedactor([{ name: "PEM", value: pem }]);
    const numbered = keys.redact(lines.map((line, index) => `${index + 1}\t${line}`).join("\n"));
    for (const line of lines) expect(numbered).not.toContain(line);
    const base64 = Buffer.from(pem).toString("base64");
    const wrapped = base64.replace(/.{76}/g, "$&\n");
    expect(keys.redact(wrapped).replace(MARKS, "").length).toBeLessThan(8);
    expect(keys.redact(pem).replace(MARKS, "").trim()).toBe("");
  });

  test("to at least the half of it where a long one was cut", () => {
    const value = createHash("sha256").update("long").digest("base64url");
    const long = createRedactor([{ name: "LONG", value }]);
    for (let cut = 1; cut < value.length; cut += 1) {
      expect(long.redact(value.slice(0, cut)).replace(MARKS, "").length).toBeLessThan(value.length / 2 + 1);
      expect(long.redact(value.slice(cut)).replace(MARKS, "").length).toBeLessThan(value.length / 2 + 1);
    }
    expect(long.holds(value.slice(0, -1))).toBeNull();
  });

  test("under the name of the longer of two that overlap", () => {
    const both = createRedactor([
      { name: "SHORT", value: "abcdefgh" },
      { name: "LONGER", value: "efgh-ijkl-mnop" },
    ]);
    expect(both.redact("x abcdefgh-ijkl-mnop y")).toBe("x [secret LONGER] y");
  });
});

test("text without a secret is the same string, and nothing is looked for when there are none", () => {
  const text = `The key ends with ${KEY.slice(-5)}, and ${"a".repeat(100)}`;
  expect(redactor.redact(text)).toBe(text);
  expect(createRedactor([]).redact(KEY)).toBe(KEY);
  expect(createRedactor([{ name: "TINY", value: "abc" }]).redact("abc abc")).toBe("abc abc");
});

/** Secrets of few characters, so that they overlap each other and themselves. */
const secret = fc.string({
  unit: fc.constantFrom("a", "b", "c", "\\", '"', "é", "\n", "%"),
  minLength: 6,
  maxLength: 40,
});
const piece = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "b", "c", "\\", '"', "é", "\n", " ", "%"), maxLength: 12 }),
  fc.nat(3).map((index) => index),
);

describe("any text", () => {
  test("holds no value after it was redacted", () => {
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 4 }), fc.array(piece), (values, pieces) => {
        const usable = values.filter((value) => value.replaceAll("\n", "").length >= 6);
        const finder = createRedactor(usable.map((value, index) => ({ name: `S${index}`, value })));
        const text = pieces.map((one) => (typeof one === "number" ? (usable[one] ?? "") : one)).join("");
        const clean = finder.redact(text);
        for (const part of clean.split(MARKS)) {
          for (const value of usable) expect(part.replaceAll("\n", "")).not.toContain(value.replaceAll("\n", ""));
        }
      }),
    );
  });

  test("is redacted the same in chunks as whole", () => {
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 4 }),
        fc.array(piece),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 }),
        (values, pieces, sizes) => {
          const finder = createRedactor(values.map((value, index) => ({ name: `S${index}`, value })));
          const text = pieces.map((one) => (typeof one === "number" ? (values[one] ?? "") : one)).join("");
          const stream = finder.stream();
          let out = "";
          for (let at = 0, turn = 0; at < text.length; turn += 1) {
            const size = sizes[turn % sizes.length]!;
            out += stream.push(text.slice(at, at + size));
            at += size;
          }
          out += stream.end();
          // Line breaks between two marks are kept or not: whoever reads sees the same words.
          const words = (redacted: string) => redacted.replace(MARKS, "").replaceAll("\n", "");
          expect(words(out)).toBe(words(finder.redact(text)));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("a stream", () => {
  test("finds a value that comes character by character and hands other text on at once", () => {
    const stream = redactor.stream();
    expect(stream.push("Hello, ")).toBe("Hello, ");
    let out = "";
    for (const character of `${KEY}!`) out += stream.push(character);
    expect(out).toBe(`${MARK}!`);
    expect(stream.push("and sk-li")).toBe("and ");
    expect(stream.end()).toBe("sk-li");
  });

  test("holds back no more than a secret's length, however long one repeats", () => {
    const stream = createRedactor([{ name: "AAA", value: "a".repeat(300) }]).stream();
    let out = "";
    for (let count = 0; count < 1_000; count += 1) out += stream.push("a".repeat(50));
    expect((out + stream.end()).replace(MARKS, "")).toBe("");
  });
});

test("the time for a text grows with its length, not with the number and length of secrets", () => {
  const values = Array.from({ length: 500 }, (_, index) => ({
    name: `S${index}`,
    value: `${"a".repeat(1_000)}${index}`,
  }));
  const many = createRedactor(values);
  const text = "a".repeat(1_000_000);
  const startedAt = performance.now();
  expect(many.redact(text).length).toBeLessThan(200);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});
