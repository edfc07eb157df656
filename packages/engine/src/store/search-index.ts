import { SEARCH_KINDS, type SearchIndex, type SearchKind } from "@bureau/protocol";
import type { Clock } from "../clock.ts";
import { tsVector } from "../domain/search-words.ts";
import type { OpenedDatabase, Queryable } from "./database.ts";
import { lastSequence } from "./events.ts";
import { readSource, SEARCH_SOURCES } from "./search-sources.ts";

/** Rows that one transaction reads and writes. */
const BATCH_ROWS = 1_000;
/** Events that one transaction looks at. */
const BATCH_EVENTS = 2_000;
/** A search goes on to catch up for so long, and for so many batches; the next one goes on from there. */
const MAX_CATCH_UP_MS = 400;
const MAX_BATCHES = 50;
/** Only one process reads on at a time. Any number will do, as long as it never changes. */
export const CATCH_UP_LOCK = 0x62757265_7365;
const EVENTS = "events";

interface Progress {
  /** Null: nothing was made yet. */
  events: number | null;
  filled: Map<string, { position: string; done: boolean }>;
}

export interface CatchUpParts {
  database: OpenedDatabase;
  clock: Clock;
  /** Batches of one call, for tests that stop in the middle. */
  maxBatches?: number;
}

/**
 * Brings what search looks through up to date: first each kind from its rows, then what events say was changed.
 *
 * Work that is searched for writes nothing of this. Each batch is one transaction with the mark of how far it came,
 * so it can end anywhere and goes on from there; while another process is at it, this one leaves it to that.
 */
export async function catchUp({ database, clock, maxBatches = MAX_BATCHES }: CatchUpParts): Promise<SearchIndex> {
  const last = await lastSequence(database);
  const until = clock.now() + MAX_CATCH_UP_MS;
  let progress = await readProgress(database);
  for (let batch = 0; behindBy(progress, last) > 0 && batch < maxBatches && clock.now() <= until; batch += 1) {
    const isMore = await database.transaction((transaction) => nextBatch(transaction, last));
    progress = await readProgress(database);
    if (!isMore) break;
  }
  return await state(database, progress, last);
}

/** True when there may be more to do. False: it is done, or another process does it. */
async function nextBatch(transaction: Queryable, last: number): Promise<boolean> {
  const { rows } = await transaction.query<{ locked: boolean }>("SELECT pg_try_advisory_xact_lock($1) AS locked", [
    CATCH_UP_LOCK,
  ]);
  if (rows[0]?.locked !== true) return false;
  const progress = await readProgress(transaction);
  if (progress.events === null) {
    // Rows are read after this, so whatever changes them meanwhile is an event that comes later.
    await mark(transaction, EVENTS, String(last), true);
    return true;
  }
  const kind = SEARCH_KINDS.find((each) => progress.filled.get(each)?.done !== true);
  if (kind !== undefined) {
    await fill(transaction, kind, progress.filled.get(kind)?.position ?? "");
    return true;
  }
  if (progress.events >= last) return false;
  await follow(transaction, progress.events, Math.min(last, progress.events + BATCH_EVENTS));
  return true;
}

async function fill(transaction: Queryable, kind: SearchKind, after: string): Promise<void> {
  const { table } = SEARCH_SOURCES[kind];
  const { rows } = await transaction.query<{ id: string }>(
    `SELECT id FROM ${table} WHERE id > $1 ORDER BY id LIMIT ${BATCH_ROWS}`,
    [after],
  );
  await writeEntries(
    transaction,
    kind,
    rows.map((row) => row.id),
  );
  await mark(transaction, kind, rows.at(-1)?.id ?? after, rows.length < BATCH_ROWS);
}

