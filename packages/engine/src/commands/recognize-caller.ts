import { type DeviceId, OWNER_ID, type Scope, type SessionId, type Who } from "@bureau/protocol";
import { type AccessParts, hashOf } from "./access-parts.ts";
import { SESSION_IDLE_MS } from "./sessions.ts";

/** When something was last seen is written at most so often. */
const SEEN_EVERY_MS = 60_000;

/** Whom a secret belongs to, while it holds. */
export interface KnownCaller {
  person: Who;
  /** Null: the owner, by a session that their token was traded for. */
  device: { id: DeviceId; name: string; scope: Scope } | null;
  sessionId: SessionId | null;
  expiresAt: number | null;
}

interface CallerRow {
  person_id: Who["id"];
  person_name: string;
  role: Who["role"];
  device_id: DeviceId | null;
  name: string | null;
  scope: Scope | null;
  session_id: SessionId | null;
  expires_at: Date | null;
  seen_at: Date | null;
}

const PERSON = "p.id AS person_id, p.name AS person_name, p.role";
/** Of a device `d` of the person `p`: it is over with its person, whatever else its row says. `$1` is now. */
export const DEVICE_HOLDS =
  "d.revoked_at IS NULL AND (d.expires_at IS NULL OR d.expires_at > $1) AND p.removed_at IS NULL";
const SESSION_HOLDS = `s.expires_at > $1 AND s.last_seen_at > $2 AND (s.device_id IS NULL OR (${DEVICE_HOLDS}))`;
const SESSIONS = `sessions s LEFT JOIN devices d ON d.id = s.device_id
  JOIN people p ON p.id = coalesce(d.person_id, '${OWNER_ID}')`;

/** The device that has the token; null when none has it, or it is revoked or expired. Looked up by hash, each time. */
export async function callerOfToken(parts: AccessParts, token: string): Promise<KnownCaller | null> {
  const now = parts.clock.now();
  const { rows } = await parts.database.query<CallerRow>({
    name: "caller_of_token",
    text: `SELECT ${PERSON}, d.id AS device_id, d.name, d.scope, NULL AS session_id, d.expires_at,
             d.last_seen_at AS seen_at
           FROM devices d JOIN people p ON p.id = d.person_id WHERE d.token_hash = $2 AND ${DEVICE_HOLDS}`,
    values: [new Date(now), hashOf(token)],
  });
  return await recognize(parts, rows[0], now);
}

/** The owner or the device whose session has the cookie; the owner's only with the key of today's token. */
export async function callerOfSession(
  parts: AccessParts,
  secret: string,
  ownerKey: string,
): Promise<KnownCaller | null> {
  const now = parts.clock.now();
  const { rows } = await parts.database.query<CallerRow>({
    name: "caller_of_session",
    text: `SELECT ${PERSON}, s.device_id, d.name, d.scope, s.id AS session_id, s.expires_at, s.last_seen_at AS seen_at
           FROM ${SESSIONS}
           WHERE s.cookie_hash = $3 AND ${SESSION_HOLDS} AND (s.device_id IS NOT NULL OR s.owner_key = $4)`,
    values: [new Date(now), new Date(now - SESSION_IDLE_MS), hashOf(secret), ownerKey],
  });
  return await recognize(parts, rows[0], now);
}

async function recognize(parts: AccessParts, row: CallerRow | undefined, now: number): Promise<KnownCaller | null> {
  if (row === undefined) return null;
  if (row.seen_at === null || row.seen_at.getTime() <= now - SEEN_EVERY_MS) await markSeen(parts, row, now);
  const { device_id: id, name, scope } = row;
  return {
    person: { id: row.person_id, name: row.person_name, role: row.role },
    device: id === null || name === null || scope === null ? null : { id, name, scope },
    sessionId: row.session_id,
    expiresAt: row.expires_at?.getTime() ?? null,
  };
}

async function markSeen({ database }: AccessParts, row: CallerRow, now: number): Promise<void> {
  const at = new Date(now);
  if (row.device_id !== null)
    await database.query("UPDATE devices SET last_seen_at = greatest(last_seen_at, $2) WHERE id = $1", [
      row.device_id,
      at,
    ]);
  if (row.session_id !== null)
    await database.query("UPDATE sessions SET last_seen_at = greatest(last_seen_at, $2) WHERE id = $1", [
      row.session_id,
      at,
    ]);
}

/** Those of the devices and sessions, by id, that may still ask for anything. */
export async function stillAllowed(
  { database, clock }: AccessParts,
  ids: { devices: readonly DeviceId[]; sessions: readonly SessionId[] },
): Promise<Set<DeviceId | SessionId>> {
  const now = clock.now();
  const { rows } = await database.query<{ id: DeviceId | SessionId }>({
    name: "still_allowed",
    text: `SELECT d.id FROM devices d JOIN people p ON p.id = d.person_id WHERE d.id = ANY($3) AND ${DEVICE_HOLDS}
           UNION ALL
           SELECT s.id FROM ${SESSIONS} WHERE s.id = ANY($4) AND ${SESSION_HOLDS}`,
    values: [new Date(now), new Date(now - SESSION_IDLE_MS), ids.devices, ids.sessions],
  });
  return new Set(rows.map((row) => row.id));
}
