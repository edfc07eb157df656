import type { Spent } from "../domain/caps.ts";
import type { Queryable } from "./database.ts";

/** What one run adds to, or takes from, what its agent and the workspace have spent and set aside. */
export interface SpendingChange {
  agent_id: string;
  /** The local day under which it was set aside. */
  day: string;
  tokens: number;
  micros: number;
  calls: number;
  runs: number;
  reserved_tokens: number;
  reserved_micros: number;
}

export const SPENDING_COLUMNS =
  "agent_id text, day date, tokens bigint, micros bigint, calls bigint, runs bigint, reserved_tokens bigint, reserved_micros bigint";

/** The row of a scope that sums all days. */
const ALL_DAYS = "'infinity'::date";

/** Set aside for the call that a run has in flight; kept in its state under `setAside`. */
export interface SetAside {
  day: string;
  tokens: number;
  micros: number;
}

/**
 * SQL that adds rows of `SPENDING_COLUMNS` to their four scopes: workspace and agent, all days and that day.
 *
 * Rows are taken in one order, the workspace first, so that no two transactions wait for each other.
 */
export function addSpending(source: string): string {
  const sums = ["tokens", "micros", "calls", "runs", "reserved_tokens", "reserved_micros"];
  return `
  INSERT INTO spending AS t (scope, day, ${sums.join(", ")})
  SELECT k.scope, k.day, ${sums.map((name) => `sum(s.${name})`).join(", ")}
  FROM ${source} s CROSS JOIN LATERAL (VALUES ('workspace', ${ALL_DAYS}), ('workspace', s.day),
    ('agent:' || s.agent_id, ${ALL_DAYS}), ('agent:' || s.agent_id, s.day)) AS k(scope, day)
  GROUP BY k.scope, k.day ORDER BY k.scope DESC, k.day DESC
  ON CONFLICT (scope, day) DO UPDATE SET ${sums
    .map((name) =>
      name.startsWith("reserved")
        ? `${name} = greatest(0, t.${name} + excluded.${name})`
        : `${name} = t.${name} + excluded.${name}`,
    )
    .join(", ")}`;
}

export interface Spending {
  workspace: { day: Spent; total: Spent };
  agent: { day: Spent; total: Spent };
}

interface SpendingRow {
  scope: string;
  total: boolean;
  tokens: number;
  micros: number;
  runs: number;
  reserved_tokens: number;
  reserved_micros: number;
}

const READ_COLUMNS = "scope, day = 'infinity' AS total, tokens, micros, runs, reserved_tokens, reserved_micros";
const ROWS_OF_A_CALL = 4;
const MAX_LOOKS = 3;

/**
 * Locks what an agent and the workspace have spent, until the transaction ends: whoever else wants to spend under the
 * same caps waits, and sees what is written in it. Comes after the locks of runs and goals.
 */
export async function lockSpending(transaction: Queryable, agentId: string, day: string): Promise<Spending> {
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    const { rows } = await transaction.query<SpendingRow>({
      name: "lock_spending",
      text: `SELECT ${READ_COLUMNS} FROM spending
             WHERE scope IN ('workspace', 'agent:' || $1) AND day IN (${ALL_DAYS}, $2::date)
             ORDER BY spending.scope DESC, spending.day DESC FOR NO KEY UPDATE`,
      values: [agentId, day],
    });
    if (rows.length === ROWS_OF_A_CALL) return spendingOf(rows);
    // The first call of the day, or of the agent; another transaction may be adding the same rows.
    await transaction.query({
      name: "open_spending",
      text: `INSERT INTO spending (scope, day)
             SELECT * FROM (VALUES ('workspace', ${ALL_DAYS}), ('workspace', $2::date),
               ('agent:' || $1, ${ALL_DAYS}), ('agent:' || $1, $2::date)) AS k(scope, day)
             ORDER BY k.scope DESC, k.day DESC ON CONFLICT (scope, day) DO NOTHING`,
      values: [agentId, day],
    });
  }
  throw new Error(`The rows of what ${agentId} has spent cannot be made.`);
}

/** Adds changes outside of a journal write. */
export async function writeSpending(transaction: Queryable, changes: readonly SpendingChange[]): Promise<void> {
  await transaction.query(
    `WITH rows AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS x(${SPENDING_COLUMNS})) ${addSpending("rows")}`,
    [JSON.stringify(changes)],
  );
}

/** What was spent so far, as it is now, by scope: `workspace` and `agent:<id>`. Absent: nothing was counted. */
export async function readSpending(
  database: Queryable,
  day: string,
): Promise<Map<string, { day: Spent; total: Spent }>> {
  const { rows } = await database.query<SpendingRow>({
    name: "read_spending",
    text: `SELECT ${READ_COLUMNS} FROM spending WHERE day IN (${ALL_DAYS}, $1::date)`,
    values: [day],
  });
  const found = new Map<string, { day: Spent; total: Spent }>();
  for (const row of rows) {
    const known = found.get(row.scope) ?? { day: NOTHING_SPENT, total: NOTHING_SPENT };
    found.set(row.scope, { ...known, [row.total ? "total" : "day"]: spentOf(row) });
  }
  return found;
}

/**
 * Settles what a run that nobody drives any more had set aside. Its call may have been answered, so it counts as
 * spent in full. The run's row is locked by the caller or here.
 */
export async function settleLost(transaction: Queryable, runId: string): Promise<void> {
  await transaction.query(
    `WITH lost AS (
       SELECT agent_id, state->'setAside' AS aside FROM runs
       WHERE id = $1 AND jsonb_typeof(state->'setAside') = 'object' FOR NO KEY UPDATE
     ), cleared AS (
       UPDATE runs SET state = state || '{"setAside": null}' WHERE id = $1 AND EXISTS (SELECT 1 FROM lost)
     ), rows AS (
       SELECT agent_id, (aside->>'day')::date AS day, (aside->>'tokens')::bigint AS tokens,
         (aside->>'micros')::bigint AS micros, 1 AS calls, 0 AS runs, -(aside->>'tokens')::bigint AS reserved_tokens,
         -(aside->>'micros')::bigint AS reserved_micros
       FROM lost
     ) ${addSpending("rows")}`,
    [runId],
  );
}

export const NOTHING_SPENT: Spent = { tokens: 0, micros: 0, runs: 0, reservedTokens: 0, reservedMicros: 0 };

function spendingOf(rows: SpendingRow[]): Spending {
  const pick = (isAgent: boolean, total: boolean) => {
    const row = rows.find((candidate) => candidate.scope.startsWith("agent:") === isAgent && candidate.total === total);
    return row === undefined ? NOTHING_SPENT : spentOf(row);
  };
  return {
    workspace: { day: pick(false, false), total: pick(false, true) },
    agent: { day: pick(true, false), total: pick(true, true) },
  };
}

function spentOf(row: SpendingRow): Spent {
  return {
    tokens: Number(row.tokens),
    micros: Number(row.micros),
    runs: Number(row.runs),
    reservedTokens: Number(row.reserved_tokens),
    reservedMicros: Number(row.reserved_micros),
  };
}
