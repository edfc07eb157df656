import type { Goal } from "@bureau/protocol";
import { goalFromRow } from "../store/rows.ts";
import { change } from "./change.ts";
import { carryToVersion, isOver, lockGoalTree, requireTransition, updateGoal } from "./goal-writes.ts";
import type { CommandParts } from "./parts.ts";
import { pauseRun } from "./run-writes.ts";

/**
 * Pauses a goal and all goals below it. No model or tool call begins until it is resumed. `why` is the sentence of the
 * goal itself, where no person paused it.
 */
export async function pauseGoal(parts: CommandParts, reference: string, why = "Paused by a person."): Promise<Goal> {
  return await change(parts, async (change) => {
    const { root, goals, runs } = await lockGoalTree(change, reference);
    requireTransition(root, "pause");
    let result = root;
    for (const goal of goals) {
      if (isOver(goal) || goal.status === "draft" || goal.status === "paused") continue;
      const version = goal.version + 1;
      await carryToVersion(change, goal, version, runs);
      const sentence = goal.id === root.id ? why : `Paused with the goal "${root.name}".`;
      const row = await updateGoal(change, goal, { status: "paused", version, sentence });
      if (goal.id === root.id) result = row;
    }
    for (const run of runs) if (!run.pause_requested) await pauseRun(change, run);
    return goalFromRow(result);
  });
}
