import { AppError, type InboxEntry } from "@bureau/protocol";
import { machineTimeZone } from "../clock.ts";
import { endOf, reminderOf } from "../domain/due-day.ts";
import { findName } from "../domain/names.ts";
import type { DecidedBy } from "../engine-api.ts";
import { inboxEntryFromRow, type InboxRow } from "../store/rows.ts";
import { change, type Change } from "./change.ts";
import { addEntryEvent, alreadyDecided, requireInTime, requireMayDecide } from "./entry-writes.ts";
import { lockEntry } from "./lock-entry.ts";
import type { CommandParts } from "./parts.ts";

/** Whom a reply may name. */
const MAX_PEOPLE = 500;

/**
 * Gives a pending entry to somebody of the workspace, with the day by which they decide, such as `2026-12-01`.
 *
 * They are reminded on that day; what would expire before the day is over waits until then.
 */
export async function assignInboxEntry(
  parts: CommandParts,
  entryId: string,
  input: { to: string; due: string | null } & DecidedBy,
): Promise<InboxEntry> {
  return await change(parts, async (change) => {
    const { entry } = await lockEntry(change, entryId);
    requireMayDecide(entry, input.by, { what: "assign" });
    if (entry.status !== "pending") throw alreadyDecided(entry);
    requireInTime(change, entry);
    const to = await personNamed(change, input.to, input.by.name);
    const zone = machineTimeZone();
    const { rows } = await change.transaction.query<InboxRow>(
      `UPDATE inbox SET assignee = $2, remind_at = COALESCE($3, remind_at),
         reminded_at = CASE WHEN $3::timestamptz IS NULL THEN reminded_at END,
         expires_at = CASE WHEN expires_at < $4::timestamptz THEN $4::timestamptz ELSE expires_at END
       WHERE id = $1 RETURNING *`,
      [
        entry.id,
        to,
        input.due === null ? null : new Date(reminderOf(input.due, zone)),
        input.due === null ? null : new Date(endOf(input.due, zone)),
      ],
    );
    addEntryEvent(change, "inbox.assigned", rows[0]!);
    return inboxEntryFromRow(rows[0]!);
  });
}

/** Throws `not_found`, saying who there is. */
async function personNamed(change: Change, word: string, me: string): Promise<string> {
  const { rows } = await change.transaction.query<{ name: string }>(
    "SELECT name FROM people WHERE removed_at IS NULL ORDER BY (role = 'owner') DESC, id LIMIT $1",
    [MAX_PEOPLE],
  );
  const named = findName(rows, word, me);
  if (named.ok) return named.found.name;
  throw new AppError("not_found", named.message, { hint: named.hint });
}
