import {
  AppError,
  type DeviceId,
  newId,
  OWNER_ID,
  type Passkey,
  type PasskeyId,
  type PersonId,
} from "@bureau/protocol";
import { isSameName } from "../domain/names.ts";
import type { ChallengeUse } from "../engine-api.ts";
import type { Queryable } from "../store/database.ts";
import { sqlState } from "./change.ts";
import { type AccessParts, hashOf } from "./access-parts.ts";
import { DEVICE_HOLDS } from "./recognize-caller.ts";

export const CHALLENGE_MS = 5 * 60_000;
/** Strangers may ask for one: with more than these, nobody is given another until some are over. */
const MAX_CHALLENGES = 2_000;
const MAX_OF_HOLDER = 20;
const OWNER = "owner";
const UNIQUE_VIOLATION = "23505";

/** Whom a passkey signs in; null: the owner. */
export type PasskeyHolder = DeviceId | null;

interface PasskeyRow {
  id: PasskeyId;
  credential_id: string;
  public_key: Buffer;
  counter: string;
  transports: string[];
  host: string;
  name: string;
  synced: boolean;
  device_id: DeviceId | null;
  created_by: string;
  created_at: Date;
  last_used_at: Date | null;
  person_name: string;
}

/** With whose it is: of a device its person's, else the owner's. */
const PASSKEYS = `SELECT k.*, p.name AS person_name FROM passkeys k LEFT JOIN devices d ON d.id = k.device_id
  JOIN people p ON p.id = coalesce(d.person_id, '${OWNER_ID}')`;

/** What was signed by a passkey, and checked. */
export interface NewPasskey {
  credentialId: string;
  publicKey: Uint8Array;
  counter: number;
  transports: readonly string[];
  host: string;
  name: string;
  synced: boolean;
  holder: PasskeyHolder;
  by: string;
}

/** A passkey as its signature is checked with. */
export interface KnownPasskey {
  id: PasskeyId;
  credentialId: string;
  publicKey: Uint8Array<ArrayBuffer>;
  counter: number;
  transports: string[];
  holder: PasskeyHolder;
}

/** Keeps, as a hash, what is to be signed. It holds for five minutes and one use, in whichever process. */
export async function addChallenge(
  { database, clock }: AccessParts,
  challenge: string,
  use: ChallengeUse,
): Promise<void> {
  const now = clock.now();
  await database.query("DELETE FROM passkey_challenges WHERE expires_at <= $1", [new Date(now)]);
  const holder = use.purpose === "register" ? (use.holder ?? OWNER) : null;
  const { rowCount } = await database.query(
    `INSERT INTO passkey_challenges (hash, purpose, holder, expires_at) SELECT $1, $2, $3, $4
     WHERE (SELECT count(*) FROM passkey_challenges) < ${MAX_CHALLENGES}`,
    [hashOf(challenge), use.purpose, holder, new Date(now + CHALLENGE_MS)],
  );
  if (rowCount === 1) return;
  throw new AppError("limit_reached", "Too many are signing in with passkeys at once.", {
    hint: "Try again in a few minutes, or sign in with a token.",
  });
}

/** True once for what was asked for by `addChallenge`, in time and for the same use. */
export async function takeChallenge(
  { database, clock }: AccessParts,
  challenge: string,
  use: ChallengeUse,
): Promise<boolean> {
  const holder = use.purpose === "register" ? (use.holder ?? OWNER) : null;
  const { rowCount } = await database.query(
    `DELETE FROM passkey_challenges
     WHERE hash = $1 AND purpose = $2 AND holder IS NOT DISTINCT FROM $3 AND expires_at > $4`,
    [hashOf(challenge), use.purpose, holder, new Date(clock.now())],
  );
  return rowCount === 1;
}

