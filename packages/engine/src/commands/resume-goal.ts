import { AppError, type Goal } from "@bureau/protocol";
import { findGoal } from "../queries/lookup.ts";
import { goalFromRow, type GoalRow, type RunRow } from "../store/rows.ts";
import { change, type Change } from "./change.ts";
import { openingMessage } from "./create-goal.ts";
import {
  carryToVersion,
  insertGoalRun,
  isAtWork,
  isOver,
  lockGoalTree,
  requireTransition,
  shareAgents,
  updateGoal,
} from "./goal-writes.ts";
import type { CommandParts } from "./parts.ts";
import { dismissEntries, resumeRun } from "./run-writes.ts";

const RESUMED = "The goal was resumed by a person. Look at the real state of the work and go on.";

/**
 * Lets a goal and all goals below it go on; starts a draft; takes up a blocked goal again.
 *
 * What told that it had stopped is closed, but for `decided`: the entry whose decision resumes it.
 */
export async function resumeGoal(parts: CommandParts, reference: string, decided?: string): Promise<Goal> {
  return await change(parts, async (change) => {
    const agents = await shareAgents(change, reference);
    const { root, goals, runs } = await lockGoalTree(change, reference);
    requireTransition(root, "resume");
    await requireParentAtWork(change, root);
    let result = root;
    for (const goal of goals) {
      if (isOver(goal)) continue;
      // Below the goal, drafts stay drafts and a blocked goal stays blocked: only what was paused goes on.
      if (goal.id !== root.id && goal.status !== "paused") continue;
      const row = await resumeOne(change, goal, runs, { agentPaused: agents.get(goal.agent_id) === "paused", decided });
      if (goal.id === root.id) result = row;
    }
    return goalFromRow(result);
  });
}

/** A goal that is paused with its parent goes on with it. */
async function requireParentAtWork(change: Change, goal: GoalRow): Promise<void> {
  if (goal.parent_id === null) return;
  const parent = await findGoal(change.transaction, goal.parent_id);
  if (parent.status !== "paused") return;
  throw new AppError("conflict", `The goal "${goal.name}" is part of "${parent.name}", which is paused.`, {
    hint: `Resume that one with \`bureau goal resume ${parent.name}\`.`,
  });
}

async function resumeOne(
  change: Change,
  goal: GoalRow,
  runs: RunRow[],
  { agentPaused, decided }: { agentPaused: boolean; decided: string | undefined },
): Promise<GoalRow> {
  const open = runs.find((run) => run.goal_id === goal.id);
  if (isAtWork(goal) && open !== undefined) return goal;
  const version = goal.version + 1;
  await carryToVersion(change, goal, version, runs);
  const waits = open?.status === "waiting" && open.wait_reason !== "paused" && open.wait_reason !== "timer";
  const row = await updateGoal(change, goal, {
    status: waits ? "waiting" : "active",
    version,
    idle_count: 0,
    fingerprint: null,
    sentence: waits ? "Waits for a decision." : goal.status === "draft" ? "About to start." : "Goes on.",
  });
  await dismissEntries(change, "goal_id = $1 AND kind IN ('stopped', 'budget') AND id <> $2", [goal.id, decided ?? ""]);
  if (open === undefined) {
    const begins = goal.status === "draft";
    await insertGoalRun(change, row, {
      trigger: begins ? "goal" : "resume",
      message: begins ? { role: "person", text: openingMessage(goal.spec) } : { role: "runtime", text: RESUMED },
    });
  } else if (open.cancel_requested || (!agentPaused && open.pause_requested)) {
    await resumeRun(change, open);
  }
  return row;
}
