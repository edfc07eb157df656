import { AppError, TERMINAL_RUN_STATUSES, type Run } from "@bureau/protocol";
import { runFromRow } from "../store/rows.ts";
import { change } from "./change.ts";
import { isAtWork, updateGoal } from "./goal-writes.ts";
import { lockRun } from "../queries/lookup.ts";
import type { CommandParts } from "./parts.ts";
import { endRun } from "./run-writes.ts";

/**
 * Cancels a run. One at work ends itself before its next call; any other is over when this resolves.
 * Its goal is paused, since nothing is at work on it any more.
 */
export async function cancelRun(parts: CommandParts, runId: string): Promise<Run> {
  return await change(parts, async (change) => {
    const { run, goal } = await lockRun(change.transaction, runId);
    if (run.status === "canceled" || (run.status === "running" && run.cancel_requested)) return runFromRow(run);
    if (TERMINAL_RUN_STATUSES.includes(run.status)) {
      throw new AppError("conflict", `The run ${run.id} has already ended (${run.status}) and cannot be canceled.`);
    }
    const row = await endRun(change, run, "Canceled by a person.");
    if (goal !== null && isAtWork(goal)) {
      await updateGoal(change, goal, {
        status: "paused",
        version: goal.version + 1,
        sentence: "Paused: its run was canceled by a person.",
      });
    }
    return runFromRow(row);
  });
}
