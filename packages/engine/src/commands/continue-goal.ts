import type { Queryable } from "../store/database.ts";
import type { GoalRow } from "../store/rows.ts";
import { changeWithin } from "./change.ts";
import { insertGoalRun, isAtWork } from "./goal-writes.ts";
import type { CommandParts } from "./parts.ts";

const CONTINUED = "The run before reached its limit. The goal goes on in this one: look at the real state of the work first.";

/**
 * Adds the next run of a goal whose run has just ended, in the transaction that ends it.
 *
 * Does nothing when the goal is not at work any more. The dispatcher hears of it at its next look.
 */
export async function continueGoal(
  parts: CommandParts,
  transaction: Queryable,
  run: { goalId: string | null },
): Promise<void> {
  if (run.goalId === null) return;
  await changeWithin(parts, transaction, async (change) => {
    const { rows } = await transaction.query<GoalRow>("SELECT * FROM goals WHERE id = $1 FOR NO KEY UPDATE", [run.goalId]);
    const goal = rows[0];
    if (goal === undefined || !isAtWork(goal)) return;
    await insertGoalRun(change, goal, { trigger: "goal", message: { role: "runtime", text: CONTINUED } });
  });
}
