import type { CapUse, Usage, UsageQuery, UsageReport } from "@bureau/protocol";
import { type CapLimit, type Caps, capsFor, NO_CAPS } from "../domain/caps.ts";
import type { Queryable } from "../store/database.ts";
import { findAgent, findGoal } from "./lookup.ts";
import { NOTHING_SPENT, readSpending } from "../store/spending.ts";

const MAX_ROWS = 500;
/** A year of days for some ten rows: the newest days, where there are more. */
const MAX_DAY_ROWS = 4_000;
const MAX_GOAL_DEPTH = 32;

interface DayRow {
  day: string;
  key: string;
  tokens: number;
  micros: number;
}

interface UsageRow {
  key: string | null;
  label: string | null;
  tokens: string;
  input_tokens: string;
  cached_tokens: string;
  output_tokens: string;
  micros: string;
  turns: string;
  model_calls: string;
  tool_calls: string;
  active_ms: string;
}

/** Where the steps of each group come from: its key and its name, over the rows of `used`. */
const GROUPS: Record<UsageQuery["by"], { key: string; label: string; from: string }> = {
  // A goal counts what the goals below it used, so rows overlap; the total does not.
  goal: {
    key: "above.id",
    label: "COALESCE(max(g.spec->>'title'), 'Without a goal')",
    from: `used u LEFT JOIN above ON above.below = u.goal_id LEFT JOIN goals g ON g.id = above.id`,
  },
  agent: { key: "u.agent_id", label: "max(a.name)", from: "used u JOIN agents a ON a.id = u.agent_id" },
  day: { key: "u.day", label: "u.day", from: "used u" },
};

const SUMS = `
  COALESCE(sum(u.tokens), 0) AS tokens, COALESCE(sum(u.input_tokens), 0) AS input_tokens,
  COALESCE(sum(u.cached_tokens), 0) AS cached_tokens, COALESCE(sum(u.output_tokens), 0) AS output_tokens,
  COALESCE(sum(u.micros), 0) AS micros, count(DISTINCT (u.run_id, u.turn)) AS turns,
  count(*) FILTER (WHERE u.kind = 'model_call') AS model_calls,
  count(*) FILTER (WHERE u.kind = 'tool_call') AS tool_calls, COALESCE(sum(u.active_ms), 0) AS active_ms`;

