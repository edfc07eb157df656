import { newId, type Item, type ItemContent, type RunId, type ThreadId } from "@bureau/protocol";
import { isConnectionError, type Queryable } from "../store/database.ts";
import { appendEvents, NOTIFY_CHANNEL, type NewEvent } from "../store/events.ts";
import type { CommandParts } from "./parts.ts";

/** Times a transaction is tried when the database ends it for a deadlock or a serialization failure. */
const MAX_ATTEMPTS = 4;
const RETRIED_SQL_STATES = new Set(["40P01", "40001"]);

/** What a transaction of a command stands on. */
export type ChangeParts = Pick<CommandParts, "database" | "clock" | "dispatcher" | "signals" | "onEvents">;

/** One command's transaction, with the events and signals that belong to it. */
export interface Change {
  readonly transaction: Queryable;
  /** The moment of the change; every row and event of it carries this time. */
  readonly now: Date;
  addEvent(event: NewEvent): void;
  /** Has whichever process drives the run look up, once this is committed. */
  interrupt(runId: string): void;
  enqueue(...runs: { id: string; dispatch: number; priority: number }[]): Promise<void>;
  /** Undoes something outside the database when the transaction fails. */
  onRollback(undo: () => Promise<void>): void;
  /** Clears away, once this is committed, what only an undo would have needed. */
  onCommit(tidy: () => Promise<void>): void;
}

/**
 * Runs one command in one transaction.
 *
 * Events are appended last, so that they follow what they tell. Locks are taken in the order
 * agents, runs, goals, everything else: the journal takes runs before goals too. `work` may run more than once and must only touch its transaction.
 */
export async function change<T>(parts: ChangeParts, work: (change: Change) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const outside: Outside = { undo: [], committing: false };
    try {
      return await attemptChange(parts, work, outside);
    } catch (error) {
      // A commit whose answer was lost may have been made: what it speaks of must then be there.
      if (!(outside.committing && isConnectionError(error))) {
        for (const step of outside.undo.toReversed()) await step();
      }
      if (attempt >= MAX_ATTEMPTS || !RETRIED_SQL_STATES.has(sqlState(error))) throw error;
    }
  }
}

/** What a change did outside the database, and how far it came. */
interface Outside {
  undo: (() => Promise<void>)[];
  committing: boolean;
}

/** What an open transaction of somebody else's still owes once it is committed. */
export type AfterCommit = () => void;

/**
 * Makes a change within a transaction that is already open, which must append no events of its own afterwards.
 * The caller calls what this returns once it has committed.
 */
export async function changeWithin(
  parts: ChangeParts,
  transaction: Queryable,
  work: (change: Change) => Promise<void>,
): Promise<AfterCommit> {
  const pending = openChange(parts, transaction, []);
  await work(pending.change);
  await pending.seal();
  return () => void pending.afterCommit();
}

async function attemptChange<T>(
  parts: ChangeParts,
  work: (change: Change) => Promise<T>,
  outside: Outside,
): Promise<T> {
  let afterCommit: PendingChange["afterCommit"] = async () => undefined;
  const result = await parts.database.transaction(async (transaction) => {
    const pending = openChange(parts, transaction, outside.undo);
    const outcome = await work(pending.change);
    await pending.seal();
    afterCommit = pending.afterCommit;
    outside.committing = true;
    return outcome;
  });
  await afterCommit();
  return result;
}

interface PendingChange {
  change: Change;
  /** Appends the events and tells other processes. Comes last in the transaction. */
  seal(): Promise<void>;
  afterCommit(): Promise<void>;
}

function openChange(parts: ChangeParts, transaction: Queryable, undo: (() => Promise<void>)[]): PendingChange {
  const events: NewEvent[] = [];
  const interrupted = new Set<string>();
  const tidying: (() => Promise<void>)[] = [];
  let enqueued = false;
  return {
    change: {
      transaction,
      now: new Date(parts.clock.now()),
      addEvent: (event) => void events.push(event),
      interrupt: (runId) => void interrupted.add(runId),
      enqueue: async (...runs) => {
        enqueued = true;
        const handed = runs.map(({ id, dispatch, priority }) => ({ id, dispatch, priority }));
        await parts.dispatcher.enqueue(transaction, ...handed);
      },
      onRollback: (step) => void undo.push(step),
      onCommit: (step) => void tidying.push(step),
    },
    seal: async () => {
      if (interrupted.size > 0) {
        await transaction.query(`SELECT pg_notify('${NOTIFY_CHANNEL}', 'run:' || id) FROM unnest($1::text[]) AS id`, [
          [...interrupted],
        ]);
      }
      await appendEvents(transaction, events);
    },
    afterCommit: async () => {
      for (const runId of interrupted) parts.signals.interrupt(runId);
      if (enqueued) parts.dispatcher.kick();
      parts.onEvents?.(events);
      for (const step of tidying) await step();
    },
  };
}

/** The five characters by which PostgreSQL names an error; empty for any other error. */
export function sqlState(error: unknown): string {
  const code = error instanceof Error ? (error as Error & { code?: unknown }).code : undefined;
  return typeof code === "string" ? code : "";
}

export interface NewItem {
  content: ItemContent;
  runId: RunId | null;
  turn: number;
}

/** Appends items to a thread, without gaps in their positions. Takes the thread's lock until commit. */
export async function addItems(change: Change, threadId: ThreadId, items: NewItem[]): Promise<Item["id"][]> {
  if (items.length === 0) return [];
  const rows = items.map((item) => ({ id: newId("item"), ...item }));
  await change.transaction.query({
    name: "add_items",
    text: `
      WITH thread AS (
        UPDATE threads SET item_count = item_count + $2::int, updated_at = $4 WHERE id = $1
        RETURNING item_count - $2::int AS base
      )
      INSERT INTO items (id, thread_id, run_id, position, turn, type, content, created_at)
      SELECT e.value->>'id', $1, e.value->>'runId', base + e.ordinality, (e.value->>'turn')::int,
             e.value->'content'->>'type', e.value->'content', $4
      FROM thread, jsonb_array_elements($3::jsonb) WITH ORDINALITY AS e`,
    values: [threadId, rows.length, JSON.stringify(rows), change.now],
  });
  for (const row of rows) {
    change.addEvent({ type: "item.added", threadId, runId: row.runId, data: { itemId: row.id } });
  }
  return rows.map((row) => row.id);
}
