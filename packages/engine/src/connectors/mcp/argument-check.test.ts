import { describe, expect, test } from "vitest";
import { argumentCheck } from "./argument-check.ts";

const SCHEMA = {
  type: "object",
  properties: {
    to: { type: "array", items: { type: "string", format: "email" } },
    count: { type: "integer", minimum: 3, default: 7 },
    mode: { enum: ["r", "rw"] },
    when: { type: "string", format: "date-time", pattern: "^(a+)+$" },
    parts: { type: "array", items: { $ref: "#/$defs/Part" } },
  },
  required: ["to"],
  additionalProperties: false,
  $defs: { Part: { type: "object", properties: { id: { type: "string" }, of: { $ref: "#/$defs/Part" } } } },
};

const passes = (schema: Record<string, unknown>, args: unknown) => argumentCheck(schema).safeParse(args).success;

describe("argumentCheck", () => {
  test.each([
    [{ to: [] }],
    [{ to: ["no address"], count: 1, mode: null, when: "tomorrow", parts: [{ id: null, of: { id: "a" } }] }],
    [{ to: ["a"], unknown: { deep: 1 } }],
  ])("lets %j through", (args) => expect(passes(SCHEMA, args)).toBe(true));

  test.each([
    [{}],
    [{ to: null }],
    [{ to: "a" }],
    [{ to: [1] }],
    [{ to: [], count: 1.5 }],
    [{ to: [], mode: "w" }],
    [{ to: [], parts: [{ of: { id: 3 } }] }],
  ])("refuses %j", (args) => expect(passes(SCHEMA, args)).toBe(false));

  test.each([
    [{ type: "object", properties: { a: { $ref: "http://evil.example/x" } }, required: ["b"] }],
    [{ type: "object", properties: { a: { $ref: "#/$defs/none" } }, required: ["b"] }],
    [{ type: "strange", required: ["b"] }],
    [{ properties: deep(100), required: ["b"] }],
  ])("asks only for what is required where a schema cannot be understood", (schema) => {
    expect(passes(schema, { b: 1, a: "anything" })).toBe(true);
    expect(passes(schema, { a: "anything" })).toBe(false);
  });
});

function deep(levels: number): Record<string, unknown> {
  return levels === 0 ? {} : { a: { type: "object", properties: deep(levels - 1) } };
}