/** Sums over the steps that are kept, by goal with the goals below it, by agent, or by day in UTC. */
export async function usage(database: Queryable, query: UsageQuery): Promise<Omit<UsageReport, "caps">> {
  const { key, label, from } = GROUPS[query.by];
  const [agent, goal] = await Promise.all([
    query.agent === undefined ? null : findAgent(database, query.agent),
    query.goal === undefined ? null : findGoal(database, query.goal),
  ]);
  const { rows } = await database.query<UsageRow & { is_total: boolean; days: DayRow[] | null }>({
    name: `usage_by_${query.by}`,
    text: `
      WITH RECURSIVE above AS (
        SELECT id, id AS below, parent_id, 0 AS depth FROM goals
        UNION ALL
        SELECT g.id, above.below, g.parent_id, above.depth + 1
        FROM above JOIN goals g ON g.id = above.parent_id WHERE above.depth < ${MAX_GOAL_DEPTH}
      ), used AS (
        SELECT COALESCE(r.goal_id, t.goal_id) AS goal_id, r.agent_id, s.run_id, s.turn, s.kind,
          to_char(s.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day,
          COALESCE((s.usage->>'tokens')::bigint, (s.usage->>'inputTokens')::bigint
            - (s.usage->>'cachedInputTokens')::bigint + (s.usage->>'outputTokens')::bigint) AS tokens,
          (s.usage->>'inputTokens')::bigint AS input_tokens, (s.usage->>'cachedInputTokens')::bigint AS cached_tokens,
          (s.usage->>'outputTokens')::bigint AS output_tokens, (s.usage->>'micros')::bigint AS micros,
          (EXTRACT(EPOCH FROM s.ended_at - s.started_at) * 1000)::bigint AS active_ms
        FROM steps s JOIN runs r ON r.id = s.run_id LEFT JOIN tasks t ON t.id = r.task_id
        WHERE ($1::date IS NULL OR s.started_at >= $1::date::timestamp AT TIME ZONE 'UTC')
          AND ($2::date IS NULL OR s.started_at < ($2::date + 1)::timestamp AT TIME ZONE 'UTC')
          AND ($3::text IS NULL OR r.agent_id = $3)
          AND ($4::text IS NULL OR COALESCE(r.goal_id, t.goal_id) IN (SELECT below FROM above WHERE id = $4))
      ), grouped AS (
        SELECT ${key} AS key, ${label} AS label, ${SUMS} FROM ${from} GROUP BY ${key}
        ORDER BY ${query.by === "day" ? "1 DESC" : "tokens DESC, 1"} LIMIT ${MAX_ROWS}
      ), series AS (
        SELECT u.day, ${key} AS key, sum(u.tokens) AS tokens, sum(u.micros) AS micros FROM ${from}
        WHERE $5 AND COALESCE(${key}, 'none') IN (SELECT COALESCE(key, 'none') FROM grouped)
        GROUP BY u.day, ${key} ORDER BY u.day DESC, ${key} LIMIT ${MAX_DAY_ROWS}
      )
      SELECT true AS is_total, NULL AS key, NULL AS label, ${SUMS}, (SELECT jsonb_agg(jsonb_build_object('day', day,
        'key', COALESCE(key, 'none'), 'tokens', COALESCE(tokens, 0), 'micros', COALESCE(micros, 0)) ORDER BY day, key)
        FROM series) AS days FROM used u
      UNION ALL SELECT false, grouped.*, NULL FROM grouped`,
    values: [query.since ?? null, query.until ?? null, agent?.id ?? null, goal?.id ?? null, query.series === "day"],
  });
  const total = rows.find((row) => row.is_total)!;
  const groups = rows.filter((row) => !row.is_total);
  return {
    rows: groups.map((row) => ({ key: row.key ?? "none", label: row.label ?? "Without a goal", usage: usageOf(row) })),
    total: usageOf(total),
    days: total.days ?? [],
  };
}

function usageOf(row: UsageRow): Usage {
  return {
    tokens: Number(row.tokens),
    inputTokens: Number(row.input_tokens),
    cachedInputTokens: Number(row.cached_tokens),
    outputTokens: Number(row.output_tokens),
    micros: Number(row.micros),
    turns: Number(row.turns),
    modelCalls: Number(row.model_calls),
    toolCalls: Number(row.tool_calls),
    activeMs: Number(row.active_ms),
  };
}

/** What is left today, and in all, under each cap that there is. */
export async function capUse(database: Queryable, caps: Caps, day: string): Promise<CapUse[]> {
  const names = Object.keys(caps.agents);
  const [spending, { rows: agents }] = await Promise.all([
    readSpending(database, day),
    database.query<{ id: string; name: string }>("SELECT id, name FROM agents WHERE name = ANY($1)", [names]),
  ]);
  const scopeOf = (name: string) => `agent:${agents.find((agent) => agent.name === name)?.id ?? ""}`;
  // Those of the workspace hold for every agent: they are told once, before those of any.
  const scopes = [
    ...capsFor({ ...caps, agents: {} }, ""),
    ...names.flatMap((name) => capsFor({ ...NO_CAPS, agents: caps.agents }, name)),
  ];
  return scopes.flatMap(({ of, name, period, caps: amounts }) => {
    const spent = spending.get(of === "workspace" ? "workspace" : scopeOf(name))?.[period] ?? NOTHING_SPENT;
    const reserved: Record<CapLimit, number> = { tokens: spent.reservedTokens, micros: spent.reservedMicros, runs: 0 };
    return (["tokens", "micros", "runs"] as const).flatMap((limit) => {
      const cap = amounts[limit];
      if (cap === undefined) return [];
      const left = Math.max(0, cap - spent[limit] - reserved[limit]);
      const scope = of === "workspace" ? "workspace" : name;
      return [{ scope, of, period, limit, cap, spent: spent[limit], reserved: reserved[limit], left }];
    });
  });
}
