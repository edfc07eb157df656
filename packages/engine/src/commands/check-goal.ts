import { AppError, type CheckStarted } from "@bureau/protocol";
import { goalFromRow, runFromRow, type GoalRow, type RunRow } from "../store/rows.ts";
import { change, type Change } from "./change.ts";
import { insertGoalRun, lockGoalTree, requireTransition, shareAgents, updateGoal } from "./goal-writes.ts";
import type { CommandParts } from "./parts.ts";
import { requeueRun, updateRun } from "./run-writes.ts";

/** Has the runtime run the goal's checks: by its open run at the next safe point, else by a new run. */
export async function checkGoal(parts: CommandParts, reference: string): Promise<CheckStarted> {
  return await change(parts, async (change) => {
    await shareAgents(change, reference);
    const { root, runs } = await lockGoalTree(change, reference, 0);
    requireCheckable(root);
    const { goal, run } = await requestCheck(change, root, runs[0] ?? null);
    return { goal: goalFromRow(goal), run: runFromRow(run) };
  });
}

/** Asks a locked goal's run for the checks; a goal that has no run at work gets one. */
export async function requestCheck(
  change: Change,
  goal: GoalRow,
  open: RunRow | null,
): Promise<{ goal: GoalRow; run: RunRow }> {
  if (open === null) {
    const active =
      goal.status === "active"
        ? goal
        : await updateGoal(change, goal, { status: "active", sentence: "Runs its checks." });
    return {
      goal: active,
      run: await insertGoalRun(change, active, { trigger: "check", message: null, checkRequested: true }),
    };
  }
  const run = await updateRun(
    change,
    open.id,
    `state = state || '{"checkRequested": true}', control = control + 1`,
    [],
  );
  const free = run.wait_reason === "timer" || run.wait_reason === "sign_off";
  if (run.status !== "waiting" || !free || run.pause_requested) return { goal, run };
  const awake =
    goal.status === "waiting" ? await updateGoal(change, goal, { status: "active", sentence: "Goes on." }) : goal;
  return { goal: awake, run: await requeueRun(change, run) };
}

function requireCheckable(goal: GoalRow): void {
  if (goal.status === "paused" || goal.status === "draft") {
    throw new AppError(
      "conflict",
      `The goal "${goal.name}" is ${goal.status === "draft" ? "a draft" : "paused"}; its checks do not run.`,
      {
        hint: `Resume it with \`bureau goal resume ${goal.name}\`; its checks run when the agent thinks it is done.`,
      },
    );
  }
  // The same rule as for a check that passes: what is over stays over.
  if (goal.status === "done" || goal.status === "abandoned") requireTransition(goal, "resume");
}
