import { AppError, newId, type CreateTask, type TaskStarted } from "@bureau/protocol";
import { runFromRow, taskFromRow, type TaskRow } from "../store/rows.ts";
import { change } from "./change.ts";
import { agentFor, findGoal, findTask } from "../queries/lookup.ts";
import type { CommandParts } from "./parts.ts";
import { insertRun, insertThread } from "./run-writes.ts";

/** Adds a task and starts a run for it on a thread of its own. */
export async function createTask(parts: CommandParts, input: CreateTask): Promise<TaskStarted> {
  return await change(parts, async (change) => {
    const parent = input.parent === undefined ? null : await findTask(change.transaction, input.parent);
    if (parent !== null && isTaskOver(parent)) {
      throw new AppError(
        "conflict",
        `The task "${parent.title}" is ${parent.status}; a task cannot be added below it.`,
      );
    }
    const goalReference = input.goal ?? parent?.goal_id ?? null;
    const goal = goalReference === null ? null : await findGoal(change.transaction, goalReference);
    const agent = await agentFor(
      change.transaction,
      parts.workspace,
      input.agent ?? goal?.agent_id ?? parent?.agent_id,
    );
    const text = input.text ?? input.title;
    const thread = await insertThread(change, { agentId: agent.id, goalId: null, text: input.title });
    const { rows } = await change.transaction.query<TaskRow>(
      `INSERT INTO tasks (id, goal_id, parent_id, agent_id, thread_id, title, status, created_at, updated_at)
       VALUES ($1, $2, $3, $4, $5, $6, 'in_progress', $7, $7) RETURNING *`,
      [newId("task"), goal?.id ?? null, parent?.id ?? null, agent.id, thread.id, input.title, change.now],
    );
    const task = rows[0]!;
    change.addEvent({
      type: "task.created",
      threadId: thread.id,
      goalId: goal?.id ?? null,
      data: { task: taskFromRow(task) },
    });
    const run = await insertRun(change, {
      threadId: thread.id,
      agent,
      taskId: task.id,
      trigger: "task",
      message: { role: "person", text },
    });
    return { task: taskFromRow(task), run: runFromRow(run) };
  });
}

/** A task that nobody works on any more. */
export function isTaskOver(task: TaskRow): boolean {
  return task.status === "done" || task.status === "canceled";
}
