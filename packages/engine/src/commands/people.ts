import { AppError, type ChangePreferences, type Person, type Preferences } from "@bureau/protocol";
import { findPerson, personFromRow, preferencesOf, type PersonRow } from "../queries/people.ts";
import { appendEvents, type NewEvent } from "../store/events.ts";
import { inboxEntryFromRow, type InboxRow } from "../store/rows.ts";
import type { AccessParts } from "./access-parts.ts";

/**
 * Ends what a person has here, at once and in every process: devices, sessions, codes and event streams. What was
 * theirs to decide is for everyone again. Their name stays with what they decided. Again is no error.
 */
export async function removePerson(parts: AccessParts, person: string, by: string): Promise<Person> {
  const now = new Date(parts.clock.now());
  return await parts.database.transaction(async (transaction) => {
    const found = await findPerson(transaction, person, "update");
    if (found.role === "owner") {
      throw new AppError("conflict", `${found.name} is the owner, and a workspace always has one.`, {
        hint: "End single devices with `bureau device revoke`, or all sessions with `bureau device revoke --sessions`.",
      });
    }
    if (found.removed_at !== null) return personFromRow(found);
    const { rows } = await transaction.query<PersonRow>(
      "UPDATE people SET removed_at = $2, removed_by = $3 WHERE id = $1 RETURNING *",
      [found.id, now, by],
    );
    await transaction.query("DELETE FROM sessions WHERE device_id IN (SELECT id FROM devices WHERE person_id = $1)", [
      found.id,
    ]);
    await transaction.query(
      `UPDATE devices SET revoked_at = $2, revoked_by = $3 WHERE person_id = $1 AND revoked_at IS NULL`,
      [found.id, now, by],
    );
    await transaction.query(
      "UPDATE pairings SET expires_at = $2 WHERE person_id = $1 AND redeemed_at IS NULL AND expires_at > $2",
      [found.id, now],
    );
    const freed = await transaction.query<InboxRow>(
      `UPDATE inbox SET assignee = NULL WHERE status = 'pending' AND lower(assignee) = lower($1) RETURNING *`,
      [found.name],
    );
    const removed = personFromRow(rows[0]!);
    await appendEvents(transaction, [
      ...freed.rows.map(assignedEvent),
      { type: "person.removed", data: { person: removed } },
    ]);
    return removed;
  });
}

/** Of an entry that is somebody else's to decide now, or everyone's. */
export function assignedEvent(row: InboxRow): NewEvent {
  return {
    type: "inbox.assigned",
    threadId: row.thread_id,
    runId: row.run_id,
    goalId: row.goal_id,
    data: { entry: inboxEntryFromRow(row) },
  };
}

export async function changePreferences(
  { database }: AccessParts,
  person: string,
  changes: ChangePreferences,
): Promise<Preferences> {
  if (changes.timeZone !== undefined) requireTimeZone(changes.timeZone);
  const { id } = await findPerson(database, person);
  const { rows } = await database.query<PersonRow>(
    "UPDATE people SET preferences = preferences || $2::jsonb WHERE id = $1 RETURNING *",
    [id, JSON.stringify(changes)],
  );
  return preferencesOf(rows[0]!);
}

function requireTimeZone(timeZone: string): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch (error) {
    throw new AppError("invalid", `"${timeZone.slice(0, 60)}" is not a time zone.`, {
      hint: "Write its IANA name, such as Europe/Berlin.",
      cause: error,
    });
  }
}
