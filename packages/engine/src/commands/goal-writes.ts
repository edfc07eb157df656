import { AppError, TERMINAL_GOAL_STATUSES, type GoalSpec } from "@bureau/protocol";
import { transition, type GoalAction, type GoalTransition } from "../domain/goal-state.ts";
import { goalFromRow, type AgentRow, type GoalRow, type RunRow } from "../store/rows.ts";
import type { Change } from "./change.ts";
import { findGoal } from "../queries/lookup.ts";
import { insertRun, updateRun, type NewRun } from "./run-writes.ts";

/** How deep a tree of goals is followed. */
const MAX_GOAL_DEPTH = 32;
const MAX_LOCK_PASSES = 5;

/** Columns of a goal that a command may set; an absent one stays. */
export interface GoalPatch {
  status?: GoalRow["status"];
  version?: number;
  kind?: GoalRow["kind"];
  spec?: GoalSpec;
  sentence?: string;
  file?: string | null;
  file_hash?: string | null;
  fingerprint?: string | null;
  idle_count?: number;
  ended_at?: Date | null;
}

const COLUMNS = [
  "status",
  "version",
  "kind",
  "spec",
  "sentence",
  "file",
  "file_hash",
  "fingerprint",
  "idle_count",
  "ended_at",
] as const satisfies (keyof GoalPatch)[];

/** Sets columns of a locked goal and says so in an event. */
export async function updateGoal(change: Change, goal: GoalRow, patch: GoalPatch): Promise<GoalRow> {
  const set = COLUMNS.filter((column) => patch[column] !== undefined);
  const { rows } = await change.transaction.query<GoalRow>(
    `UPDATE goals SET updated_at = $2${set.map((column, index) => `, ${column} = $${index + 3}`).join("")}
     WHERE id = $1 RETURNING *`,
    [goal.id, change.now, ...set.map((column) => (column === "spec" ? JSON.stringify(patch.spec) : patch[column]))],
  );
  const row = rows[0]!;
  change.addEvent({ type: "goal.updated", threadId: row.thread_id, goalId: row.id, data: { goal: goalFromRow(row) } });
  return row;
}

export interface LockedTree {
  root: GoalRow;
  /** The goal and all goals below it, by their ids. */
  goals: GoalRow[];
  /** Runs of these goals that are not over, by their ids. */
  runs: RunRow[];
}

/**
 * Locks a goal, all goals below it down to `depth`, and their open runs.
 *
 * Runs are locked before goals. What was added between the look and the locks is locked in a further pass; the
 * goals' locks keep anything else from being added.
 */
export async function lockGoalTree(
  change: Change,
  reference: string,
  depth: number = MAX_GOAL_DEPTH,
): Promise<LockedTree> {
  const { id: rootId } = await findGoal(change.transaction, reference);
  let size = -1;
  for (let pass = 1; pass <= MAX_LOCK_PASSES; pass += 1) {
    const ids = await treeIds(change, rootId, depth);
    const runs = await lockRows<RunRow>(
      change,
      "runs",
      "goal_id = ANY($1) AND status IN ('queued', 'running', 'waiting')",
      ids,
    );
    const goals = await lockRows<GoalRow>(change, "goals", "id = ANY($1)", ids);
    if (runs.length + goals.length === size) return { root: goals.find((goal) => goal.id === rootId)!, goals, runs };
    size = runs.length + goals.length;
  }
  throw new AppError("unavailable", `The goal ${reference} changes too fast to be locked.`, { hint: "Try again." });
}

async function treeIds(change: Change, rootId: string, depth: number): Promise<string[]> {
  const { rows } = await change.transaction.query<{ id: string }>(
    `WITH RECURSIVE tree AS (
       SELECT id, 0 AS depth FROM goals WHERE id = $1
       UNION ALL
       SELECT g.id, tree.depth + 1 FROM goals g JOIN tree ON g.parent_id = tree.id WHERE tree.depth < $2
     ) SELECT id FROM tree`,
    [rootId, depth],
  );
  return rows.map((row) => row.id);
}

async function lockRows<Row extends GoalRow | RunRow>(
  change: Change,
  table: "runs" | "goals",
  condition: string,
  ids: string[],
): Promise<Row[]> {
  const { rows } = await change.transaction.query<Row>(
    `SELECT * FROM ${table} WHERE ${condition} ORDER BY id FOR NO KEY UPDATE`,
    [ids],
  );
  return rows;
}

/** Locks the agents of a tree's goals against being paused or resumed until commit. Comes before every other lock. */
export async function shareAgents(change: Change, reference: string): Promise<Map<string, "enabled" | "paused">> {
  const { id } = await findGoal(change.transaction, reference);
  const { rows } = await change.transaction.query<{ id: string; status: "enabled" | "paused" }>(
    `SELECT id, status FROM agents
     WHERE id IN (SELECT agent_id FROM goals WHERE id = ANY($1)) ORDER BY id FOR SHARE`,
    [await treeIds(change, id, MAX_GOAL_DEPTH)],
  );
  return new Map(rows.map((row) => [row.id, row.status]));
}

/**
 * Has what belongs to a goal follow it to a new version that asks for the same: its run goes on under that
 * version, a person's sign-off still counts, and what waits for a person waits on.
 */
export async function carryToVersion(change: Change, goal: GoalRow, version: number, runs: RunRow[]): Promise<void> {
  for (const run of runs) {
    if (run.goal_id === goal.id) await updateRun(change, run.id, "goal_version = $2", [version]);
  }
  await change.transaction.query(
    `UPDATE inbox SET goal_version = $3
     WHERE goal_id = $1 AND goal_version = $2 AND (
       (kind = 'sign_off' AND status IN ('pending', 'approved', 'denied'))
       OR (kind IN ('approval', 'question') AND status = 'pending'))`,
    [goal.id, goal.version, version],
  );
}

/** A goal that waited goes on with its run. */
export async function wakeGoal(change: Change, goal: GoalRow | null): Promise<void> {
  if (goal?.status === "waiting") await updateGoal(change, goal, { status: "active", sentence: "Goes on." });
}

/** A new run for a goal that has none at work. */
export async function insertGoalRun(
  change: Change,
  goal: GoalRow,
  run: Pick<NewRun, "trigger" | "message" | "checkRequested" | "limits">,
): Promise<RunRow> {
  const { rows } = await change.transaction.query<AgentRow>("SELECT * FROM agents WHERE id = $1", [goal.agent_id]);
  return await insertRun(change, { threadId: goal.thread_id, agent: rows[0]!, goal, ...run });
}

export function isOver(goal: Pick<GoalRow, "status">): boolean {
  return TERMINAL_GOAL_STATUSES.includes(goal.status);
}

/** Whether an agent works on the goal, or would but for a wait. */
export function isAtWork(goal: Pick<GoalRow, "status">): boolean {
  return goal.status === "active" || goal.status === "waiting";
}

/** Where an action takes a goal; throws `conflict` when its status does not allow it. */
export function requireTransition(goal: GoalRow, action: GoalAction): Extract<GoalTransition, { ok: true }> {
  const next = transition({ status: goal.status, title: goal.name }, action);
  if (next.ok) return next;
  throw new AppError(
    "conflict",
    next.message,
    isOver(goal) ? { hint: "Create a new goal for what is left to do." } : {},
  );
}
