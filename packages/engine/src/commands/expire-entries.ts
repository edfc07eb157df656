import type { InboxRow } from "../store/rows.ts";
import { answerCall } from "./answer-question.ts";
import { change, type Change } from "./change.ts";
import { denyCall } from "./decide-approval.ts";
import { addEntryEvent, closeEntry, isRecord, RUNTIME } from "./entry-writes.ts";
import { wakeGoal } from "./goal-writes.ts";
import { lockEntry, type LockedEntry } from "./lock-entry.ts";
import type { CommandParts } from "./parts.ts";
import { wakeRun } from "./run-writes.ts";

/** Entries that one look takes up; the next look goes on with the rest. */
const MAX_AT_ONCE = 200;
const MAX_TITLE_CHARACTERS = 200;

export interface ExpiryReport {
  expired: number;
  reminded: number;
  /** There was more than one look takes up. */
  more: boolean;
  /** When the next one is due, in milliseconds since 1970; null when nothing is. */
  nextAt: number | null;
}

/**
 * Does what is due: what nobody decided in time is denied or assumed, and who has not decided yet is reminded, once.
 *
 * Each entry is one transaction that looks again under its lock, so any number of processes may do this at once. One
 * that fails stops no other; the first failure is thrown when all were tried.
 */
export async function expireEntries(parts: CommandParts, now: number): Promise<ExpiryReport> {
  const { rows } = await parts.database.query<{ id: string }>({
    name: "entries_due",
    text: `SELECT id FROM inbox
           WHERE status = 'pending' AND (expires_at <= $1 OR (remind_at <= $1 AND reminded_at IS NULL))
           ORDER BY LEAST(expires_at, remind_at), id LIMIT $2`,
    values: [new Date(now), MAX_AT_ONCE],
  });
  const report = { expired: 0, reminded: 0 };
  const failures: unknown[] = [];
  for (const { id } of rows) {
    try {
      const done = await change(parts, (change) => settleDue(change, id, now));
      if (done !== null) report[done] += 1;
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return { ...report, more: rows.length === MAX_AT_ONCE, nextAt: await nextDue(parts) };
}

async function nextDue(parts: CommandParts): Promise<number | null> {
  const { rows } = await parts.database.query<{ at: Date | null }>({
    name: "next_entry_due",
    text: `SELECT min(LEAST(expires_at, CASE WHEN reminded_at IS NULL THEN remind_at END)) AS at
           FROM inbox WHERE status = 'pending' AND (expires_at IS NOT NULL OR remind_at IS NOT NULL)`,
  });
  return rows[0]?.at?.getTime() ?? null;
}

async function settleDue(change: Change, entryId: string, now: number): Promise<"expired" | "reminded" | null> {
  const locked = await lockEntry(change, entryId);
  const { entry } = locked;
  if (entry.status !== "pending") return null;
  if (entry.expires_at !== null && entry.expires_at.getTime() <= now) {
    await expire(change, locked, entry.expires_at);
    return "expired";
  }
  if (entry.remind_at === null || entry.remind_at.getTime() > now || entry.reminded_at !== null) return null;
  const { rows } = await change.transaction.query<InboxRow>(
    "UPDATE inbox SET reminded_at = $2 WHERE id = $1 RETURNING *",
    [entry.id, change.now],
  );
  addEntryEvent(change, "inbox.reminded", rows[0]!);
  return "reminded";
}

async function expire(change: Change, locked: LockedEntry, at: Date): Promise<void> {
  const { entry, run, goal } = locked;
  const assumption = entry.on_expiry === "assume" ? assumptionOf(entry) : null;
  const closed = await closeEntry(change, entry, {
    status: "expired",
    answer: assumption,
    by: { name: RUNTIME, device: null },
  });
  if (run === null || !(await stillWaits(change, entry))) {
    addEntryEvent(change, "inbox.closed", closed);
  } else if (entry.kind === "approval") {
    const title = entry.title.slice(0, MAX_TITLE_CHARACTERS);
    const text = `Nobody decided by ${at.toISOString()}: ${title}. It was not run. Go on without it.`;
    await denyCall(change, { entry: closed, run, goal, text, status: "expired" });
  } else {
    await answerCall(change, { run, entry, text: unansweredText(at, assumption) });
    addEntryEvent(change, "question.answered", closed);
    await wakeGoal(change, goal);
    await wakeRun(change, run);
  }
}

/** A call that ended or changed by itself needs nobody any more. */
async function stillWaits(change: Change, entry: InboxRow): Promise<boolean> {
  const { rows } = await change.transaction.query(
    `SELECT 1 FROM tool_calls WHERE id = $1 AND status = 'awaiting_approval'
       AND ($2::text IS NULL OR action_hash = $2)`,
    [entry.tool_call_id, entry.action_hash],
  );
  return rows.length > 0;
}

function assumptionOf(entry: InboxRow): string | null {
  const assumption = isRecord(entry.detail) ? entry.detail["assumption"] : undefined;
  return typeof assumption === "string" && assumption !== "" ? assumption : null;
}

function unansweredText(at: Date, assumption: string | null): string {
  const until = `Nobody answered by ${at.toISOString()}`;
  if (assumption === null) return `${until}. Decide yourself what can be undone, and say what you chose.`;
  return `${until}; going on with the assumption: ${assumption}`;
}
