import type { After, ListRuns, Run, RunList, StepList, ToolCallList } from "@bureau/protocol";
import { findAgent, findGoal, findRun } from "./lookup.ts";
import type { Queryable } from "../store/database.ts";
import {
  runFromRow,
  stepFromRow,
  toolCallFromRow,
  type RunRow,
  type StepRow,
  type ToolCallRow,
} from "../store/rows.ts";
import { afterPart, partOf } from "./page.ts";

/** Newest first. */
export async function listRuns(database: Queryable, query: ListRuns): Promise<RunList> {
  const agent = query.agent === undefined ? null : await findAgent(database, query.agent);
  const goal = query.goal === undefined ? null : await findGoal(database, query.goal);
  const { rows } = await database.query<RunRow>({
    name: "list_runs",
    text: `SELECT * FROM runs
           WHERE ($1::text[] IS NULL OR status = ANY($1)) AND ($2::text IS NULL OR agent_id = $2)
             AND ($3::text IS NULL OR goal_id = $3) AND ($4::text IS NULL OR thread_id = $4)
             AND ($5::text IS NULL OR id < $5)
           ORDER BY id DESC LIMIT $6`,
    values: [
      query.status ?? null,
      agent?.id ?? null,
      goal?.id ?? null,
      query.thread ?? null,
      query.cursor ?? null,
      query.limit + 1,
    ],
  });
  const part = partOf(rows, query.limit, (row) => row.id);
  return { runs: part.rows.map(runFromRow), nextCursor: part.nextCursor };
}

export async function getRun(database: Queryable, run: string): Promise<Run> {
  return runFromRow(await findRun(database, run));
}

/** Steps with a number after `after`, in order. */
export async function listSteps(database: Queryable, run: string, query: After): Promise<StepList> {
  await findRun(database, run);
  const { rows } = await database.query<StepRow>({
    name: "list_steps",
    text: "SELECT * FROM steps WHERE run_id = $1 AND number > $2::bigint ORDER BY number LIMIT $3",
    values: [run, query.after, query.limit + 1],
  });
  const part = afterPart(rows, query.limit, (row) => row.number);
  return { steps: part.rows.map(stepFromRow), nextAfter: part.nextAfter };
}

/** Calls in the order they were asked for; `after` counts them from 1. */
export async function listToolCalls(database: Queryable, run: string, query: After): Promise<ToolCallList> {
  await findRun(database, run);
  const { rows } = await database.query<ToolCallRow>({
    name: "list_tool_calls",
    text: "SELECT * FROM tool_calls WHERE run_id = $1 ORDER BY position, id OFFSET $2::bigint LIMIT $3",
    values: [run, query.after, query.limit + 1],
  });
  const part = afterPart(rows, query.limit, () => query.after + query.limit);
  return { toolCalls: part.rows.map(toolCallFromRow), nextAfter: part.nextAfter };
}
