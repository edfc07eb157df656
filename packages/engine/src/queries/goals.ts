import type { EvidenceList, Goal, GoalList, ListGoals, Page } from "@bureau/protocol";
import { findAgent, findGoal } from "./lookup.ts";
import type { Queryable } from "../store/database.ts";
import { evidenceFromRow, goalFromRow, type EvidenceRow, type GoalRow } from "../store/rows.ts";
import { partOf } from "./page.ts";

/** Newest first. */
export async function listGoals(database: Queryable, query: ListGoals): Promise<GoalList> {
  const agent = query.agent === undefined ? null : await findAgent(database, query.agent);
  const parent = query.parent === undefined ? null : await findGoal(database, query.parent);
  const { rows } = await database.query<GoalRow>({
    name: "list_goals",
    text: `SELECT * FROM goals
           WHERE ($1::text[] IS NULL OR status = ANY($1)) AND ($2::text IS NULL OR agent_id = $2)
             AND ($3::text IS NULL OR parent_id = $3) AND ($4::text IS NULL OR id < $4)
           ORDER BY id DESC LIMIT $5`,
    values: [query.status ?? null, agent?.id ?? null, parent?.id ?? null, query.cursor ?? null, query.limit + 1],
  });
  const part = partOf(rows, query.limit, (row) => row.id);
  return { goals: part.rows.map(goalFromRow), nextCursor: part.nextCursor };
}

export async function getGoal(database: Queryable, goal: string): Promise<Goal> {
  return goalFromRow(await findGoal(database, goal));
}

/** Newest first. */
export async function listEvidence(database: Queryable, goal: string, page: Page): Promise<EvidenceList> {
  const { id } = await findGoal(database, goal);
  const { rows } = await database.query<EvidenceRow>({
    name: "list_evidence",
    text: `SELECT * FROM evidence WHERE goal_id = $1 AND ($2::text IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
    values: [id, page.cursor ?? null, page.limit + 1],
  });
  const part = partOf(rows, page.limit, (row) => row.id);
  return { evidence: part.rows.map(evidenceFromRow), nextCursor: part.nextCursor };
}
