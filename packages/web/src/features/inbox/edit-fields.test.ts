import fc from "fast-check";
import { expect, test } from "vitest";
import { argumentsFrom, fieldsOf } from "./edit-fields.ts";

test("a form that nobody touched gives the arguments back as they were", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (args) => {
      const plain = JSON.parse(JSON.stringify(args)) as unknown;
      expect(argumentsFrom(fieldsOf(plain))).toEqual({ ok: true, arguments: plain });
    }),
  );
});

test("a field that holds no JSON says so, and nothing is taken", () => {
  const result = argumentsFrom([
    { name: "to", type: "json", value: "[ana" },
    { name: "body", type: "text", value: "[ana" },
  ]);
  expect(result).toEqual({ ok: false, problems: { to: expect.stringContaining("not JSON") } });
});

test("arguments that are no object have no fields", () => {
  expect(fieldsOf([1])).toEqual([]);
  expect(fieldsOf(null)).toEqual([]);
});
