import type { Goal } from "@bureau/protocol";
import { goalFromRow } from "../store/rows.ts";
import { change } from "./change.ts";
import { isOver, lockGoalTree, requireTransition, updateGoal } from "./goal-writes.ts";
import type { CommandParts } from "./parts.ts";
import { dismissEntries, endRun } from "./run-writes.ts";

/** Gives a goal and all goals below it up for good, and cancels their runs. */
export async function stopGoal(parts: CommandParts, reference: string): Promise<Goal> {
  return await change(parts, async (change) => {
    const { root, goals, runs } = await lockGoalTree(change, reference);
    requireTransition(root, "stop");
    if (isOver(root)) return goalFromRow(root);
    let result = root;
    for (const run of runs) await endRun(change, run, "Canceled: its goal was stopped.");
    for (const goal of goals) {
      if (isOver(goal)) continue;
      const by = goal.id === root.id ? "by a person" : `with the goal "${root.name}"`;
      const row = await updateGoal(change, goal, {
        status: "abandoned",
        version: goal.version + 1,
        sentence: `Stopped ${by}.`,
        ended_at: change.now,
      });
      if (goal.id === root.id) result = row;
    }
    await dismissEntries(change, "goal_id = ANY($1)", [goals.map((goal) => goal.id)]);
    return goalFromRow(result);
  });
}
