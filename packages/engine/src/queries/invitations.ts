import {
  AppError,
  type Invitation,
  type InvitationId,
  type InvitationList,
  type ListInvitations,
  type PersonId,
} from "@bureau/protocol";
import type { Queryable } from "../store/database.ts";
import { partOf } from "./page.ts";

export interface InvitationRow {
  id: InvitationId;
  name: string;
  role: "member" | "guest";
  goals: Invitation["goals"];
  threads: Invitation["threads"];
  created_by: string;
  created_at: Date;
  expires_at: Date;
  revoked_at: Date | null;
  accepted_at: Date | null;
  person_id: PersonId | null;
}

/** Newest first. */
export async function listInvitations(
  database: Queryable,
  now: number,
  query: ListInvitations,
): Promise<InvitationList> {
  const { rows } = await database.query<InvitationRow>(
    `SELECT * FROM invitations
     WHERE (CASE WHEN accepted_at IS NOT NULL THEN 'accepted' WHEN revoked_at IS NOT NULL THEN 'revoked'
                 WHEN expires_at <= $1 THEN 'expired' ELSE 'open' END) = ANY($2)
       AND ($3::text IS NULL OR id < $3)
     ORDER BY id DESC LIMIT $4`,
    [new Date(now), query.status, query.cursor ?? null, query.limit + 1],
  );
  const part = partOf(rows, query.limit, (row) => row.id);
  return { invitations: part.rows.map((row) => invitationFromRow(row, now)), nextCursor: part.nextCursor };
}

/** By id, for a change. */
export async function lockInvitation(transaction: Queryable, id: string): Promise<InvitationRow> {
  const { rows } = await transaction.query<InvitationRow>("SELECT * FROM invitations WHERE id = $1 FOR UPDATE", [id]);
  if (rows[0] !== undefined) return rows[0];
  throw new AppError("not_found", `There is no invitation ${id}.`, {
    hint: "`bureau person list --invited` shows the open ones.",
  });
}

export function invitationFromRow(row: InvitationRow, now: number): Invitation {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    status: statusOf(row, now),
    goals: row.goals,
    threads: row.threads,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    acceptedAt: row.accepted_at?.toISOString() ?? null,
    personId: row.person_id,
  };
}

function statusOf(row: InvitationRow, now: number): Invitation["status"] {
  if (row.accepted_at !== null) return "accepted";
  if (row.revoked_at !== null) return "revoked";
  return row.expires_at.getTime() <= now ? "expired" : "open";
}
