import type { Action } from "../domain/action.ts";
import type { Tool } from "./tool.ts";

export function actionOf(tool: Tool, args: unknown): Action {
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
    ...tool.describe?.(args),
  };
}
