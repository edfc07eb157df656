import { NO_USAGE, type Budget, type Usage } from "@bureau/protocol";
import type { Queryable } from "./database.ts";

/** How far a tree of goals is followed up and down. */
const MAX_GOAL_DEPTH = 32;

/** One budget that holds for a goal: its own, or that of a goal above it. */
export interface BudgetAbove {
  goalId: string;
  name: string;
  budget: Budget;
  /** What all goals under this budget have used and set aside together, without the goal that asks. */
  usage: Usage;
  reserved: { tokens: number; micros: number };
}

/**
 * Locks every goal from this one upwards that has a budget, and adds up what is spent under each.
 *
 * Whoever else wants to spend under one of these budgets waits until the transaction ends, so what is written in it
 * counts for the next. The run is locked first, then goals by their ids: the order of every transaction.
 */
export async function lockBudgets(transaction: Queryable, run: { id: string; goalId: string }): Promise<BudgetAbove[]> {
  await transaction.query("SELECT 1 FROM runs WHERE id = $1 FOR UPDATE", [run.id]);
  const { rows: locked } = await transaction.query<{ id: string }>({
    name: "lock_budgets",
    text: `
      SELECT id FROM goals WHERE spec->'budget' <> '{}'::jsonb AND id IN (
        WITH RECURSIVE chain AS (
          SELECT id, parent_id, 0 AS depth FROM goals WHERE id = $1
          UNION ALL
          SELECT g.id, g.parent_id, chain.depth + 1 FROM goals g JOIN chain ON g.id = chain.parent_id
          WHERE chain.depth < ${MAX_GOAL_DEPTH}
        ) SELECT id FROM chain)
      ORDER BY id FOR NO KEY UPDATE`,
    values: [run.goalId],
  });
  if (locked.length === 0) return [];
  // A statement of its own: it sees what was committed while the locks were waited for.
  const { rows } = await transaction.query({
    name: "sum_budgets",
    text: SUM_BUDGETS,
    values: [locked.map((row) => row.id), run.goalId],
  });
  return rows.map((row) => ({
    goalId: row.id,
    name: row.name,
    budget: row.budget,
    usage: Object.fromEntries(USAGE_KEYS.map((key) => [key, Number(row.usage[key])])) as unknown as Usage,
    reserved: { tokens: Number(row.reserved_tokens), micros: Number(row.reserved_micros) },
  }));
}

const USAGE_KEYS = Object.keys(NO_USAGE) as (keyof Usage)[];
const sumOfOthers = (value: string) => `COALESCE(sum(${value}) FILTER (WHERE g.id <> $2), 0)`;
const reservedByOthers = (column: string) =>
  `COALESCE(sum(g.${column}) FILTER (WHERE g.id <> $2 AND g.status NOT IN ('done', 'abandoned')), 0)`;

const SUM_BUDGETS = `
WITH RECURSIVE tree AS (
  SELECT id AS root, id, 0 AS depth FROM goals WHERE id = ANY($1)
  UNION ALL
  SELECT tree.root, g.id, tree.depth + 1 FROM goals g JOIN tree ON g.parent_id = tree.id
  WHERE tree.depth < ${MAX_GOAL_DEPTH}
)
SELECT r.id, r.name, r.spec->'budget' AS budget,
  jsonb_build_object(${USAGE_KEYS.map((key) => `'${key}', ${sumOfOthers(`(g.usage->>'${key}')::bigint`)}`).join(", ")}) AS usage,
  ${reservedByOthers("reserved_tokens")} AS reserved_tokens, ${reservedByOthers("reserved_micros")} AS reserved_micros
FROM tree JOIN goals g ON g.id = tree.id JOIN goals r ON r.id = tree.root
GROUP BY r.id ORDER BY r.id`;
