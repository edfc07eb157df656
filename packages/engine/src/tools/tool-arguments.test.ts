import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { parseToolArguments } from "./tool-arguments.ts";
import { defineTool } from "./tool.ts";

const tool = defineTool({
  name: "count_words",
  description: "Counts words.",
  parameters: z.object({ path: z.string(), limit: z.int().min(1).optional(), note: z.string().nullable().optional() }),
  effect: "read",
  idempotent: true,
  execute: () => Promise.resolve({ text: "" }),
});
const bare = defineTool({
  name: "look",
  description: "Looks.",
  parameters: z.strictObject({}),
  effect: "read",
  idempotent: true,
  execute: () => Promise.resolve({ text: "" }),
});
const messageOf = (text: string) => {
  const parsed = parseToolArguments(tool, text);
  return parsed.ok ? "" : parsed.message;
};

describe("parseToolArguments", () => {
  test("reads good arguments", () => {
    expect(parseToolArguments(tool, '{"path":"a","limit":2}')).toEqual({ ok: true, args: { path: "a", limit: 2 } });
  });

  test("nothing written means no arguments", () => {
    expect(parseToolArguments(bare, " ")).toEqual({ ok: true, args: {} });
  });

  test("null stands for an optional argument that is absent, and stays where null has a meaning", () => {
    expect(parseToolArguments(tool, '{"path":"a","limit":null,"note":null}')).toEqual({
      ok: true,
      args: { path: "a", note: null },
    });
    expect(messageOf('{"path":null}')).toContain("path: ");
  });

  test.each(['{"path":"a"', '{"path":"a"} and more', "{'path':'a'}", '{"path":"a"}{"path":"b"}'])(
    "%s is not mended",
    (text) => {
      expect(messageOf(text)).toContain("not valid JSON");
    },
  );

  test("says every wrong argument on its own line, unknown ones, and what is allowed", () => {
    const lines = messageOf('{"limit":0,"file":"a"}').split("\n");
    expect(lines[0]).toBe("The call of count_words was not run; its arguments are wrong.");
    expect(lines).toContain('"file" is not an argument.');
    expect(lines.some((line) => line.startsWith("path: "))).toBe(true);
    expect(lines.some((line) => line.startsWith("limit: "))).toBe(true);
    expect(lines.at(-1)).toBe("count_words takes: path, limit (optional), note (optional).");
  });

  test("refuses a list, a text, NUL and too much", () => {
    expect(messageOf("[]")).toContain("must be one JSON object, not a list.");
    expect(messageOf('"path"')).toContain("not a string.");
    expect(messageOf('{"path":"a\\u0000"}')).toContain("NUL");
    expect(parseToolArguments(tool, '{"path":"a\\\\u0000"}').ok).toBe(true);
    expect(messageOf('{"path":"\\ud83d"}')).toContain("half a character");
    expect(parseToolArguments(tool, '{"path":"\\ud83d\\ude00"}').ok).toBe(true);
    expect(messageOf(JSON.stringify({ path: "x".repeat(1_000_001) }))).toContain("at most 1000000 are taken");
    expect(messageOf(`{"path":${"[".repeat(400_000)}${"]".repeat(400_000)}}`)).toContain("was not run");
  });

  test("gives a tool with a schema of others what was written, nulls and unknown names included", () => {
    const foreign = { ...tool, parameters: z.looseObject({ path: z.string().default("x") }), inputSchema: {} };
    const parsed = parseToolArguments(foreign, '{"limit":null,"other":{"a":null}}');
    expect(parsed).toEqual({ ok: true, args: { limit: null, other: { a: null } } });
    expect(parseToolArguments(foreign, '{"path":3}').ok).toBe(false);
  });

  test("is one way or the other for any text, and never throws", () => {
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.object().map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(text, (written) => {
        const parsed = parseToolArguments(tool, written);
        if (parsed.ok) expect(typeof parsed.args.path).toBe("string");
        else expect(parsed.message).toContain("count_words");
      }),
    );
  });
});
