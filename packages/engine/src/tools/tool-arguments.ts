import { z } from "zod";
import type { Tool } from "./tool.ts";

const MAX_ARGUMENT_BYTES = 1_000_000;
const MAX_ISSUES = 8;

export type ParsedArguments<Args> = { ok: true; args: Args } | { ok: false; message: string };

/**
 * Reads the arguments that a model wrote for a tool.
 *
 * Never throws: the message goes back to the model. Mends only what has one meaning: nothing written is `{}`, and
 * `null` for an optional argument is its absence. A tool with a schema of others is given what was written.
 */
export function parseToolArguments<Args>(tool: Tool<Args>, argumentsText: string): ParsedArguments<Args> {
  const bytes = Buffer.byteLength(argumentsText);
  if (bytes > MAX_ARGUMENT_BYTES) {
    return refuse(tool, [
      `They take ${bytes} bytes; at most ${MAX_ARGUMENT_BYTES} are taken. Split the work into smaller calls.`,
    ]);
  }
  let value: unknown;
  try {
    value = argumentsText.trim() === "" ? {} : JSON.parse(argumentsText);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return refuse(tool, [`They are not valid JSON: ${reason.slice(0, 200)}. Send one JSON object and nothing else.`]);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refuse(tool, [`They must be one JSON object, not ${kindOf(value)}.`]);
  }
  if (holdsBrokenText(value)) {
    return refuse(tool, [
      "They hold a NUL or half a character (\\u0000, \\ud800), which text cannot hold. Leave it out.",
    ]);
  }
  return check(tool, value as Record<string, unknown>);
}

function check<Args>(tool: Tool<Args>, value: Record<string, unknown>): ParsedArguments<Args> {
  const shape = tool.inputSchema ? null : shapeOf(tool);
  const given = shape ? withoutNulls(value, shape) : value;
  const unknownKeys = shape ? Object.keys(given).filter((key) => !Object.hasOwn(shape, key)) : [];
  let result: z.ZodSafeParseResult<Args>;
  try {
    result = tool.parameters.safeParse(given);
  } catch {
    return refuse(tool, ["They are nested too deeply. Send a flatter object."]);
  }
  if (result.success && unknownKeys.length === 0)
    return { ok: true, args: tool.inputSchema ? (value as Args) : result.data };
  const lines = unknownKeys.map((key) => `${JSON.stringify(key.slice(0, 80))} is not an argument.`);
  const issues = result.success ? [] : result.error.issues;
  for (const issue of issues) {
    if (issue.code === "unrecognized_keys" && issue.path.length === 0) continue;
    lines.push(`${issue.path.length > 0 ? issue.path.join(".") : "The arguments"}: ${issue.message}.`);
  }
  return refuse(tool, lines);
}

function withoutNulls(value: Record<string, unknown>, shape: Record<string, z.ZodType>): Record<string, unknown> {
  const entries = Object.entries(value).filter(([key, part]) => {
    if (part !== null || !Object.hasOwn(shape, key)) return true;
    const accepts = shape[key];
    return !accepts || accepts.safeParse(null).success || !accepts.safeParse(undefined).success;
  });
  return Object.fromEntries(entries);
}

function shapeOf(tool: Tool<unknown>): Record<string, z.ZodType> | null {
  return tool.parameters instanceof z.ZodObject ? (tool.parameters.shape as Record<string, z.ZodType>) : null;
}

function refuse(tool: Tool<unknown>, lines: string[]): { ok: false; message: string } {
  const more = lines.length > MAX_ISSUES ? [`And ${lines.length - MAX_ISSUES} more.`] : [];
  const shape = shapeOf(tool);
  const allowed = shape ? [`${tool.name} takes: ${describeKeys(shape)}.`] : [];
  const said = [...lines.slice(0, MAX_ISSUES), ...more, ...allowed];
  return { ok: false, message: `The call of ${tool.name} was not run; its arguments are wrong.\n${said.join("\n")}` };
}

function describeKeys(shape: Record<string, z.ZodType>): string {
  const keys = Object.entries(shape).map(([key, type]) =>
    type.safeParse(undefined).success ? `${key} (optional)` : key,
  );
  return keys.length > 0 ? keys.join(", ") : "no arguments";
}

/** No JSON column can hold a NUL or half of a character. Both are escaped in JSON, unlike any whole character. */
function holdsBrokenText(value: unknown): boolean {
  try {
    return /\\u0000|\\ud[89a-f]/.test(JSON.stringify(value).replaceAll("\\\\", ""));
  } catch {
    return false; // Nested too deeply to be written, which the schema check says.
  }
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}
