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

/**
 * Appends events in the caller's transaction, which must be the one that makes the change.
 *
 * Takes the counter's row lock until commit, so call it last: sequence numbers then follow commit order and
 * leave no gap that could be filled later. Listeners wake when the transaction commits.
 */
export async function appendEvents(transaction: Queryable, events: NewEvent[]): Promise<void> {
  if (events.length === 0) return;
  await transaction.query({
    name: "append_events",
    text: `
      WITH counter AS (
        UPDATE event_counter SET last_seq = last_seq + $1::int RETURNING last_seq - $1::int AS base
      ), added AS (
        INSERT INTO events (seq, type, at, thread_id, run_id, goal_id, data)
        SELECT base + e.ordinality, e.value->>'type', now(), e.value->>'threadId', e.value->>'runId',
               e.value->>'goalId', e.value->'data'
        FROM counter, jsonb_array_elements($2::jsonb) WITH ORDINALITY AS e
        RETURNING seq
      )
      SELECT pg_notify('${NOTIFY_CHANNEL}', 'events') FROM counter`,
    values: [events.length, JSON.stringify(events)],
  });
}

const EVENT_COLUMNS = `
  e.seq::text AS seq, e.type, e.at, e.thread_id, e.run_id, e.goal_id,
  CASE WHEN i.id IS NULL THEN e.data ELSE e.data || jsonb_build_object('item', jsonb_build_object(
    'id', i.id, 'threadId', i.thread_id, 'runId', i.run_id, 'stepId', i.step_id, 'position', i.position,
    'turn', i.turn, 'content', i.content, 'createdAt', i.created_at)) END AS data`;

/** Events after a sequence number, oldest first, at most `limit`. */
export async function eventsAfter(database: Queryable, after: number, limit: number): Promise<BureauEvent[]> {
  const { rows } = await database.query({
    name: "events_after",
    text: `SELECT ${EVENT_COLUMNS} FROM events e
           LEFT JOIN items i ON e.type = 'item.added' AND i.id = e.data->>'itemId'
           WHERE e.seq > $1 ORDER BY e.seq LIMIT $2`,
    values: [after, limit],
  });
  return rows.map((row) => ({
    seq: Number(row.seq),
    type: row.type,
    at: (row.at as Date).toISOString(),
    threadId: row.thread_id,
    runId: row.run_id,
    goalId: row.goal_id,
    data: row.data,
  }));
}

export async function lastSequence(database: Queryable): Promise<number> {
  const { rows } = await database.query("SELECT last_seq::text AS seq FROM event_counter");
  return Number(rows[0]?.seq ?? 0);
}
