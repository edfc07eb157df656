import type { BureauEvent, EventType } from "@bureau/protocol";
import type { Queryable } from "./database.ts";

/** A fact on its way into the store; its sequence number is given there. */
export interface NewEvent {
  type: EventType;
  threadId?: string | null;
  runId?: string | null;
  goalId?: string | null;
  /** For `item.added` only `{ itemId }`: the content is joined when events are read. */
  data: Record<string, unknown>;
}

/** Channel on which a process tells the others that events were committed or that a run must look up. */
export const NOTIFY_CHANNEL = "bureau";
/** What is said there when somebody begins or ceases to be pushed to. */
export const PUSH_SIGNAL = "push";

/** Serialises the numbering of events over all processes. */
const NUMBERING_LOCK = 0x62757265_6576;
const NUMBERING_BATCH = 5_000;
/** After more than these one more look is taken, which clears the index while its pages are at hand. */
const FEW_EVENTS = 500;
const MAX_NUMBERING_BATCHES = 10_000;

/**
 * Appends events in the caller's transaction, which must be the one that makes the change.
 *
 * They get their sequence numbers when they are first read, not here: a counter would make every transaction wait
 * for the one before it to reach the disk.
 */
export async function appendEvents(transaction: Queryable, events: NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  await transaction.query({
    name: "append_events",
    text: `
      INSERT INTO events (type, at, thread_id, run_id, goal_id, data)
      SELECT e.value->>'type', now(), e.value->>'threadId', e.value->>'runId', e.value->>'goalId', e.value->'data'
      FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS e ORDER BY e.ordinality`,
    values: [JSON.stringify(events)],
  });
}

/**
 * Gives sequence numbers to all events that are committed and have none, in the order they were written.
 *
 * A change that follows another one waits for its rows, so what follows is always numbered later. The numbers are
 * on disk before this resolves, without gaps, and never given again.
 */
export async function numberEvents(database: Queryable): Promise<void> {
  for (let batch = 0; batch < MAX_NUMBERING_BATCHES; batch += 1) {
    // In order, so that it walks the index: a walk takes the entries of numbered events out, which other scans leave.
    const { rows } = await database.query({
      name: "events_pending",
      text: "SELECT count(*)::int AS count FROM (SELECT 1 FROM events WHERE seq IS NULL ORDER BY id LIMIT $1) e",
      values: [NUMBERING_BATCH],
    });
    if (rows[0]?.count === 0) return;
    // One round trip of several statements: each sees what was committed before it, so also what the lock waited for.
    await database.query(NUMBER_EVENTS);
    if ((rows[0]?.count ?? 0) < FEW_EVENTS) return;
  }
}

const NUMBER_EVENTS = `
BEGIN;
SELECT pg_advisory_xact_lock(${NUMBERING_LOCK});
WITH pending AS MATERIALIZED (
  SELECT id, row_number() OVER (ORDER BY id) AS place
  FROM (SELECT id FROM events WHERE seq IS NULL ORDER BY id LIMIT ${NUMBERING_BATCH}) e
), counter AS (
  UPDATE event_counter SET last_seq = last_seq + (SELECT count(*) FROM pending)
  RETURNING last_seq - (SELECT count(*) FROM pending) AS base
)
UPDATE events e SET seq = c.base + p.place FROM pending p, counter c WHERE e.id = p.id;
COMMIT`;

/** `to_char` pattern of ISO 8601 UTC text, as JavaScript writes it. */
export const ISO_TIME = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"';

export const EVENT_COLUMNS = `
  e.seq::text AS seq, e.type, e.at, e.thread_id, e.run_id, e.goal_id,
  CASE WHEN i.id IS NULL THEN e.data ELSE e.data || jsonb_build_object('item', jsonb_build_object(
    'id', i.id, 'threadId', i.thread_id, 'runId', i.run_id, 'stepId', i.step_id, 'position', i.position,
    'turn', i.turn, 'content', i.content,
    'createdAt', to_char(i.created_at AT TIME ZONE 'UTC', '${ISO_TIME}'))) END AS data`;

/** Events after a sequence number, oldest first, at most `limit`. Everything committed before the call is in reach. */
export async function eventsAfter(database: Queryable, after: number, limit: number): Promise<BureauEvent[]> {
  await numberEvents(database);
  const { rows } = await database.query<EventRow>({
    name: "events_after",
    text: `SELECT ${EVENT_COLUMNS} FROM events e
           LEFT JOIN items i ON e.type = 'item.added' AND i.id = e.data->>'itemId'
           WHERE e.seq > $1 ORDER BY e.seq LIMIT $2`,
    values: [after, limit],
  });
  return rows.map(eventFromRow);
}

export interface EventRow {
  seq: string;
  type: EventType;
  at: Date;
  thread_id: string | null;
  run_id: string | null;
  goal_id: string | null;
  data: Record<string, unknown>;
}

export function eventFromRow(row: EventRow): BureauEvent {
  return {
    seq: Number(row.seq),
    type: row.type,
    at: row.at.toISOString(),
    threadId: row.thread_id,
    runId: row.run_id,
    goalId: row.goal_id,
    data: row.data,
  };
}

/** The number of the newest event that is committed. */
export async function lastSequence(database: Queryable): Promise<number> {
  await numberEvents(database);
  const { rows } = await database.query("SELECT last_seq::text AS seq FROM event_counter");
  return Number(rows[0]?.seq ?? 0);
}
