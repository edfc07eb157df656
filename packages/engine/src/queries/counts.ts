import type { Counts } from "@bureau/protocol";
import type { Queryable } from "../store/database.ts";

/** How much there is of what a person looks after, in one query. */
export async function countAll(database: Queryable): Promise<Counts> {
  const { rows } = await database.query<Record<keyof Counts, number>>({
    name: "count_all",
    text: `
      WITH open_runs AS (
        SELECT status, count(*)::int AS count FROM runs WHERE status IN ('queued', 'running', 'waiting') GROUP BY status
      ), open_goals AS (
        SELECT status, count(*)::int AS count FROM goals WHERE status NOT IN ('done', 'abandoned') GROUP BY status
      )
      SELECT (SELECT count(*)::int FROM agents) AS agents,
             (SELECT COALESCE(sum(count), 0)::int FROM open_goals WHERE status IN ('active', 'waiting')) AS "goalsActive",
             (SELECT COALESCE(sum(count), 0)::int FROM open_goals WHERE status = 'blocked') AS "goalsBlocked",
             (SELECT COALESCE(sum(count), 0)::int FROM open_runs WHERE status = 'queued') AS "runsQueued",
             (SELECT COALESCE(sum(count), 0)::int FROM open_runs WHERE status = 'running') AS "runsRunning",
             (SELECT COALESCE(sum(count), 0)::int FROM open_runs WHERE status = 'waiting') AS "runsWaiting",
             (SELECT count(*)::int FROM inbox WHERE status = 'pending') AS "inboxPending"`,
  });
  return rows[0]!;
}