export async function addPasskey({ database, clock }: AccessParts, passkey: NewPasskey): Promise<Passkey> {
  try {
    const { rows } = await database.query<{ id: PasskeyId }>(
      `INSERT INTO passkeys (id, credential_id, public_key, counter, transports, host, name, synced, device_id,
                             created_by, created_at)
       SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
       WHERE (SELECT count(*) FROM passkeys WHERE device_id IS NOT DISTINCT FROM $9) < ${MAX_OF_HOLDER} RETURNING id`,
      [
        newId("passkey"),
        passkey.credentialId,
        Buffer.from(passkey.publicKey),
        passkey.counter,
        JSON.stringify(passkey.transports),
        passkey.host,
        passkey.name,
        passkey.synced,
        passkey.holder,
        passkey.by,
        new Date(clock.now()),
      ],
    );
    const id = rows[0]?.id;
    if (id !== undefined) {
      const kept = await database.query<PasskeyRow>(`${PASSKEYS} WHERE k.id = $1`, [id]);
      return fromRow(kept.rows[0]!);
    }
  } catch (error) {
    if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
    throw new AppError("conflict", "This passkey is already known.", { cause: error });
  }
  throw new AppError("limit_reached", `There are already ${MAX_OF_HOLDER} passkeys.`, {
    hint: "Remove those that are not used; `bureau passkey list` shows when each was last used.",
  });
}

/** Newest first; `of` is whose, and null everybody's. */
export async function listPasskeys(database: Queryable, of: PersonId | null): Promise<Passkey[]> {
  const { rows } = await database.query<PasskeyRow>(
    `${PASSKEYS} WHERE $1::text IS NULL OR p.id = $1 ORDER BY k.created_at DESC, k.id DESC`,
    [of],
  );
  return rows.map(fromRow);
}

/** By id, or by a name that only one has, of those of `of`. */
export async function removePasskey(database: Queryable, passkey: string, of: PersonId | null): Promise<void> {
  const mine = await listPasskeys(database, of);
  const named = mine.filter((one) => isSameName(one.name, passkey));
  const found = mine.find((one) => one.id === passkey) ?? (named.length === 1 ? named[0] : undefined);
  if (found === undefined) {
    throw new AppError("not_found", `There is no one passkey ${passkey.slice(0, 80)}.`, {
      hint: "`bureau passkey list` shows them; where two have the same name, say its id.",
    });
  }
  await database.query("DELETE FROM passkeys WHERE id = $1", [found.id]);
}

/** Credentials of a holder at a host: a browser is not to make a second one in the same place. */
export async function passkeysOf(
  database: Queryable,
  holder: PasskeyHolder,
  host: string,
): Promise<{ credentialId: string; transports: string[] }[]> {
  const { rows } = await database.query<PasskeyRow>(
    "SELECT * FROM passkeys WHERE device_id IS NOT DISTINCT FROM $1 AND host = $2",
    [holder, host],
  );
  return rows.map((row) => ({ credentialId: row.credential_id, transports: row.transports }));
}

/** Null where there is none at that host, or its device may not ask any more. */
export async function findPasskey(
  { database, clock }: AccessParts,
  credentialId: string,
  host: string,
): Promise<KnownPasskey | null> {
  const { rows } = await database.query<PasskeyRow>(
    `${PASSKEYS}
     WHERE k.credential_id = $2 AND k.host = $3 AND (k.device_id IS NULL OR (${DEVICE_HOLDS}))`,
    [new Date(clock.now()), credentialId, host],
  );
  const row = rows[0];
  if (row === undefined) return null;
  return {
    id: row.id,
    credentialId: row.credential_id,
    publicKey: new Uint8Array(row.public_key),
    counter: Number(row.counter),
    transports: row.transports,
    holder: row.device_id,
  };
}

/** False where its counter has moved on since: somebody else signed with it, or with a copy of it. */
export async function passkeyUsed({ database, clock }: AccessParts, id: PasskeyId, counter: number): Promise<boolean> {
  const { rowCount } = await database.query(
    `UPDATE passkeys SET counter = $2, last_used_at = $3
     WHERE id = $1 AND (counter < $2 OR (counter = 0 AND $2 = 0))`,
    [id, counter, new Date(clock.now())],
  );
  return rowCount === 1;
}

function fromRow(row: PasskeyRow): Passkey {
  return {
    id: row.id,
    name: row.name,
    host: row.host,
    person: row.person_name,
    deviceId: row.device_id,
    synced: row.synced,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
  };
}
