import { AppError } from "@bureau/protocol";

const PLACE = /^\$(arguments)?((?:\.[A-Za-z0-9_-]+|\[\d{1,6}\])+)$/;
const MAX_DEPTH = 20;

/** Where a template takes its values from: `$.id` from the result of the call, `$arguments.id` from its arguments. */
export interface TemplateSources {
  result: unknown;
  arguments: unknown;
}

/** The arguments of a call that follows from another. Throws `invalid` for a place at which there is nothing. */
export function fillTemplate(
  template: Readonly<Record<string, unknown>>,
  sources: TemplateSources,
): Record<string, unknown> {
  const fill = (value: unknown, depth: number): unknown => {
    if (depth > MAX_DEPTH) throw new AppError("invalid", "The template in mcp.json is nested too deeply.");
    if (typeof value === "string") return placed(value, sources);
    if (Array.isArray(value)) return value.map((each) => fill(each, depth + 1));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each, depth + 1)]));
  };
  return fill(template, 0) as Record<string, unknown>;
}

function placed(text: string, sources: TemplateSources): unknown {
  const match = PLACE.exec(text);
  if (!match) return text;
  let value = match[1] ? sources.arguments : sources.result;
  for (const [, name, index] of match[2]!.matchAll(/\.([A-Za-z0-9_-]+)|\[(\d+)\]/g)) {
    const key = name ?? index!;
    value = typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : null;
  }
  if (value !== null && value !== undefined) return value;
  throw new AppError("invalid", `There is nothing at ${text} to take for the call that follows.`, {
    hint: "Look at the tool's result, and mend the place in mcp.json.",
  });
}
