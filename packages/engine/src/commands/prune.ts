import type { Clock } from "../clock.ts";
import type { Blobs } from "../store/blobs.ts";
import type { Database } from "../store/database.ts";

const DAY_MS = 24 * 60 * 60_000;
export const DEFAULT_RETENTION_MS = 90 * DAY_MS;
/** Rows of the dispatcher are of no use once their run has moved on. */
const DISPATCH_RETENTION_MS = DAY_MS;
/** What was pushed is kept a little longer than anything can be pushed again; tokens end by themselves. */
const PUSH_RETENTION_MS = 30 * DAY_MS;
/** A file that was given stays in its folder; what is forgotten is how to attach it again. */
const UPLOAD_RETENTION_MS = 30 * DAY_MS;
/** A blob is on disk before the row that names it: one that was put lately is left alone. */
const BLOB_GRACE_MS = DAY_MS;
const BATCH = 2_000;
const MAX_BATCHES = 20;
const MAX_REMOVED_BLOBS = 20_000;

export interface PruneParts {
  database: Database;
  clock: Clock;
  /** Absent: blobs are left alone. */
  blobs?: Pick<Blobs, "list" | "remove">;
}

export interface PruneReport {
  steps: number;
  toolCalls: number;
  events: number;
  dispatches: number;
  blobs: number;
  /** True when there is more to remove than one call does: call again. */
  more: boolean;
}

/**
 * Removes what nobody looks at any more: the journal of runs that ended long ago, old events, the dispatcher's
 * finished rows, conversions of files that nobody looks at, and blobs that no row names. Threads, goals, runs,
 * evidence, artifacts and decisions stay.
 *
 * Works in small transactions and a bounded number of them, so it may be ended at any point and called again.
 */
export async function prune(parts: PruneParts, options: { olderThanMs?: number } = {}): Promise<PruneReport> {
  const now = parts.clock.now();
  const before = new Date(now - (options.olderThanMs ?? DEFAULT_RETENTION_MS));
  const steps = await removeAll(parts.database, OLD_STEPS, [before]);
  const toolCalls = await removeAll(parts.database, OLD_TOOL_CALLS, [before]);
  const events = await removeAll(parts.database, OLD_EVENTS, [before]);
  const conversions = await removeAll(parts.database, OLD_CONVERSIONS, [before]);
  const dispatches = await removeDispatches(parts.database, now - DISPATCH_RETENTION_MS);
  const notices = await removeNotices(parts.database, now);
  const blobs = await removeBlobs(parts, now - BLOB_GRACE_MS);
  return {
    steps: steps.count,
    toolCalls: toolCalls.count,
    events: events.count,
    dispatches: dispatches.count,
    blobs,
    more:
      [steps, toolCalls, events, dispatches, conversions, notices].some(({ more }) => more) ||
      blobs >= MAX_REMOVED_BLOBS,
  };
}

const OVER_LONG_AGO = `r.status IN ('completed', 'failed', 'canceled') AND r.ended_at < $1`;

const OLD_STEPS = `DELETE FROM steps WHERE id IN (
  SELECT s.id FROM steps s JOIN runs r ON r.id = s.run_id WHERE ${OVER_LONG_AGO} LIMIT ${BATCH})`;

const OLD_TOOL_CALLS = `DELETE FROM tool_calls WHERE id IN (
  SELECT c.id FROM tool_calls c JOIN runs r ON r.id = c.run_id WHERE ${OVER_LONG_AGO} LIMIT ${BATCH})`;

/** Events of a run at work stay, however old: whoever watches it wants them whole. */
const OLD_EVENTS = `DELETE FROM events WHERE id IN (
  SELECT e.id FROM events e
  WHERE e.at < $1 AND NOT EXISTS (
    SELECT 1 FROM runs r WHERE r.id = e.run_id AND r.status IN ('queued', 'running', 'waiting'))
  ORDER BY e.id LIMIT ${BATCH})`;

