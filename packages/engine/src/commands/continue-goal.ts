import type { Queryable } from "../store/database.ts";
import { findGoal } from "../queries/lookup.ts";
import { changeWithin } from "./change.ts";
import { insertGoalRun, isAtWork } from "./goal-writes.ts";
import type { CommandParts } from "./parts.ts";

/**
 * Adds the next run of a goal in the transaction that ends the run before it, so that the goal is never without.
 *
 * Does nothing when the goal is not at work any more. The dispatcher hears of it at its next look.
 */
export async function continueGoal(parts: CommandParts, transaction: Queryable, goalId: string): Promise<void> {
  await changeWithin(parts, transaction, async (change) => {
    const goal = await findGoal(transaction, goalId, "update");
    // Without a message the run begins with the checks, and the agent is told what they found.
    if (isAtWork(goal)) await insertGoalRun(change, goal, { trigger: "goal", message: null });
  });
}
