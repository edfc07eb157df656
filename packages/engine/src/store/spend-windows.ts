import type { SpendWindow } from "../domain/spend-rate.ts";
import type { Queryable } from "./database.ts";

/** Whose spending is watched. */
export interface WatchedScope {
  of: "run" | "agent" | "workspace";
  /** Of the run or the agent. */
  id: string;
}

const CONDITIONS: Record<WatchedScope["of"], string> = {
  run: "r.id = $1",
  agent: "r.agent_id = $1",
  workspace: "$1::text IS NOT NULL",
};
const MAX_WINDOWS = 1_000;

/** What model calls of a scope used, by stretches of `lengthMs` counted from 1970, since a moment. */
export async function spendWindows(
  database: Queryable,
  scope: WatchedScope,
  since: { ms: number; lengthMs: number },
): Promise<Map<number, SpendWindow>> {
  const { rows } = await database.query<{ place: number; tokens: number; micros: number }>({
    name: `spend_windows_${scope.of}`,
    text: `SELECT floor(extract(epoch FROM s.ended_at) * 1000 / $3)::bigint AS place,
             sum(COALESCE((s.usage->>'tokens')::bigint, 0))::bigint AS tokens,
             sum(COALESCE((s.usage->>'micros')::bigint, 0))::bigint AS micros
           FROM runs r JOIN steps s ON s.run_id = r.id
           WHERE ${CONDITIONS[scope.of]} AND (r.created_at >= $2 OR r.status IN ('queued', 'running', 'waiting'))
             AND s.usage IS NOT NULL AND s.ended_at >= $2
           GROUP BY 1 ORDER BY 1 LIMIT ${MAX_WINDOWS}`,
    values: [scope.id, new Date(since.ms), since.lengthMs],
  });
  return new Map(rows.map((row) => [Number(row.place), { tokens: Number(row.tokens), micros: Number(row.micros) }]));
}
