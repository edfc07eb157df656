import { type EventHistory, type EventHistoryQuery, TERMINAL_RUN_STATUSES } from "@bureau/protocol";
import type { Queryable } from "../store/database.ts";
import { EVENT_COLUMNS, eventFromRow, type EventRow, lastSequence } from "../store/events.ts";
import { findGoal, findRun, findThread } from "./lookup.ts";

/** Events that one call looks at; those of one run may lie far apart among others. */
const MAX_SCANNED = 20_000;
/** Halvings in which any event is found by its time. */
const MAX_HALVINGS = 60;
/** Events are in the order of their changes, and their times nearly so. */
const MARGIN_MS = 60_000;

interface Wanted {
  runId: string | null;
  threadId: string | null;
  goalId: string | null;
  /** Nothing of it was told before, or after, these moments. */
  from: Date | null;
  to: Date | null;
}

/**
 * Stored events of one run, thread or goal after a sequence number, as they were told.
 *
 * Looks at a bounded number of events, so a part may be short, or empty, while there is more: `nextAfter` tells.
 */
export async function eventHistory(database: Queryable, query: EventHistoryQuery): Promise<EventHistory> {
  const wanted = await wantedBy(database, query);
  const last = await lastSequence(database);
  const begin = wanted.from === null ? 0 : await sequenceAt(database, new Date(wanted.from.getTime() - MARGIN_MS));
  const after = Math.max(query.after, begin - 1);
  const until = Math.min(last, after + MAX_SCANNED);
  const { rows } = await database.query<EventRow>({
    name: "event_history",
    text: `SELECT ${EVENT_COLUMNS} FROM events e
           LEFT JOIN items i ON e.type = 'item.added' AND i.id = e.data->>'itemId'
           WHERE e.seq > $1 AND e.seq <= $2 AND ($3::text IS NULL OR e.run_id = $3)
             AND ($4::text IS NULL OR e.thread_id = $4)
             AND ($5::text IS NULL OR e.goal_id = $5 OR e.thread_id IN (SELECT thread_id FROM runs WHERE goal_id = $5))
           ORDER BY e.seq LIMIT $6`,
    values: [after, until, wanted.runId, wanted.threadId, wanted.goalId, query.limit + 1],
  });
  const events = rows.slice(0, query.limit).map(eventFromRow);
  const isCut = rows.length > query.limit;
  const isOver = !isCut && (until >= last || (wanted.to !== null && (await isAfter(database, until, wanted.to))));
  const reached = isCut ? (events.at(-1)?.seq ?? until) : until;
  return { events, nextAfter: isOver ? null : reached };
}

async function wantedBy(database: Queryable, query: EventHistoryQuery): Promise<Wanted> {
  const [run, thread, goal] = await Promise.all([
    query.run === undefined ? null : findRun(database, query.run),
    query.thread === undefined ? null : findThread(database, query.thread),
    query.goal === undefined ? null : findGoal(database, query.goal),
  ]);
  const starts = [run, thread, goal].flatMap((each) => (each === null ? [] : [each.created_at.getTime()]));
  const isOver = run !== null && TERMINAL_RUN_STATUSES.includes(run.status);
  return {
    runId: run?.id ?? null,
    threadId: thread?.id ?? null,
    goalId: goal?.id ?? null,
    from: starts.length === 0 ? null : new Date(Math.max(...starts)),
    to: isOver ? run.ended_at : null,
  };
}

/** About the first event at or after a moment, found by halving: events have no index by time. */
async function sequenceAt(database: Queryable, at: Date): Promise<number> {
  const { rows } = await database.query<{ seq: number }>({
    name: "sequence_at",
    text: `
      WITH RECURSIVE halving AS (
        SELECT coalesce(min(seq), 0) AS low, coalesce(max(seq), 0) AS high, 0 AS round FROM events WHERE seq IS NOT NULL
        UNION ALL
        SELECT CASE WHEN found.at < $1 THEN middle + 1 ELSE low END, CASE WHEN found.at < $1 THEN high ELSE middle END, round + 1
        FROM halving, LATERAL (SELECT (low + high) / 2 AS middle) m,
          LATERAL (SELECT e.at FROM events e WHERE e.seq >= middle ORDER BY e.seq LIMIT 1) found
        WHERE low < high AND round < ${MAX_HALVINGS}
      )
      SELECT low AS seq FROM halving ORDER BY round DESC LIMIT 1`,
    values: [at],
  });
  return Number(rows[0]?.seq ?? 0);
}

async function isAfter(database: Queryable, seq: number, end: Date): Promise<boolean> {
  const { rows } = await database.query<{ at: Date }>({
    name: "event_time",
    text: "SELECT at FROM events WHERE seq <= $1 ORDER BY seq DESC LIMIT 1",
    values: [seq],
  });
  return (rows[0]?.at.getTime() ?? 0) > end.getTime() + MARGIN_MS;
}
