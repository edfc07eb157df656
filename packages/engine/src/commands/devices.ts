import {
  type AddDevice,
  AppError,
  type Device,
  type DeviceAdded,
  newId,
  type Person,
  type PersonId,
  type Scope,
} from "@bureau/protocol";
import { deviceFromRow, type DeviceRow, findDevice, NAMED_DEVICE } from "../queries/devices.ts";
import type { Queryable } from "../store/database.ts";
import { type AccessParts, hashOf, newSecret } from "./access-parts.ts";
import { sqlState } from "./change.ts";
import { insertSession, type SessionOpened } from "./sessions.ts";

/** In all, and of one person besides the owner. */
const MAX_DEVICES = 200;
const MAX_DEVICES_OF_ONE = 30;
const UNIQUE_VIOLATION = "23505";
/** What a device is called that nobody named. */
const UNNAMED = "Device";

/** Makes a device and its token. The token is in the answer and nowhere else. */
export async function addDevice(
  parts: AccessParts,
  input: AddDevice & { personId: PersonId; by: string },
): Promise<DeviceAdded> {
  const now = parts.clock.now();
  const token = `bureau_${newSecret()}`;
  const expires = input.expiresInSeconds === undefined ? null : now + input.expiresInSeconds * 1000;
  const row = await insertDevice(parts.database, now, { ...input, token, expires });
  return { device: deviceFromRow(row, now), token };
}

interface NewDevice {
  personId: PersonId;
  name: string;
  scope: Scope;
  by: string;
  token: string;
  expires: number | null;
}

async function insertDevice(database: Queryable, now: number, device: NewDevice): Promise<DeviceRow> {
  try {
    const { rows } = await database.query<DeviceRow>(
      `WITH d AS (
         INSERT INTO devices (id, name, person_id, token_hash, scope, created_by, created_at, expires_at)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8
         WHERE (SELECT count(*) FROM devices WHERE revoked_at IS NULL) < ${MAX_DEVICES}
           AND (SELECT count(*) FROM devices o JOIN people p ON p.id = o.person_id AND p.role <> 'owner'
                WHERE o.revoked_at IS NULL AND o.person_id = $3) < ${MAX_DEVICES_OF_ONE} RETURNING *
       ) ${NAMED_DEVICE} FROM d JOIN people p ON p.id = d.person_id`,
      [
        newId("device"),
        device.name,
        device.personId,
        hashOf(device.token),
        device.scope,
        device.by,
        new Date(now),
        device.expires === null ? null : new Date(device.expires),
      ],
    );
    if (rows[0] !== undefined) return rows[0];
  } catch (error) {
    if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
    throw new AppError("conflict", `There is already a device named ${device.name}.`, {
      hint: "Choose another name, or revoke that device first.",
      cause: error,
    });
  }
  throw new AppError(
    "limit_reached",
    `There are already ${MAX_DEVICES} devices, or ${MAX_DEVICES_OF_ONE} of one person.`,
    {
      hint: "Revoke those that are not used; `bureau device list` shows when each was last seen.",
    },
  );
}

/** A person with a new device, and the session that it asks by. */
export interface Entered {
  person: Person;
  device: Device;
  session: SessionOpened;
}

/**
 * Makes a device and its session for somebody who came with something that was told once. The caller holds the
 * person's row. The device's own token is told to nobody: its browser has the cookie.
 */
export async function enter(
  transaction: Queryable,
  now: number,
  input: { person: Person; name: string | null; scope: Scope; by: string },
): Promise<Entered> {
  const { person, scope, by } = input;
  const name = await freeName(transaction, person.id, input.name ?? UNNAMED);
  const token = `bureau_${newSecret()}`;
  const row = await insertDevice(transaction, now, { personId: person.id, name, scope, by, token, expires: null });
  const session = await insertSession(transaction, now, { deviceId: row.id });
  return { person, device: deviceFromRow(row, now), session };
}

/** `Phone`, or `Phone 2` where there is one. */
async function freeName(transaction: Queryable, personId: PersonId, name: string): Promise<string> {
  const { rows } = await transaction.query<{ name: string }>(
    "SELECT lower(name) AS name FROM devices WHERE person_id = $1 AND revoked_at IS NULL",
    [personId],
  );
  const taken = new Set(rows.map((row) => row.name));
  for (let number = 1; number <= MAX_DEVICES + 1; number += 1) {
    const free = number === 1 ? name : `${name} ${number}`;
    if (!taken.has(free.toLowerCase())) return free;
  }
  return name;
}

/**
 * Ends a device's token and its sessions. Again is no error. With `of`, only a device of that person; a name means
 * one's own before anybody else's.
 */
export async function revokeDevice(
  parts: AccessParts,
  device: string,
  who: { by: string; asker: PersonId; of: PersonId | null },
): Promise<Device> {
  const now = parts.clock.now();
  return await parts.database.transaction(async (transaction) => {
    const found = await findDevice(transaction, device, who);
    await transaction.query(
      "UPDATE devices SET revoked_at = coalesce(revoked_at, $2), revoked_by = coalesce(revoked_by, $3) WHERE id = $1",
      [found.id, new Date(now), who.by],
    );
    await transaction.query("DELETE FROM sessions WHERE device_id = $1", [found.id]);
    return deviceFromRow({ ...found, revoked_at: found.revoked_at ?? new Date(now) }, now);
  });
}
