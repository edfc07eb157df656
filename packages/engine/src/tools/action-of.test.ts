import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { actionOf } from "./action-of.ts";
import { listFiles } from "./list-files.ts";
import { builtInTools } from "./registry.ts";
import { readFile } from "./read-file.ts";
import { searchFiles } from "./search-files.ts";
import { defineTool, type Tool } from "./tool.ts";

function aTool(part: Partial<Tool> = {}): Tool {
  return defineTool<unknown>({
    name: "send_it",
    description: "Sends it.",
    parameters: z.unknown(),
    effect: "write_outside",
    idempotent: false,
    execute: async () => ({ text: "" }),
    ...part,
  });
}

describe("an action", () => {
  test("has all texts and numbers of a call as its content where its tool says nothing", () => {
    const args = {
      to: ["a@x.org", { name: "Bob" }],
      amount: 10.0,
      when: { "the code is 4237": "now" },
      loud: true,
      cc: null,
    };
    expect(actionOf(aTool(), args)).toEqual({
      tool: "send_it",
      kind: "send_it",
      effect: "write_outside",
      reversible: false,
      targets: [],
      content: ["a@x.org", "Bob", "10", "the code is 4237", "now"],
      carriesOut: false,
      reaches: [],
      title: "send_it",
    });
  });

  test("is what its tool says, and what is no target is content", () => {
    const tool = aTool({
      kind: "mail.send",
      reversible: true,
      describe: (args) => ({ targets: [(args as { to: string }).to] }),
    });
    expect(actionOf(tool, { to: "a@x.org", text: "Hi", copy: "a@x.org" })).toMatchObject({
      kind: "mail.send",
      reversible: true,
      targets: ["a@x.org"],
      content: ["Hi"],
      title: "mail.send to a@x.org",
    });
  });

  test("of more than is looked at holds all of it as one text", () => {
    const many = { list: Array.from({ length: 2_000 }, (_, index) => `v${index}`) };
    expect(actionOf(aTool(), many).content[0]).toBe(JSON.stringify(many));
    let deep: unknown = "bottom";
    for (let level = 0; level < 100; level += 1) deep = [deep];
    expect(actionOf(aTool(), { deep }).content[0]).toContain("bottom");
  });

  test("leaves out no text, wherever it stands", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (args) => {
        const { content } = actionOf(aTool(), args);
        const texts: string[] = [];
        JSON.stringify(args, (_key, value: unknown) => {
          if (typeof value === "string") texts.push(value);
          return value;
        });
        for (const text of texts) expect(content).toContain(text);
      }),
    );
  });
});

describe("built-in tools", () => {
  test("that read files reach only for those that look secret", () => {
    const reaches = (tool: unknown, args: object) => actionOf(tool as Tool, args).reaches;
    expect(reaches(readFile, { path: "notes.md" })).toEqual([]);
    expect(reaches(readFile, { path: "config/.env" })).toEqual(["config/.env"]);
    expect(reaches(listFiles, {})).toEqual([]);
    expect(reaches(listFiles, { path: ".ssh" })).toEqual([".ssh"]);
    expect(reaches(searchFiles, { pattern: "x" })).toEqual([]);
    expect(reaches(searchFiles, { pattern: "x", glob: "*.pem" })).toEqual(["*.pem"]);
  });

  test("that bring content from outside say so, and what leaves with the call", () => {
    const fetch = builtInTools().find((tool) => tool.name === "fetch_url")!;
    expect(fetch.trust).toBe("untrusted");
    expect(actionOf(fetch, { url: "https://x.org", max_bytes: 500 })).toMatchObject({
      kind: "web.fetch",
      targets: ["https://x.org"],
      content: [],
      carriesOut: true,
    });
  });
});
