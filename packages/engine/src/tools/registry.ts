import { AppError } from "@bureau/protocol";
import { z } from "zod";
import type { ModelTool } from "../models/model.ts";
import { editFile } from "./edit-file.ts";
import { createFetchUrl } from "./fetch-url.ts";
import type { FetchUrlOptions } from "./fetch-url.ts";
import { listFiles } from "./list-files.ts";
import { plan } from "./plan.ts";
import { publishArtifact } from "./publish-artifact.ts";
import { readFile } from "./read-file.ts";
import { createRunCommand } from "./run-command.ts";
import type { RunCommandOptions } from "./run-command.ts";
import { searchFiles } from "./search-files.ts";
import { REPORT_BLOCKED, REQUEST_CHECK, askPerson, reportBlocked, requestCheck } from "./signals.ts";
import type { Tool } from "./tool.ts";
import { writeFile } from "./write-file.ts";

/** Tools that mean something only while a goal is worked on. */
const GOAL_TOOLS: ReadonlySet<string> = new Set([REQUEST_CHECK, REPORT_BLOCKED]);
/** Keys of a JSON schema that tell a model nothing; arguments are checked against the full schema all the same. */
const NEEDLESS_KEYS: ReadonlySet<string> = new Set(["$schema", "additionalProperties", "minLength", "maxLength"]);

/** Every tool that Bureau brings, in the order a model sees them. Make the list once: it holds connections. */
export function builtInTools(options: FetchUrlOptions & RunCommandOptions = {}): Tool[] {
  return [
    readFile,
    writeFile,
    editFile,
    listFiles,
    searchFiles,
    createRunCommand(options),
    createFetchUrl(options),
    plan,
    publishArtifact,
    askPerson,
    requestCheck,
    reportBlocked,
  ] as Tool[];
}

/** The tools of one kind of run: those about a goal are left out where there is none. */
export function toolsFor(tools: readonly Tool[], { goal }: { goal: boolean }): Tool[] {
  return goal ? [...tools] : tools.filter((tool) => !GOAL_TOOLS.has(tool.name));
}

/** The tool that a model called. Throws `not_found` with the names there are, for the model to read. */
export function toolNamed(tools: readonly Tool[], name: string): Tool {
  const tool = tools.find((each) => each.name === name);
  if (tool) return tool;
  const names = tools.map((each) => each.name).join(", ");
  throw new AppError("not_found", `There is no tool ${JSON.stringify(name.slice(0, 80))}. The tools are: ${names}.`);
}

const made = new WeakMap<Tool, ModelTool>();

/** The tools as a model sees them. The same tool always gives the same object. */
export function modelTools(tools: readonly Tool[]): ModelTool[] {
  return tools.map((tool) => {
    const known = made.get(tool) ?? modelTool(tool);
    made.set(tool, known);
    return known;
  });
}

function modelTool(tool: Tool): ModelTool {
  const { name, description } = tool;
  if (tool.inputSchema) return { type: "function", name, description, inputSchema: tool.inputSchema };
  const schema = z.toJSONSchema(tool.parameters, { io: "input" });
  const inputSchema = compact(schema) as ModelTool["inputSchema"];
  return { type: "function", name, description, inputSchema };
}

function compact(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(compact);
  if (typeof schema !== "object" || schema === null) return schema;
  const entries: [string, unknown][] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (key === "properties") entries.push([key, compactEach(value as Record<string, unknown>)]);
    else if (!isNeedless(key, value)) entries.push([key, compact(value)]);
  }
  return Object.fromEntries(entries);
}

/** Names of properties are the tool's own words, whatever they are. */
function compactEach(properties: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, compact(schema)]));
}

/** The bounds of whole numbers are written by the schema library where none were set. */
function isNeedless(key: string, value: unknown): boolean {
  return NEEDLESS_KEYS.has(key) || (typeof value === "number" && Math.abs(value) === Number.MAX_SAFE_INTEGER);
}