async function follow(transaction: Queryable, after: number, to: number): Promise<void> {
  const columns = SEARCH_KINDS.map((kind) => `${SEARCH_SOURCES[kind].changedId} AS ${kind}`);
  const { rows } = await transaction.query<Record<SearchKind, string | null>>({
    name: "search_changes",
    text: `SELECT DISTINCT ${columns.join(", ")} FROM events e WHERE e.seq > $1 AND e.seq <= $2`,
    values: [after, to],
  });
  for (const kind of SEARCH_KINDS) {
    const ids = new Set(rows.map((row) => row[kind]).filter((id) => id !== null));
    await writeEntries(transaction, kind, [...ids]);
  }
  await mark(transaction, EVENTS, String(to), true);
}

interface SourceRow {
  id: string;
  at: Date;
  title: string;
  body: string;
  shown: string;
}

async function writeEntries(transaction: Queryable, kind: SearchKind, ids: readonly string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += BATCH_ROWS) {
    const { rows } = await transaction.query<SourceRow>({
      name: `search_read_${kind}`,
      text: readSource(SEARCH_SOURCES[kind], "x.id = ANY($1)"),
      values: [ids.slice(from, from + BATCH_ROWS)],
    });
    if (rows.length === 0) continue;
    const entries = rows.map(({ shown, ...row }) => ({
      ...row,
      title: shown === "" ? row.title : shown,
      words: tsVector(kind, row.title, row.body),
    }));
    await transaction.query({
      name: "search_write",
      text: `
        INSERT INTO search_entries AS s (id, kind, at, agent_id, goal_id, run_id, thread_id, position, title, body, words)
        SELECT id, $2, at, agent_id, goal_id, run_id, thread_id, position, title, body, words::tsvector
        FROM jsonb_to_recordset($1::jsonb) AS r(id text, at timestamptz, agent_id text, goal_id text, run_id text,
          thread_id text, position int, title text, body text, words text)
        ON CONFLICT (id) DO UPDATE SET at = excluded.at, goal_id = excluded.goal_id, thread_id = excluded.thread_id,
          title = excluded.title, body = excluded.body, words = excluded.words
        WHERE (s.title, s.body, s.goal_id, s.thread_id) IS DISTINCT FROM
          (excluded.title, excluded.body, excluded.goal_id, excluded.thread_id)`,
      values: [JSON.stringify(entries), kind],
    });
  }
}

async function mark(transaction: Queryable, name: string, position: string, done: boolean): Promise<void> {
  await transaction.query({
    name: "search_mark",
    text: `INSERT INTO search_progress (name, position, done) VALUES ($1, $2, $3)
           ON CONFLICT (name) DO UPDATE SET position = excluded.position, done = excluded.done`,
    values: [name, position, done],
  });
}

async function readProgress(database: Queryable): Promise<Progress> {
  const { rows } = await database.query<{ name: string; position: string; done: boolean }>({
    name: "search_progress",
    text: "SELECT name, position, done FROM search_progress",
  });
  const filled = new Map(rows.map(({ name, position, done }) => [name, { position, done }]));
  const events = filled.get(EVENTS);
  return { events: events === undefined ? null : Number(events.position), filled };
}

/** Events to follow; more than 0 also while rows are still to be read. */
function behindBy({ events, filled }: Progress, last: number): number {
  const unfilled = SEARCH_KINDS.filter((kind) => filled.get(kind)?.done !== true).length;
  return Math.max(0, last - (events ?? 0)) + unfilled;
}

async function state(database: Queryable, progress: Progress, last: number): Promise<SearchIndex> {
  const unfilled = SEARCH_KINDS.filter((kind) => progress.filled.get(kind)?.done !== true);
  const indexedTo = progress.events ?? 0;
  const behind = Math.max(0, last - indexedTo);
  if (unfilled.length === 0) return { indexedTo, behind };
  const counts = unfilled.map(
    (kind, index) => `(SELECT count(*) FROM ${SEARCH_SOURCES[kind].table} WHERE id > $${index + 1})`,
  );
  const { rows } = await database.query<{ rows: number }>(
    `SELECT (${counts.join(" + ")})::int AS rows`,
    unfilled.map((kind) => progress.filled.get(kind)?.position ?? ""),
  );
  return { indexedTo, behind: behind + Math.max(1, Number(rows[0]?.rows ?? 0)) };
}
