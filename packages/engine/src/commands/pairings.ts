import { AppError, newId, type Pairing, type PersonId, type Scope } from "@bureau/protocol";
import { findPairing, pairingFromRow, type PairingRow } from "../queries/pairings.ts";
import { findPerson, personFromRow } from "../queries/people.ts";
import { type AccessParts, hashOf, newSecret } from "./access-parts.ts";
import { type Entered, enter } from "./devices.ts";

export const PAIRING_MS = 10 * 60_000;
/** Of one person. */
const MAX_OPEN = 20;
/** What is over for so long is forgotten when the next one is made. */
const KEPT_MS = 24 * 60 * 60_000;

export interface NewPairing {
  /** Whose device it becomes: an id or a name. */
  person: string;
  name: string | null;
  scope: Scope;
  by: string;
}

/** Makes a code for one more device of a person. It is in the answer and nowhere else. */
export async function pair(
  { database, clock }: AccessParts,
  input: NewPairing,
): Promise<{ pairing: Pairing; code: string }> {
  const [now, code] = [clock.now(), newSecret()];
  const row = await database.transaction(async (transaction) => {
    const person = await findPerson(transaction, input.person, "update");
    if (person.removed_at !== null) {
      throw new AppError("not_found", `${person.name} is not here any more.`, { hint: "Invite them again." });
    }
    await transaction.query("DELETE FROM pairings WHERE expires_at < $1", [new Date(now - KEPT_MS)]);
    const { rows } = await transaction.query<PairingRow>(
      `INSERT INTO pairings (id, code_hash, person_id, name, scope, created_by, created_at, expires_at)
       SELECT $1, $2, $3, $4, $5, $6, $7, $8
       WHERE (SELECT count(*) FROM pairings
              WHERE person_id = $3 AND redeemed_at IS NULL AND expires_at > $7) < ${MAX_OPEN} RETURNING *`,
      [
        newId("pairing"),
        hashOf(code),
        person.id,
        input.name,
        input.scope,
        input.by,
        new Date(now),
        new Date(now + PAIRING_MS),
      ],
    );
    return rows[0];
  });
  if (row !== undefined) return { pairing: pairingFromRow(row, now), code };
  throw new AppError("limit_reached", `There are already ${MAX_OPEN} codes that were not used.`, {
    hint: "Use one of them, or wait ten minutes.",
  });
}

export async function getPairing({ database, clock }: AccessParts, id: string, of: PersonId | null): Promise<Pairing> {
  return pairingFromRow(await findPairing(database, id, of), clock.now());
}

/** Ends a code that was not used. Again is no error, nor is one that was. */
export async function endPairing({ database, clock }: AccessParts, id: string, of: PersonId | null): Promise<Pairing> {
  const now = clock.now();
  const found = await findPairing(database, id, of);
  const { rows } = await database.query<PairingRow>(
    "UPDATE pairings SET expires_at = least(expires_at, $2) WHERE id = $1 AND redeemed_at IS NULL RETURNING *",
    [found.id, new Date(now)],
  );
  return rows[0] === undefined ? await getPairing({ database, clock }, id, of) : pairingFromRow(rows[0], now);
}

/** Makes the device and its session in one transaction with the end of the code: of two who redeem it, one does. */
export async function redeemPairing(
  { database, clock }: AccessParts,
  input: { code: string; name?: string | undefined },
): Promise<Entered> {
  const now = clock.now();
  return await database.transaction(async (transaction) => {
    const found = await transaction.query<PairingRow>("SELECT * FROM pairings WHERE code_hash = $1", [
      hashOf(input.code),
    ]);
    // The person first, as everywhere: their devices are made and ended one after another.
    const person = found.rows[0] && (await findPerson(transaction, found.rows[0].person_id, "update"));
    const { rows } = await transaction.query<PairingRow>(
      "SELECT * FROM pairings WHERE code_hash = $1 AND redeemed_at IS NULL AND expires_at > $2 FOR UPDATE",
      [hashOf(input.code), new Date(now)],
    );
    const pairing = rows[0];
    if (pairing === undefined || person === undefined || person.removed_at !== null) {
      throw new AppError("unauthenticated", "This code does not hold: it was used, has ended, or never was.", {
        hint: "Make a new one on a device that is signed in, or with `bureau device pair`.",
      });
    }
    const entered = await enter(transaction, now, {
      person: personFromRow(person),
      name: pairing.name ?? input.name ?? null,
      scope: pairing.scope,
      by: pairing.created_by,
    });
    await transaction.query("UPDATE pairings SET redeemed_at = $2, device_id = $3 WHERE id = $1", [
      pairing.id,
      new Date(now),
      entered.device.id,
    ]);
    return entered;
  });
}
