import {
  type DeviceId,
  OWNER_ID,
  type PersonId,
  type PushSubscription,
  type PushSubscriptionId,
  type Role,
  type Scope,
  type SessionId,
} from "@bureau/protocol";
import { DEVICE_HOLDS } from "../commands/recognize-caller.ts";
import { SESSION_IDLE_MS } from "../commands/sessions.ts";
import type { Decider } from "../domain/decider.ts";
import { isTheirs, type PushSubscriber } from "../domain/push.ts";
import type { Queryable } from "../store/database.ts";
import { type PersonRow, preferencesOf } from "./people.ts";

export interface PushSubscriptionRow {
  id: PushSubscriptionId;
  endpoint: string;
  p256dh: string;
  auth: string;
  device_id: DeviceId | null;
  session_id: SessionId | null;
  content: boolean;
  closing: boolean;
  created_at: Date;
  last_sent_at: Date | null;
  last_error: string | null;
  device_name: string | null;
  device_scope: Scope | null;
  person_id: PersonId;
  person_name: string;
  role: Role;
  preferences: PersonRow["preferences"];
}

/** When it is, and the key by which sessions of the owner hold. */
export interface Holding {
  now: number;
  ownerKey: string;
}

/** With whose it is: of a device its person's, else the owner's. */
export const SUBSCRIPTIONS = `
  SELECT ps.*, d.name AS device_name, d.scope AS device_scope, p.id AS person_id, p.name AS person_name, p.role,
    p.preferences
  FROM push_subscriptions ps
  LEFT JOIN devices d ON d.id = ps.device_id
  LEFT JOIN sessions s ON s.id = ps.session_id
  JOIN people p ON p.id = coalesce(d.person_id, '${OWNER_ID}')`;

/** Those whose device or session may still ask for anything. `$1` to `$3` are `holdingValues`. */
export const HOLDING_SUBSCRIPTIONS = `${SUBSCRIPTIONS}
  WHERE (ps.device_id IS NULL OR (${DEVICE_HOLDS}))
    AND (ps.session_id IS NULL OR (s.expires_at > $1 AND s.last_seen_at > $2 AND s.owner_key = $3))`;

export function holdingValues({ now, ownerKey }: Holding): unknown[] {
  return [new Date(now), new Date(now - SESSION_IDLE_MS), ownerKey];
}

/** All that hold, oldest first: they are bounded where they are added. */
export async function holdingSubscriptions(database: Queryable, holding: Holding): Promise<PushSubscriptionRow[]> {
  const { rows } = await database.query<PushSubscriptionRow>({
    name: "holding_subscriptions",
    text: `${HOLDING_SUBSCRIPTIONS} ORDER BY ps.created_at, ps.id`,
    values: holdingValues(holding),
  });
  return rows;
}

export function subscriberFromRow(row: PushSubscriptionRow): PushSubscriber {
  const { id, endpoint, p256dh, auth, closing } = row;
  const preferences = preferencesOf(row);
  const content = row.content || preferences.showContent;
  return { id, by: holderOf(row), preferences, endpoint, keys: { p256dh, auth }, content, closing };
}

/** Who decides by it, and what they may. */
export function holderOf(row: PushSubscriptionRow): Decider {
  return { name: row.person_name, scope: row.device_scope ?? "full", role: row.role, device: row.device_name };
}

export function subscriptionFromRow(row: PushSubscriptionRow, own: boolean): PushSubscription {
  return {
    id: row.id,
    name: row.device_name ?? row.person_name,
    person: row.person_name,
    deviceId: row.device_id,
    own,
    service: URL.parse(row.endpoint)?.host ?? "",
    content: row.content,
    closing: row.closing,
    createdAt: row.created_at.toISOString(),
    lastSentAt: row.last_sent_at?.toISOString() ?? null,
    lastError: row.last_error,
  };
}

/** How many entries wait for somebody: what their badge says. */
export async function pendingOf(database: Queryable): Promise<(by: Pick<Decider, "name" | "role">) => number> {
  const { rows } = await database.query<{ assignee: string | null; count: number }>({
    name: "pending_by_assignee",
    text: "SELECT assignee, count(*)::int AS count FROM inbox WHERE status = 'pending' GROUP BY assignee",
  });
  return (by) => rows.filter((row) => isTheirs(row, by)).reduce((sum, { count }) => sum + count, 0);
}
