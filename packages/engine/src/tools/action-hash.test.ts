import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { actionHash, canonicalJson } from "./action-hash.ts";

describe("actionHash", () => {
  test("does not depend on the order of keys", () => {
    expect(actionHash("mail", { to: "a", options: { x: 1, y: [{ b: 1, a: 2 }] } })).toBe(
      actionHash("mail", { options: { y: [{ a: 2, b: 1 }], x: 1 }, to: "a" }),
    );
  });

  test("depends on the tool, on values and on the order of lists", () => {
    const hashes = [
      actionHash("mail", { to: ["a", "b"] }),
      actionHash("mail", { to: ["b", "a"] }),
      actionHash("mail", { to: "a" }),
      actionHash("post", { to: "a" }),
      actionHash("mail", { to: null }),
      actionHash("mail", {}),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  test("canonical JSON is JSON of the same value, and the same for the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(JSON.stringify(JSON.parse(text))).toBe(JSON.stringify(JSON.parse(canonicalJson(JSON.parse(text)))));
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
