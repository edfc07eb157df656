import { createHash, randomBytes } from "node:crypto";
import { type AddDevice, AppError, type Device, type DeviceAdded, newId } from "@bureau/protocol";
import type { Clock } from "../clock.ts";
import { deviceFromRow, type DeviceRow, findDevice } from "../queries/devices.ts";
import type { Database } from "../store/database.ts";
import { sqlState } from "./change.ts";

const SECRET_BYTES = 32;
const MAX_DEVICES = 200;
const UNIQUE_VIOLATION = "23505";

export interface AccessParts {
  database: Database;
  clock: Clock;
}

/** Makes a device and its token. The token is in the answer and nowhere else. */
export async function addDevice(parts: AccessParts, input: AddDevice & { by: string }): Promise<DeviceAdded> {
  const now = parts.clock.now();
  const token = `bureau_${newSecret()}`;
  const expires = input.expiresInSeconds === undefined ? null : new Date(now + input.expiresInSeconds * 1000);
  const row = await insertDevice(parts, [
    newId("device"),
    input.name,
    hashOf(token),
    input.scope,
    input.by,
    new Date(now),
    expires,
  ]);
  return { device: deviceFromRow(row, now), token };
}

async function insertDevice({ database }: AccessParts, values: unknown[]): Promise<DeviceRow> {
  try {
    const { rows } = await database.query<DeviceRow>(
      `INSERT INTO devices (id, name, token_hash, scope, created_by, created_at, expires_at)
       SELECT $1, $2, $3, $4, $5, $6, $7
       WHERE (SELECT count(*) FROM devices WHERE revoked_at IS NULL) < ${MAX_DEVICES} RETURNING *`,
      values,
    );
    if (rows[0] !== undefined) return rows[0];
  } catch (error) {
    if (sqlState(error) !== UNIQUE_VIOLATION) throw error;
    throw new AppError("conflict", `There is already a device named ${String(values[1])}.`, {
      hint: "Choose another name, or revoke that device first.",
      cause: error,
    });
  }
  throw new AppError("limit_reached", `There are already ${MAX_DEVICES} devices.`, {
    hint: "Revoke those that are not used; `bureau device list` shows when each was last seen.",
  });
}

/** Ends a device's token and its sessions. Again is no error. */
export async function revokeDevice(parts: AccessParts, device: string, by: string): Promise<Device> {
  const now = parts.clock.now();
  return await parts.database.transaction(async (transaction) => {
    const found = await findDevice(transaction, device);
    const { rows } = await transaction.query<DeviceRow>(
      `UPDATE devices SET revoked_at = coalesce(revoked_at, $2), revoked_by = coalesce(revoked_by, $3)
       WHERE id = $1 RETURNING *`,
      [found.id, new Date(now), by],
    );
    await transaction.query("DELETE FROM sessions WHERE device_id = $1", [found.id]);
    return deviceFromRow(rows[0] ?? found, now);
  });
}

/** 256 random bits as text. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString("base64url");
}

/** What is kept of a secret. One that has 256 random bits needs no slow hash. */
export function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