/** They are made again when somebody looks at the file once more. */
const OLD_CONVERSIONS = `DELETE FROM conversions WHERE (hash, format, converter) IN (
  SELECT hash, format, converter FROM conversions WHERE used_at < $1 LIMIT ${BATCH})`;

const OLD_DISPATCHES = `DELETE FROM dbos.workflow_status WHERE workflow_uuid IN (
  SELECT workflow_uuid FROM dbos.workflow_status
  WHERE status IN ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED') AND updated_at < $1
  LIMIT ${BATCH})`;

const OLD_TOKENS = `DELETE FROM push_tokens WHERE token_hash IN (
  SELECT token_hash FROM push_tokens WHERE expires_at < $1 LIMIT ${BATCH})`;

/** Of an entry that still waits they stay: it would be pushed again. */
const OLD_PUSHES = `DELETE FROM pushes WHERE (entry_id, subscription_id, occasion) IN (
  SELECT p.entry_id, p.subscription_id, p.occasion FROM pushes p
  WHERE p.claimed_at < $1 AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.id = p.entry_id AND i.status = 'pending')
  LIMIT ${BATCH})`;

const OLD_UPLOADS = `DELETE FROM uploads WHERE id IN (
  SELECT id FROM uploads WHERE created_at < $1 LIMIT ${BATCH})`;

async function removeNotices(database: Database, now: number): Promise<{ more: boolean }> {
  const tokens = await removeAll(database, OLD_TOKENS, [new Date(now)]);
  const pushes = await removeAll(database, OLD_PUSHES, [new Date(now - PUSH_RETENTION_MS)]);
  const uploads = await removeAll(database, OLD_UPLOADS, [new Date(now - UPLOAD_RETENTION_MS)]);
  return { more: tokens.more || pushes.more || uploads.more };
}

async function removeAll(
  database: Database,
  statement: string,
  values: unknown[],
): Promise<{ count: number; more: boolean }> {
  let count = 0;
  for (let batch = 1; batch <= MAX_BATCHES; batch += 1) {
    const { rowCount } = await database.query(statement, values);
    count += rowCount ?? 0;
    if ((rowCount ?? 0) < BATCH) return { count, more: false };
  }
  return { count, more: true };
}

/** The dispatcher keeps its rows in a schema of its own, which is not there before its first start. */
async function removeDispatches(database: Database, before: number): Promise<{ count: number; more: boolean }> {
  const { rows } = await database.query<{ found: boolean }>(
    "SELECT to_regclass('dbos.workflow_status') IS NOT NULL AS found",
  );
  if (rows[0]?.found !== true) return { count: 0, more: false };
  return await removeAll(database, OLD_DISPATCHES, [before]);
}

async function removeBlobs(parts: PruneParts, before: number): Promise<number> {
  if (parts.blobs === undefined) return 0;
  let removed = 0;
  let candidates: string[] = [];
  const flush = async () => {
    for (const hash of await unreferenced(parts.database, candidates)) {
      await parts.blobs!.remove(hash);
      removed += 1;
    }
    candidates = [];
  };
  for await (const blob of parts.blobs.list()) {
    if (removed >= MAX_REMOVED_BLOBS) break;
    if (blob.putAt >= before) continue;
    candidates.push(blob.hash);
    if (candidates.length === BATCH) await flush();
  }
  await flush();
  return removed;
}

async function unreferenced(database: Database, hashes: string[]): Promise<string[]> {
  if (hashes.length === 0) return [];
  const { rows } = await database.query<{ hash: string }>(
    `SELECT hash FROM unnest($1::text[]) AS hash
     EXCEPT SELECT content->'blob'->>'hash' FROM items WHERE content ? 'blob'
     EXCEPT SELECT context_hash FROM runs WHERE context_hash IS NOT NULL
     EXCEPT SELECT hash FROM artifact_versions
     EXCEPT SELECT blob_hash FROM conversions
     EXCEPT SELECT hash FROM uploads`,
    [hashes],
  );
  return rows.map((row) => row.hash);
}
