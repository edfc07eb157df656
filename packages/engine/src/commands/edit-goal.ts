import { AppError, describeCheck, type EditGoal, type Goal, type GoalSpec } from "@bureau/protocol";
import { isDeepStrictEqual } from "node:util";
import { renderGoalChanged } from "../domain/prompt.ts";
import { goalKind, parseGoalFile, writeGoalFile } from "../goals/goal-file.ts";
import { goalFromRow, type GoalRow, type RunRow } from "../store/rows.ts";
import { addItems, change, type Change } from "./change.ts";
import { absolutePath, createGoalFile, hashOf, lockGoalFile, readGoalFile, replaceGoalFile } from "./goal-files.ts";
import {
  insertGoalRun,
  lockGoalTree,
  requireTransition,
  shareAgents,
  updateGoal,
  type LockedTree,
} from "./goal-writes.ts";
import { findGoal } from "../queries/lookup.ts";
import type { CommandParts } from "./parts.ts";
import { closeOpenCalls, dismissEntries, requeueRun, updateRun } from "./run-writes.ts";

/** What a run found out about the goal as it was. */
const STALE_FACTS = [
  "verdict",
  "stalled",
  "blocked",
  "blockedTurn",
  "blockedTurns",
  "obstacle",
  "repeatedCall",
  "denials",
  "askedAfterDenials",
];

/**
 * Changes what a goal asks for, in the row and in its file. No call of the agent begins under the old version.
 *
 * Throws `conflict` when the file was changed by hand and not taken up yet, or when the goal has another version
 * than the editor saw; nothing is overwritten.
 */
export async function editGoal(parts: CommandParts, reference: string, input: EditGoal): Promise<Goal> {
  return await change(parts, async (change) => {
    const seen = await findGoal(change.transaction, reference);
    const path = seen.file === null ? null : absolutePath(parts, seen.file);
    if (path !== null) await lockGoalFile(change, path);
    await shareAgents(change, seen.id);
    const tree = await lockGoalTree(change, seen.id, 0);
    requireVersion(tree.root, input.version);
    requireTransition(tree.root, "edit");
    const { before, after } = await newText(tree.root, path, input);
    const { spec } = parseGoalFile(after, { name: tree.root.name });
    if (isDeepStrictEqual(spec, tree.root.spec) && before === after) return goalFromRow(tree.root);
    if (path !== null && before === null) await createGoalFile(change, path, after);
    else if (path !== null && before !== null && before !== after) await replaceGoalFile(change, path, before, after);
    return goalFromRow(await applySpec(change, tree, spec, { file_hash: path === null ? null : hashOf(after) }));
  });
}

function requireVersion(goal: GoalRow, version: number | undefined): void {
  if (version === undefined || version === goal.version) return;
  throw new AppError("conflict", `The goal "${goal.name}" is at version ${goal.version}, not ${version}.`, {
    hint: "Look at the goal as it is now and make the change again.",
  });
}

async function newText(
  goal: GoalRow,
  path: string | null,
  input: EditGoal,
): Promise<{ before: string | null; after: string }> {
  const file = path === null ? null : await readGoalFile(path);
  if (file !== null && file.hash !== goal.file_hash) {
    throw new AppError(
      "conflict",
      `The file ${path} was changed by hand since it was last read; nothing was written.`,
      {
        hint: "Bureau takes up the file's change by itself; look at the goal again and then make yours.",
      },
    );
  }
  if (input.text !== undefined) return { before: file?.text ?? null, after: input.text };
  const patch = Object.fromEntries(Object.entries(input.spec ?? {}).filter(([, value]) => value !== undefined));
  return { before: file?.text ?? null, after: writeGoalFile(file?.text ?? writeGoalFile(null, goal.spec), patch) };
}

/** Gives a locked goal a new version, and has its run see it before anything else. */
export async function applySpec(
  change: Change,
  tree: LockedTree,
  spec: GoalSpec,
  file: { file_hash: string | null; file?: string },
): Promise<GoalRow> {
  const { root } = tree;
  const { status } = requireTransition(root, "edit");
  const changed = changedFields(root.spec, spec);
  const goal = await updateGoal(change, root, {
    ...file,
    spec,
    status,
    version: root.version + 1,
    kind: goalKind(spec),
    ...(status === "active" && { sentence: "Goes on with what was changed." }),
    idle_count: 0,
    fingerprint: null,
  });
  await dismissEntries(change, "goal_id = $1 AND kind IN ('sign_off', 'stopped', 'budget')", [goal.id]);
  const text = renderGoalChanged({ ...spec, requirements: spec.checks.map(describeCheck) }, changed);
  const open = tree.runs.filter((run) => run.goal_id === goal.id);
  for (const run of open) await showChange(change, run, goal.version, text);
  if (open.length === 0 && status === "active") {
    await insertGoalRun(change, goal, { trigger: "resume", message: { role: "runtime", text } });
  }
  return goal;
}

function changedFields(before: GoalSpec, after: GoalSpec): string[] {
  const fields = Object.keys(after) as (keyof GoalSpec)[];
  return fields.filter((field) => !isDeepStrictEqual(before[field], after[field]));
}

/**
 * Calls that the model asked for under the old version and that have not begun do not run any more, whether they wait,
 * were approved, or belong to a run that was just taken up: its process finds out before it begins anything.
 */
async function showChange(change: Change, run: RunRow, version: number, text: string): Promise<void> {
  const atWork = run.status === "running";
  await closeOpenCalls(change, run, ["pending", "awaiting_approval"], "Not run: the goal was changed before it began.");
  await addItems(change, run.thread_id, [
    { content: { type: "message", role: "runtime", text }, runId: run.id, turn: run.turn },
  ]);
  const row = await updateRun(change, run.id, "goal_version = $2, control = control + 1, state = state - $3::text[]", [
    version,
    STALE_FACTS,
  ]);
  if (atWork) change.interrupt(run.id);
  else if (row.status === "waiting" && row.wait_reason !== "paused" && !row.pause_requested)
    await requeueRun(change, row);
  else if (row.status === "waiting" && row.pause_requested) {
    await updateRun(change, run.id, "wait_reason = 'paused', wait_until = NULL", []);
  }
}
