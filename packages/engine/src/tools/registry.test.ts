import { TOOL_EFFECTS } from "@bureau/protocol";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { builtInTools, modelTools, toolNamed, toolsFor } from "./registry.ts";
import { aContext, aFolder } from "./test-context.ts";
import { parseToolArguments } from "./tool-arguments.ts";

const MAX_DEFINITION_BYTES = 4500;
const tools = builtInTools();
const folder = aFolder();
afterAll(() => folder.remove());

describe("the built-in tools", () => {
  test("take few bytes of a model's input", () => {
    expect(Buffer.byteLength(JSON.stringify(modelTools(tools)))).toBeLessThanOrEqual(MAX_DEFINITION_BYTES);
  });

  test("have names of their own, strict arguments and a stated effect", () => {
    expect(new Set(tools.map((tool) => tool.name)).size).toBe(tools.length);
    for (const tool of tools) {
      expect(tool.name).toMatch(/^[a-z]+(_[a-z]+)*$/);
      expect(tool.parameters).toBeInstanceOf(z.ZodObject);
      expect(TOOL_EFFECTS).toContain(tool.effect);
      expect(tool.effect === "read" ? tool.idempotent : true).toBe(true);
      expect(parseToolArguments(tool, '{"no_such_key":1}')).toMatchObject({ ok: false });
    }
  });

  test("are given to a model without needless keys, the same objects each time", () => {
    const [first] = modelTools(tools);
    expect(first).toEqual({
      type: "function",
      name: "read_file",
      description: "Reads a text file by lines (400 at a time); the end says how to read on.",
      inputSchema: {
        type: "object",
        properties: {
          path: { type: "string" },
          offset: { type: "integer", minimum: 1, description: "first line, from 1" },
          limit: { type: "integer", minimum: 1, maximum: 2000, description: "lines" },
        },
        required: ["path"],
      },
    });
    expect(modelTools(tools)[0]).toBe(first);
  });

  test("about goals are left out of a run without one", () => {
    const names = (goal: boolean) => toolsFor(tools, { goal }).map((tool) => tool.name);
    expect(names(true).filter((name) => !names(false).includes(name))).toEqual(["request_check", "report_blocked"]);
  });

  test("that the loop answers itself refuse to be executed", async () => {
    for (const name of ["ask_person", "request_check", "report_blocked"]) {
      await expect(toolNamed(tools, name).execute({}, aContext(folder.path))).rejects.toThrow(
        `The loop answers ${name} itself`,
      );
    }
  });

  test("the plan is kept as the view", async () => {
    const steps = [
      { text: "Read", status: "done" },
      { text: "Write", status: "open" },
    ];
    expect(await toolNamed(tools, "plan").execute({ steps }, aContext(folder.path))).toEqual({
      text: "Plan kept: 1 of 2 done.",
      view: { type: "plan", steps },
    });
  });

  test("an unknown name is answered with the names there are", () => {
    expect(() => toolNamed(tools, "bash")).toThrow('There is no tool "bash". The tools are: read_file, write_file,');
  });
});
