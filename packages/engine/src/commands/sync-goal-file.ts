import { AppError, type Goal } from "@bureau/protocol";
import { readFileSync, statSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { MAX_GOAL_FILE_BYTES, parseGoalFile, type GoalFile } from "../goals/goal-file.ts";
import { goalFromRow, type GoalRow } from "../store/rows.ts";
import { change, type Change } from "./change.ts";
import { createGoalAndRun } from "./create-goal.ts";
import { applySpec } from "./edit-goal.ts";
import { absolutePath, hashOf, lockGoalFile, readGoalFile, storedPath, type ReadGoalFile } from "./goal-files.ts";
import { lockGoalTree, shareAgents, updateGoal } from "./goal-writes.ts";
import type { CommandParts } from "./parts.ts";

/** Small files that are read in a row, each in some ten microseconds: waiting for each would cost more, and memory. */
const FILES_AT_ONCE = 100;

export interface GoalFileReport {
  outcome: "unchanged" | "created" | "edited" | "removed" | "refused" | "ignored";
  goal: Goal | null;
  /** What a person should know: a value that was not understood, or why nothing was taken up. */
  notices: string[];
}

/**
 * Takes up a goal file that was written, changed or removed by hand.
 *
 * A file that cannot be read as a goal changes nothing. A goal whose file is gone is kept and says so. New goals
 * are made only of Markdown files that lie directly in a folder named `goals`.
 */
export async function syncGoalFile(parts: CommandParts, file: string): Promise<GoalFileReport> {
  const wanted = resolve(parts.workspace.folder, file);
  const folder = await realpath(dirname(wanted)).catch(() => dirname(wanted));
  const path = join(folder, basename(wanted));
  try {
    const report = await change(parts, (change) => syncKnown(parts, change, path));
    if (report !== "unknown") return report;
    if (basename(dirname(path)) !== "goals" || !/^[^.].*\.md$/i.test(basename(path))) return ignored();
    const { goal, warnings } = await createGoalAndRun(parts, { file: path });
    return { outcome: "created", goal, notices: warnings };
  } catch (error) {
    // Two looks at one new file: the other was first.
    if (error instanceof AppError && error.code === "not_found") return ignored();
    if (!(error instanceof AppError) || error.code === "unavailable") throw error;
    return { outcome: "refused", goal: null, notices: [error.message] };
  }
}

/**
 * Those of `paths` that are not as they were last read, and the files of unfinished goals that are gone.
 *
 * What changed while Bureau was not running is found this way with one query, however many files there are.
 */
export async function changedGoalFiles(parts: CommandParts, paths: readonly string[]): Promise<string[]> {
  const { rows } = await parts.database.query<Pick<GoalRow, "file_hash" | "status"> & { file: string }>(
    `SELECT DISTINCT ON (file) file, file_hash, status FROM goals
      WHERE file = ANY($1) OR (file IS NOT NULL AND status NOT IN ('done', 'abandoned'))
      ORDER BY file, created_at DESC`,
    [paths.map((path) => storedPath(parts, path))],
  );
  const known = new Map(rows.map((row) => [absolutePath(parts, row.file), row]));
  const changed: string[] = [];
  let looked = 0;
  for (const path of new Set([...paths, ...known.keys()])) {
    const goal = known.get(path);
    if (goal === undefined || hashOfFile(path) !== goal.file_hash) changed.push(path);
    looked += 1;
    if (looked % FILES_AT_ONCE === 0) await setImmediate();
  }
  return changed;
}

/** Null when there is no such file, or it cannot be read: taking it up says why. */
function hashOfFile(path: string): string | null {
  try {
    return statSync(path).size > MAX_GOAL_FILE_BYTES ? null : hashOf(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}

function ignored(): GoalFileReport {
  return { outcome: "ignored", goal: null, notices: [] };
}

async function syncKnown(parts: CommandParts, change: Change, path: string): Promise<GoalFileReport | "unknown"> {
  await lockGoalFile(change, path);
  const { rows } = await change.transaction.query<GoalRow>(
    "SELECT * FROM goals WHERE file = $1 ORDER BY created_at DESC LIMIT 1",
    [storedPath(parts, path)],
  );
  const known = rows[0];
  const file = await readGoalFile(path);
  if (known === undefined) return file === null ? ignored() : "unknown";
  if (file?.hash === known.file_hash) return { outcome: "unchanged", goal: goalFromRow(known), notices: [] };
  if (known.status === "done" || known.status === "abandoned") return file === null ? ignored() : overNotice(known);
  await shareAgents(change, known.id);
  return file === null ? await forgetFile(change, known) : await takeUp(change, known, file);
}

function overNotice(goal: GoalRow): GoalFileReport {
  const notice = `The goal "${goal.name}" is ${goal.status}; the change of its file has no effect. Copy the file to start anew.`;
  return { outcome: "refused", goal: goalFromRow(goal), notices: [notice] };
}

async function forgetFile(change: Change, known: GoalRow): Promise<GoalFileReport> {
  const { root } = await lockGoalTree(change, known.id, 0);
  const sentence = "Its file was removed; the goal goes on as it was last read.";
  const row = await updateGoal(change, root, { file: null, file_hash: null, sentence });
  return {
    outcome: "removed",
    goal: goalFromRow(row),
    notices: [`The file of the goal "${row.name}" was removed. ${sentence}`],
  };
}

async function takeUp(change: Change, known: GoalRow, file: ReadGoalFile): Promise<GoalFileReport> {
  const tree = await lockGoalTree(change, known.id, 0);
  const parsed = tryParse(file.text, known.name);
  if (typeof parsed === "string") {
    return {
      outcome: "refused",
      goal: goalFromRow(tree.root),
      notices: [`${parsed} The goal keeps what it asked for.`],
    };
  }
  const same = isDeepStrictEqual(parsed.spec, tree.root.spec);
  const row = same
    ? await updateGoal(change, tree.root, { file_hash: file.hash })
    : await applySpec(change, tree, parsed.spec, { file_hash: file.hash });
  return { outcome: same ? "unchanged" : "edited", goal: goalFromRow(row), notices: parsed.warnings };
}

function tryParse(text: string, name: string): GoalFile | string {
  try {
    return parseGoalFile(text, { name });
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}
