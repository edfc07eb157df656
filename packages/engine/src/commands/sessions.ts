import { type DeviceId, newId, type SessionId } from "@bureau/protocol";
import type { Queryable } from "../store/database.ts";
import { type AccessParts, hashOf, newSecret } from "./access-parts.ts";

export const SESSION_MS = 30 * 24 * 60 * 60_000;
/** A session that is not used for so long is over. */
export const SESSION_IDLE_MS = 7 * 24 * 60 * 60_000;
/** Of the owner, and of each device. The one that was used longest ago makes room. */
const MAX_SESSIONS = 50;

/** Whose session it is: a device's, or the owner's by a key that changes with the owner's token. */
export type SessionHolder = { deviceId: DeviceId } | { ownerKey: string };

export interface SessionOpened {
  id: SessionId;
  /** What the cookie carries. Only its hash is kept. */
  secret: string;
  expiresAt: number;
}

export async function openSession({ database, clock }: AccessParts, holder: SessionHolder): Promise<SessionOpened> {
  return await database.transaction((transaction) => insertSession(transaction, clock.now(), holder));
}

/** Within a transaction of the caller's. */
export async function insertSession(
  transaction: Queryable,
  now: number,
  holder: SessionHolder,
): Promise<SessionOpened> {
  const opened = { id: newId("session"), secret: newSecret(), expiresAt: now + SESSION_MS };
  const [deviceId, ownerKey] = "deviceId" in holder ? [holder.deviceId, null] : [null, holder.ownerKey];
  await transaction.query("DELETE FROM sessions WHERE expires_at <= $1 OR last_seen_at <= $2", [
    new Date(now),
    new Date(now - SESSION_IDLE_MS),
  ]);
  await transaction.query(
    `DELETE FROM sessions WHERE id IN (
       SELECT id FROM sessions WHERE device_id IS NOT DISTINCT FROM $1
       ORDER BY last_seen_at DESC OFFSET ${MAX_SESSIONS - 1})`,
    [deviceId],
  );
  await transaction.query(
    `INSERT INTO sessions (id, cookie_hash, device_id, owner_key, created_at, last_seen_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $5, $6)`,
    [opened.id, hashOf(opened.secret), deviceId, ownerKey, new Date(now), new Date(opened.expiresAt)],
  );
  return opened;
}

/** Again is no error. */
export async function closeSession({ database }: AccessParts, id: SessionId): Promise<void> {
  await database.query("DELETE FROM sessions WHERE id = $1", [id]);
}

/** All of them; returns how many there were. */
export async function closeSessions({ database }: AccessParts): Promise<number> {
  const { rowCount } = await database.query("DELETE FROM sessions");
  return rowCount ?? 0;
}
