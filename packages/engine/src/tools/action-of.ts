import type { Action } from "../domain/action.ts";
import type { Tool } from "./tool.ts";

/** One call as policy looks at it. Without the agent, a tool that differs by agent says the most that it could do. */
export function actionOf(tool: Tool, args: unknown, context?: { agent: string }): Action {
  return {
    tool: tool.name,
    kind: tool.kind ?? tool.name,
    effect: tool.effect,
    reversible: tool.reversible ?? false,
    targets: [],
    content: [],
    carriesOut: false,
    reaches: [],
    title: `${tool.name} ${JSON.stringify(args)}`,
    ...tool.describe?.(args, context),
  };
}
