import type { ListTasks, Task, TaskList } from "@bureau/protocol";
import { findAgent, findGoal, findTask } from "./lookup.ts";
import type { Queryable } from "../store/database.ts";
import { taskFromRow, type TaskRow } from "../store/rows.ts";
import { partOf } from "./page.ts";

/** Newest first. */
export async function listTasks(database: Queryable, query: ListTasks): Promise<TaskList> {
  const agent = query.agent === undefined ? null : await findAgent(database, query.agent);
  const goal = query.goal === undefined ? null : await findGoal(database, query.goal);
  const { rows } = await database.query<TaskRow>({
    name: "list_tasks",
    text: `SELECT * FROM tasks
           WHERE ($1::text[] IS NULL OR status = ANY($1)) AND ($2::text IS NULL OR agent_id = $2)
             AND ($3::text IS NULL OR goal_id = $3) AND ($4::text IS NULL OR id < $4)
           ORDER BY id DESC LIMIT $5`,
    values: [query.status ?? null, agent?.id ?? null, goal?.id ?? null, query.cursor ?? null, query.limit + 1],
  });
  const part = partOf(rows, query.limit, (row) => row.id);
  return { tasks: part.rows.map(taskFromRow), nextCursor: part.nextCursor };
}

export async function getTask(database: Queryable, task: string): Promise<Task> {
  return taskFromRow(await findTask(database, task));
}
