import {
  AppError,
  type Device,
  type DeviceId,
  type DeviceList,
  type ListDevices,
  type PersonId,
} from "@bureau/protocol";
import type { Queryable } from "../store/database.ts";
import { partOf } from "./page.ts";

export interface DeviceRow {
  id: DeviceId;
  name: string;
  person_id: PersonId;
  person: string;
  scope: Device["scope"];
  created_by: string;
  created_at: Date;
  last_seen_at: Date | null;
  expires_at: Date | null;
  revoked_at: Date | null;
}

/** The columns of `DeviceRow`, from devices `d` and people `p`. */
export const NAMED_DEVICE = "SELECT d.*, p.name AS person";
const FROM_DEVICES = "FROM devices d JOIN people p ON p.id = d.person_id";
/** Enough to see that a name is of several. */
const MAX_NAMESAKES = 3;

/** Newest first; of one person, where one is given. */
export async function listDevices(
  database: Queryable,
  now: number,
  query: ListDevices & { of: PersonId | null },
): Promise<DeviceList> {
  const { rows } = await database.query<DeviceRow>(
    `${NAMED_DEVICE} ${FROM_DEVICES}
     WHERE (CASE WHEN d.revoked_at IS NOT NULL THEN 'revoked' WHEN d.expires_at <= $1 THEN 'expired' ELSE 'active' END) = ANY($2)
       AND ($3::text IS NULL OR d.id < $3) AND ($5::text IS NULL OR d.person_id = $5)
     ORDER BY d.id DESC LIMIT $4`,
    [new Date(now), query.status, query.cursor ?? null, query.limit + 1, query.of],
  );
  const part = partOf(rows, query.limit, (row) => row.id);
  return { devices: part.rows.map((row) => deviceFromRow(row, now)), nextCursor: part.nextCursor };
}

/**
 * By id, or by the name of one that is not revoked: a name is free again after that. With `of`, only that person's;
 * else one's own comes before those of others.
 */
export async function findDevice(
  database: Queryable,
  device: string,
  { asker, of }: { asker: PersonId; of: PersonId | null },
): Promise<DeviceRow> {
  const { rows } = await database.query<DeviceRow>(
    `${NAMED_DEVICE} ${FROM_DEVICES}
     WHERE (d.id = $1 OR (lower(d.name) = lower($1) AND d.revoked_at IS NULL)) AND ($3::text IS NULL OR d.person_id = $3)
     ORDER BY (d.id = $1) DESC, (d.person_id = $2) DESC LIMIT ${MAX_NAMESAKES}`,
    [device, asker, of],
  );
  const [found, other] = rows;
  if (found === undefined) {
    throw new AppError("not_found", `There is no device ${device}.`, { hint: "`bureau device list` shows them." });
  }
  if (other !== undefined && found.id !== device && found.person_id !== asker) {
    throw new AppError("conflict", `Several people have a device named ${device}.`, {
      hint: "Name it by its id, which `bureau device list` shows.",
    });
  }
  return found;
}

export function deviceFromRow(row: DeviceRow, now: number): Device {
  const expired = row.expires_at !== null && row.expires_at.getTime() <= now;
  return {
    id: row.id,
    name: row.name,
    personId: row.person_id,
    person: row.person,
    scope: row.scope,
    status: row.revoked_at !== null ? "revoked" : expired ? "expired" : "active",
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    lastSeenAt: row.last_seen_at?.toISOString() ?? null,
    expiresAt: row.expires_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  };
}
