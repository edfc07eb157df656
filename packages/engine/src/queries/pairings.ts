import { AppError, type DeviceId, type Pairing, type PairingId, type PersonId } from "@bureau/protocol";
import type { Queryable } from "../store/database.ts";

export interface PairingRow {
  id: PairingId;
  person_id: PersonId;
  name: string | null;
  scope: Pairing["scope"];
  created_by: string;
  created_at: Date;
  expires_at: Date;
  redeemed_at: Date | null;
  device_id: DeviceId | null;
}

/** `of`: only if it is that person's. */
export async function findPairing(database: Queryable, id: string, of: PersonId | null): Promise<PairingRow> {
  const { rows } = await database.query<PairingRow>(
    "SELECT * FROM pairings WHERE id = $1 AND ($2::text IS NULL OR person_id = $2)",
    [id, of],
  );
  if (rows[0] !== undefined) return rows[0];
  throw new AppError("not_found", `There is no pairing ${id}.`, { hint: "Make one with `bureau device pair`." });
}

export function pairingFromRow(row: PairingRow, now: number): Pairing {
  const over = row.expires_at.getTime() <= now;
  return {
    id: row.id,
    personId: row.person_id,
    name: row.name,
    scope: row.scope,
    status: row.redeemed_at !== null ? "redeemed" : over ? "expired" : "open",
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    deviceId: row.device_id,
  };
}
