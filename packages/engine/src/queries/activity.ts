import type { ActivityEntry, ActivityList, EventType, ListActivity } from "@bureau/protocol";
import { tellEvent, type ToldEvent, typesOf } from "../domain/activity.ts";
import type { Queryable } from "../store/database.ts";
import { lastSequence } from "../store/events.ts";
import { findAgent, findGoal } from "./lookup.ts";

/** Events that one call looks at: what it tells of may lie far apart among steps and messages. */
const MAX_SCANNED = 20_000;
const MAX_CHARACTERS = 1_000;

interface ToldRow {
  seq: string;
  type: EventType;
  at: Date;
  data: Record<string, unknown>;
  agent_id: string | null;
  agent_name: string | null;
  goal_id: string | null;
  goal_title: string | null;
  thread_title: string | null;
  run_id: string | null;
  thread_id: string | null;
  entry: ToldEvent["entry"];
  effect: ToldEvent["effect"];
}

const cut = (sql: string) => `left(${sql}, ${MAX_CHARACTERS})`;

/** Events by which something comes to an end, or begins, and not those that only count. */
const IS_TOLD = `
  (e.type <> 'goal.updated' OR e.data->'goal'->>'status' IN ('done', 'abandoned', 'blocked', 'paused'))
  AND (e.type NOT LIKE 'tool_call.%' OR f.id IS NOT NULL)`;

/** What is shown of an event's data: an entry's details and a call's arguments may be long. */
const DATA = `jsonb_strip_nulls(jsonb_build_object(
  'agent', e.data->'agent', 'person', e.data->'person', 'task', e.data->'task', 'rule', e.data->'rule', 'change', e.data->'change',
  'artifact', jsonb_build_object('id', e.data->'artifact'->'id', 'status', e.data->'artifact'->'status', 'title', ${cut("e.data->'artifact'->>'title'")}),
  'artifactVersion', jsonb_build_object('number', e.data->'artifactVersion'->'number', 'origin', e.data->'artifactVersion'->'origin'),
  'comment', jsonb_build_object('by', e.data->'comment'->'by', 'resolvedBy', e.data->'comment'->'resolvedBy'), 'halted', e.data->'halted',
  'goal', jsonb_build_object('id', e.data->'goal'->'id', 'status', e.data->'goal'->'status', 'title', ${cut("e.data->'goal'->>'title'")}, 'sentence', ${cut("e.data->'goal'->>'sentence'")}),
  'run', jsonb_build_object('sentence', ${cut("e.data->'run'->>'sentence'")}),
  'effect', jsonb_build_object('id', e.data->'effect'->'id', 'status', e.data->'effect'->'status'),
  'entry', jsonb_build_object('id', e.data->'entry'->'id', 'status', e.data->'entry'->'status', 'title', ${cut("e.data->'entry'->>'title'")},
    'answer', ${cut("e.data->'entry'->>'answer'")}, 'decidedBy', e.data->'entry'->'decidedBy', 'assignee', e.data->'entry'->'assignee')))`;

/** What happened, newest first, in sentences. Names are those of now; what happened is what the events say. */
export async function listActivity(database: Queryable, query: ListActivity): Promise<ActivityList> {
  const [agent, goal, last] = await Promise.all([
    query.agent === undefined ? null : findAgent(database, query.agent),
    query.goal === undefined ? null : findGoal(database, query.goal),
    lastSequence(database),
  ]);
  const before = Math.min(query.before ?? last + 1, last + 1);
  const from = Math.max(1, before - MAX_SCANNED);
  const { rows } = await database.query<ToldRow>({
    name: "list_activity",
    text: `
      SELECT e.seq::text AS seq, e.type, e.at, ${DATA} AS data, e.run_id, e.thread_id, g.id AS goal_id,
        g.spec->>'title' AS goal_title, h.title AS thread_title, a.id AS agent_id, a.name AS agent_name,
        CASE WHEN n.id IS NULL THEN NULL ELSE jsonb_build_object('id', n.id, 'title', ${cut("n.title")},
          'decidedBy', n.decided_by, 'answer', ${cut("n.answer")}) END AS entry,
        CASE WHEN f.id IS NULL THEN NULL ELSE jsonb_build_object('id', f.id, 'title', ${cut("f.title")},
          'approvedBy', f.approved_by, 'error', ${cut("f.error")}) END AS effect
      FROM events e
        LEFT JOIN runs r ON r.id = e.run_id
        LEFT JOIN threads h ON h.id = e.thread_id
        LEFT JOIN goals g ON g.id = coalesce(e.goal_id, r.goal_id, h.goal_id, e.data->'goal'->>'id', e.data->'entry'->>'goalId')
        LEFT JOIN agents a ON a.id = coalesce(r.agent_id, g.agent_id, h.agent_id, e.data->'agent'->>'id', e.data->'entry'->>'agentId')
        LEFT JOIN inbox n ON n.id = e.data->'entry'->>'id'
        LEFT JOIN LATERAL (SELECT * FROM effects x WHERE x.id = e.data->'effect'->>'id'
          OR x.tool_call_id = e.data->'toolCall'->>'id' LIMIT 1) f ON true
      WHERE e.seq < $1 AND e.seq >= $2 AND e.type = ANY($3) AND ($4::text IS NULL OR a.id = $4)
        AND ($5::text IS NULL OR g.id = $5) AND ${IS_TOLD}
      ORDER BY e.seq DESC LIMIT $6`,
    values: [before, from, typesOf(query.kind ?? null), agent?.id ?? null, goal?.id ?? null, query.limit],
  });
  const isFull = rows.length === query.limit;
  const reached = isFull ? Number(rows.at(-1)!.seq) : from;
  return { entries: withoutRepeats(rows), nextBefore: reached <= 1 ? null : reached };
}

/** A goal may be changed while it is paused: that it is so was told. */
function withoutRepeats(rows: readonly ToldRow[]): ActivityEntry[] {
  const told = rows.flatMap((row) => {
    const entry = entryFrom(row);
    return entry === null ? [] : [entry];
  });
  return told.filter((entry, index) => {
    const older = told[index + 1];
    return entry.type !== "goal.updated" || older?.goalId !== entry.goalId || older.sentence !== entry.sentence;
  });
}

function entryFrom(row: ToldRow): ActivityEntry | null {
  const told = tellEvent({
    type: row.type,
    data: row.data,
    agentName: row.agent_name,
    goalTitle: row.goal_title,
    threadTitle: row.thread_title,
    entry: row.entry,
    effect: row.effect,
  });
  if (told === null) return null;
  return {
    ...told,
    seq: Number(row.seq),
    at: row.at.toISOString(),
    type: row.type,
    agentId: row.agent_id,
    agentName: row.agent_name,
    goalId: row.goal_id,
    goalTitle: row.goal_title,
    runId: row.run_id,
    threadId: row.thread_id,
  };
}
