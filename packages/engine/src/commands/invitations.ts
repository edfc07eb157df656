import { AppError, type Invitation, type Invite, newId, type Person } from "@bureau/protocol";
import { type InvitationRow, invitationFromRow, lockInvitation } from "../queries/invitations.ts";
import { findGoal, findThread } from "../queries/lookup.ts";
import { personFromRow, type PersonRow } from "../queries/people.ts";
import type { Queryable } from "../store/database.ts";
import { appendEvents } from "../store/events.ts";
import { type AccessParts, hashOf, newSecret } from "./access-parts.ts";
import { sqlState } from "./change.ts";
import { type Entered, enter } from "./devices.ts";

export const INVITATION_MS = 7 * 24 * 60 * 60_000;
const MAX_OPEN = 100;
const MAX_PEOPLE = 200;
/** What is over for so long is forgotten when the next one is made. */
const KEPT_MS = 90 * 24 * 60 * 60_000;
const UNIQUE_VIOLATION = "23505";

/** Makes an invitation. Its secret is in the answer and nowhere else. */
export async function invite(
  { database, clock }: AccessParts,
  input: Omit<Invite, "url"> & { by: string },
): Promise<{ invitation: Invitation; secret: string }> {
  const { role, goals = [], threads = [] } = input;
  if (role !== "guest" && goals.length + threads.length > 0) {
    throw new AppError("invalid", "A member reads everything; goals and threads are named for a guest.", {
      hint: "Leave them out, or invite a guest.",
    });
  }
  const [now, secret, name] = [clock.now(), newSecret(), input.name.normalize("NFC")];
  const expires = input.expiresInSeconds === undefined ? INVITATION_MS : input.expiresInSeconds * 1000;
  const row = await database.transaction(async (transaction) => {
    const goalIds = await inOrder(goals, async (goal) => (await findGoal(transaction, goal)).id);
    const threadIds = await inOrder(threads, async (thread) => (await findThread(transaction, thread)).id);
    await refuseTaken(transaction, name);
    await transaction.query("DELETE FROM invitations WHERE expires_at < $1", [new Date(now - KEPT_MS)]);
    const { rows } = await transaction.query<InvitationRow>(
      `INSERT INTO invitations (id, secret_hash, name, role, goals, threads, created_by, created_at, expires_at)
       SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
       WHERE (SELECT count(*) FROM invitations
              WHERE accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $8) < ${MAX_OPEN} RETURNING *`,
      [
        newId("invitation"),
        hashOf(secret),
        name,
        role,
        goalIds,
        threadIds,
        input.by,
        new Date(now),
        new Date(now + expires),
      ],
    );
    return rows[0];
  });
  if (row !== undefined) return { invitation: invitationFromRow(row, now), secret };
  throw new AppError("limit_reached", `There are already ${MAX_OPEN} open invitations.`, {
    hint: "Revoke those that are not needed.",
  });
}

/** One after another: a transaction has one connection. */
async function inOrder<T>(references: readonly string[], find: (reference: string) => Promise<T>): Promise<T[]> {
  const found = new Set<T>();
  for (const reference of references) found.add(await find(reference));
  return [...found];
}

async function refuseTaken(transaction: Queryable, name: string): Promise<void> {
  const { rows } = await transaction.query(
    "SELECT 1 FROM people WHERE lower(name) = lower($1) AND removed_at IS NULL",
    [name],
  );
  if (rows.length > 0) throw nameTaken(name);
}

function nameTaken(name: string, cause?: unknown): AppError {
  return new AppError("conflict", `There is already a person named ${name}.`, {
    hint: "Choose another name. Somebody who lost their devices gets a new one by `bureau device pair --person NAME`.",
    cause,
  });
}

/** Again is no error; one that was accepted is a person by now. */
export async function revokeInvitation({ database, clock }: AccessParts, id: string): Promise<Invitation> {
  const now = clock.now();
  return await database.transaction(async (transaction) => {
    const found = await lockInvitation(transaction, id);
    if (found.accepted_at !== null) {
      throw new AppError("conflict", `${found.name} has accepted the invitation already.`, {
        hint: `Remove the person: \`bureau person remove "${found.name}"\`.`,
      });
    }
    const { rows } = await transaction.query<InvitationRow>(
      "UPDATE invitations SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1 RETURNING *",
      [found.id, new Date(now)],
    );
    return invitationFromRow(rows[0]!, now);
  });
}

/**
 * Makes the person, their first device and its session, in one transaction with the end of the invitation: of two who
 * accept at once, one does.
 */
export async function acceptInvitation(
  { database, clock }: AccessParts,
  input: { secret: string; device?: string | undefined },
): Promise<Entered> {
  const now = clock.now();
  return await database.transaction(async (transaction) => {
    const { rows } = await transaction.query<InvitationRow>(
      "SELECT * FROM invitations WHERE secret_hash = $1 FOR UPDATE",
      [hashOf(input.secret)],
    );
    const invitation = rows[0];
    if (invitation === undefined || invitationFromRow(invitation, now).status !== "open") {
      throw new AppError("unauthenticated", "This invitation does not hold: it was used, has ended, or never was.", {
        hint: "Ask whoever sent it for a new one.",
      });
    }
    const person = await insertPerson(transaction, invitation, now);
    await transaction.query("UPDATE invitations SET accepted_at = $2, person_id = $3 WHERE id = $1", [
      invitation.id,
      new Date(now),
      person.id,
    ]);
    const entered = await enter(transaction, now, {
      person,
      name: input.device ?? null,
      scope: "full",
      by: invitation.created_by,
    });
    await appendEvents(transaction, [{ type: "person.added", data: { person } }]);
    return entered;
  });
}

async function insertPerson(transaction: Queryable, invitation: InvitationRow, now: number): Promise<Person> {
  try {
    const { rows } = await transaction.query<PersonRow>(
      `INSERT INTO people (id, name, role, goals, threads, created_by, created_at) SELECT $1, $2, $3, $4, $5, $6, $7
       WHERE (SELECT count(*) FROM people WHERE removed_at IS NULL) < ${MAX_PEOPLE} RETURNING *`,
      [
        newId("person"),
        invitation.name,
        invitation.role,
        invitation.goals,
        invitation.threads,
        invitation.created_by,
        new Date(now),
      ],
    );
    if (rows[0] !== undefined) return personFromRow(rows[0]);
  } catch (error) {
    throw sqlState(error) === UNIQUE_VIOLATION ? nameTaken(invitation.name, error) : error;
  }
  throw new AppError("limit_reached", `There are already ${MAX_PEOPLE} people.`, {
    hint: "Remove those who are not here any more.",
  });
}
