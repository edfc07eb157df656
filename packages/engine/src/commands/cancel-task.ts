import { AppError, type Task } from "@bureau/protocol";
import { taskFromRow, type RunRow, type TaskRow } from "../store/rows.ts";
import { change, type Change } from "./change.ts";
import { isTaskOver } from "./create-task.ts";
import { findTask } from "../queries/lookup.ts";
import type { CommandParts } from "./parts.ts";
import { endRun } from "./run-writes.ts";

const MAX_TASK_DEPTH = 16;

/** Cancels a task, the tasks below it, and their runs. */
export async function cancelTask(parts: CommandParts, taskId: string): Promise<Task> {
  return await change(parts, async (change) => {
    const seen = await findTask(change.transaction, taskId);
    const ids = await taskIds(change, seen.id);
    const runs = await lockRuns(change, ids);
    const { rows } = await change.transaction.query<TaskRow>(
      "SELECT * FROM tasks WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE",
      [ids],
    );
    const root = rows.find((row) => row.id === seen.id)!;
    if (root.status === "canceled") return taskFromRow(root);
    if (root.status === "done") {
      throw new AppError("conflict", `The task "${root.title}" is already done and cannot be canceled.`);
    }
    for (const run of runs) await endRun(change, run, "Canceled: its task was canceled.");
    let result = root;
    for (const row of rows.filter((task) => !isTaskOver(task))) {
      const canceled = await cancelOne(change, row);
      if (row.id === root.id) result = canceled;
    }
    return taskFromRow(result);
  });
}

async function cancelOne(change: Change, task: TaskRow): Promise<TaskRow> {
  const { rows } = await change.transaction.query<TaskRow>(
    "UPDATE tasks SET status = 'canceled', updated_at = $2 WHERE id = $1 RETURNING *",
    [task.id, change.now],
  );
  const row = rows[0]!;
  change.addEvent({
    type: "task.updated",
    threadId: row.thread_id,
    goalId: row.goal_id,
    data: { task: taskFromRow(row) },
  });
  return row;
}

async function taskIds(change: Change, rootId: string): Promise<string[]> {
  const { rows } = await change.transaction.query<{ id: string }>(
    `WITH RECURSIVE tree AS (
       SELECT id, 0 AS depth FROM tasks WHERE id = $1
       UNION ALL
       SELECT t.id, tree.depth + 1 FROM tasks t JOIN tree ON t.parent_id = tree.id WHERE tree.depth < ${MAX_TASK_DEPTH}
     ) SELECT id FROM tree`,
    [rootId],
  );
  return rows.map((row) => row.id);
}

async function lockRuns(change: Change, taskIds: string[]): Promise<RunRow[]> {
  const { rows } = await change.transaction.query<RunRow>(
    `SELECT * FROM runs WHERE task_id = ANY($1) AND status IN ('queued', 'running', 'waiting')
     ORDER BY id FOR NO KEY UPDATE`,
    [taskIds],
  );
  return rows;
}
