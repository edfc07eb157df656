import { AppError, type Device, type DeviceId, type DeviceList, type ListDevices } from "@bureau/protocol";
import type { Queryable } from "../store/database.ts";
import { partOf } from "./page.ts";

export interface DeviceRow {
  id: DeviceId;
  name: string;
  scope: Device["scope"];
  created_by: string;
  created_at: Date;
  last_seen_at: Date | null;
  expires_at: Date | null;
  revoked_at: Date | null;
}

/** Newest first. */
export async function listDevices(database: Queryable, now: number, query: ListDevices): Promise<DeviceList> {
  const { rows } = await database.query<DeviceRow>(
    `SELECT * FROM devices
     WHERE (CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= $1 THEN 'expired' ELSE 'active' END) = ANY($2)
       AND ($3::text IS NULL OR id < $3)
     ORDER BY id DESC LIMIT $4`,
    [new Date(now), query.status, query.cursor ?? null, query.limit + 1],
  );
  const part = partOf(rows, query.limit, (row) => row.id);
  return { devices: part.rows.map((row) => deviceFromRow(row, now)), nextCursor: part.nextCursor };
}

/** By id, or by the name of one that is not revoked: a name is free again after that. */
export async function findDevice(database: Queryable, device: string): Promise<DeviceRow> {
  const { rows } = await database.query<DeviceRow>(
    "SELECT * FROM devices WHERE id = $1 OR (lower(name) = lower($1) AND revoked_at IS NULL) LIMIT 1",
    [device],
  );
  if (rows[0] !== undefined) return rows[0];
  throw new AppError("not_found", `There is no device ${device}.`, { hint: "`bureau device list` shows them." });
}

export function deviceFromRow(row: DeviceRow, now: number): Device {
  const expired = row.expires_at !== null && row.expires_at.getTime() <= now;
  return {
    id: row.id,
    name: row.name,
    scope: row.scope,
    status: row.revoked_at !== null ? "revoked" : expired ? "expired" : "active",
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    lastSeenAt: row.last_seen_at?.toISOString() ?? null,
    expiresAt: row.expires_at?.toISOString() ?? null,
    revokedAt: row.revoked_at?.toISOString() ?? null,
  };
}
