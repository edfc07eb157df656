import type { GoalRow, InboxRow, RunRow } from "../store/rows.ts";
import type { Change } from "./change.ts";
import { findGoal, findInboxEntry, findRun } from "../queries/lookup.ts";

export interface LockedEntry {
  entry: InboxRow;
  /** The run that asked, or for a sign-off whichever run of the goal is open; null when it is over. */
  run: RunRow | null;
  goal: GoalRow | null;
}

/** Locks an entry of the inbox after its run and its goal, which is the order of every transaction. */
export async function lockEntry(change: Change, entryId: string): Promise<LockedEntry> {
  const seen = await findInboxEntry(change.transaction, entryId);
  if (seen.goal_id !== null) await shareAgent(change, seen.goal_id);
  const run = await lockOpenRun(change, seen);
  const goalId = seen.goal_id ?? run?.goal_id ?? null;
  const goal = goalId === null ? null : await findGoal(change.transaction, goalId, "update");
  return { entry: await findInboxEntry(change.transaction, entryId, "update"), run, goal };
}

/** A decision may start a run, which must not miss that its agent is being paused. */
async function shareAgent(change: Change, goalId: string): Promise<void> {
  await change.transaction.query(
    "SELECT 1 FROM agents WHERE id = (SELECT agent_id FROM goals WHERE id = $1) FOR SHARE",
    [goalId],
  );
}

async function lockOpenRun(change: Change, entry: InboxRow): Promise<RunRow | null> {
  const bySignOff = entry.kind === "sign_off";
  if (!bySignOff && entry.run_id !== null) {
    const run = await findRun(change.transaction, entry.run_id, "update");
    return isOpen(run) ? run : null;
  }
  const { rows } = await change.transaction.query<RunRow>(
    `SELECT * FROM runs WHERE goal_id = $1 AND status IN ('queued', 'running', 'waiting')
     ORDER BY id LIMIT 1 FOR NO KEY UPDATE`,
    [entry.goal_id],
  );
  return rows[0] ?? null;
}

function isOpen(run: RunRow): boolean {
  return run.status === "queued" || run.status === "running" || run.status === "waiting";
}
