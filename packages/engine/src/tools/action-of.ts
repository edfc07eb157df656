import type { ToolEffect } from "@bureau/protocol";
import type { Action, ActionDetails } from "../domain/action.ts";
import type { Tool } from "./tool.ts";

/** Values beyond these are looked at as one text, which nobody can have named. */
const MAX_VALUES = 1_000;
const MAX_DEPTH = 32;
const MAX_TITLE_CHARACTERS = 300;
const SHOWN_TARGETS = 3;
/** A key that a schema would have; any other may be a place to write data into. */
const PLAIN_KEY = /^[a-z][a-z0-9_-]{0,39}$/i;

/**
 * One call as policy looks at it. `args` are those that the tool's schema accepted. Without the agent, a tool that
 * differs by agent says the most that it could do.
 */
export function actionOf(tool: Tool, args: unknown, context?: { agent: string }): Action {
  const { name, kind = name, effect, reversible = false } = tool;
  return actionFrom({ tool: name, kind, effect, reversible }, args, tool.describe?.(args, context) ?? {});
}

/** The same for a tool that is not there: what it is and does is said by whoever asks. */
export function actionFrom(
  tool: { tool: string; kind: string; effect: ToolEffect; reversible: boolean },
  args: unknown,
  details: ActionDetails,
): Action {
  const targets = details.targets ?? [];
  return {
    ...tool,
    targets,
    content: details.content ?? contentOf(args, targets),
    carriesOut: details.carriesOut ?? false,
    reaches: details.reaches ?? [],
    title: details.title ?? titleOf(tool.kind, targets),
  };
}

/** All texts and numbers of the arguments that are no target. Yes, no and nothing can carry nothing. */
function contentOf(args: unknown, targets: readonly string[]): string[] {
  const values: string[] = [];
  if (!collect(args, values, 0)) return [JSON.stringify(args) ?? "", ...values.slice(0, MAX_VALUES)];
  const known = new Set(targets);
  return values.filter((value) => !known.has(value));
}

/** False when there is more than is looked at one by one. */
function collect(value: unknown, values: string[], depth: number): boolean {
  if (values.length > MAX_VALUES || depth > MAX_DEPTH) return false;
  if (typeof value === "string") values.push(value);
  else if (typeof value === "number" || typeof value === "bigint") values.push(String(value));
  else if (Array.isArray(value)) return value.every((part) => collect(part, values, depth + 1));
  else if (typeof value === "object" && value !== null) {
    for (const [key, part] of Object.entries(value)) {
      if (!PLAIN_KEY.test(key)) values.push(key);
      if (!collect(part, values, depth + 1)) return false;
    }
  }
  return true;
}

function titleOf(kind: string, targets: readonly string[]): string {
  const more = targets.length > SHOWN_TARGETS ? ` and ${targets.length - SHOWN_TARGETS} more` : "";
  const to = targets.length === 0 ? "" : ` to ${targets.slice(0, SHOWN_TARGETS).join(", ")}${more}`;
  return `${kind}${to}`.replace(/[\s\p{Cc}\p{Cf}]+/gu, " ").slice(0, MAX_TITLE_CHARACTERS);
}
