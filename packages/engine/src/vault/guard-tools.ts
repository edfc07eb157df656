import { AppError } from "@bureau/protocol";
import type { Tool, ToolContext } from "../tools/tool.ts";
import type { SecretGuard } from "./secret-guard.ts";

const RUN_COMMAND = "run_command";

/** The same tool, with every secret hidden in what it answers, tells meanwhile and fails with. */
export function guardTool(tool: Tool, guard: SecretGuard): Tool {
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return guard.redactData(await work());
    } catch (error) {
      throw guard.redactError(error);
    }
  };
  const watched = <T>(context: ToolContext, work: (context: ToolContext) => Promise<T>): Promise<T> =>
    guarded(async () => {
      const { onProgress } = context;
      if (onProgress === undefined) return await work(context);
      const stream = guard.stream();
      try {
        return await work({ ...context, onProgress: (text) => tell(onProgress, stream.push(text)) });
      } finally {
        tell(onProgress, stream.end());
      }
    });
  const { execute, recover, reconcile, undo, needsApproval } = tool;
  return {
    ...tool,
    execute: (args, context) =>
      watched(context, async (watchedContext) => {
        if (writesText(tool)) refuseSecrets(args, guard);
        return await execute.call(tool, args, watchedContext);
      }),
    ...(recover && { recover: (args, context) => watched(context, (inner) => recover.call(tool, args, inner)) }),
    ...(reconcile && { reconcile: (args, context) => guarded(() => reconcile.call(tool, args, context)) }),
    ...(undo && { undo: (args, receipt, context) => guarded(() => undo.call(tool, args, receipt, context)) }),
    ...(needsApproval && {
      needsApproval: (args, context) => guarded(() => needsApproval.call(tool, args, context)),
    }),
  };
}

function tell(onProgress: (text: string) => void, text: string): void {
  if (text !== "") onProgress(text);
}

/** Whether its arguments are a file's content, as against a command's words. */
function writesText(tool: Tool): boolean {
  return tool.writes !== undefined && tool.name !== RUN_COMMAND;
}

/**
 * A file is no place for a secret. Nor for the mark of one: the model has read it where the value was, and would
 * write it over the value.
 */
function refuseSecrets(args: unknown, guard: SecretGuard): void {
  const name = guard.holds(args);
  if (name !== null) {
    throw new AppError("forbidden", `Nothing was written: the text holds the value of the secret ${name}.`, {
      hint: "Leave the value out of the file. A person can put it where it is needed.",
    });
  }
  const mark = guard.markIn(args);
  if (mark === null) return;
  throw new AppError("forbidden", `Nothing was written: ${mark} stands for a value that you cannot see.`, {
    hint: "Writing the mark would destroy the value in the file. Change other lines with edit_file, or ask the person.",
  });
}
