import type { DeviceId, PushSubscription, PushSubscriptionId, Scope, SessionId } from "@bureau/protocol";
import { DEVICE_HOLDS } from "../commands/recognize-caller.ts";
import { SESSION_IDLE_MS } from "../commands/sessions.ts";
import type { PushSubscriber } from "../domain/push.ts";
import type { Queryable } from "../store/database.ts";

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
}

/** When it is, and the key by which sessions of the owner hold. */
export interface Holding {
  now: number;
  ownerKey: string;
}

const OWNER = "owner";

/** Subscriptions whose device or session may still ask for anything. `$1` to `$3` are `holdingValues`. */
export const HOLDING_SUBSCRIPTIONS = `
  SELECT p.*, d.name AS device_name, d.scope AS device_scope FROM push_subscriptions p
  LEFT JOIN devices d ON d.id = p.device_id
  LEFT JOIN sessions s ON s.id = p.session_id
  WHERE (p.device_id IS NULL OR (${DEVICE_HOLDS}))
    AND (p.session_id IS NULL OR (s.expires_at > $1 AND s.last_seen_at > $2 AND s.owner_key = $3))`;

export function holdingValues({ now, ownerKey }: Holding): unknown[] {
  return [new Date(now), new Date(now - SESSION_IDLE_MS), ownerKey];
}

/** All that hold, oldest first: they are bounded where they are added. */
export async function holdingSubscriptions(database: Queryable, holding: Holding): Promise<PushSubscriptionRow[]> {
  const { rows } = await database.query<PushSubscriptionRow>({
    name: "holding_subscriptions",
    text: `${HOLDING_SUBSCRIPTIONS} ORDER BY p.created_at, p.id`,
    values: holdingValues(holding),
  });
  return rows;
}

export function subscriberFromRow(row: PushSubscriptionRow): PushSubscriber {
  const { id, endpoint, p256dh, auth, content, closing } = row;
  return { id, ...holderOf(row), endpoint, keys: { p256dh, auth }, content, closing };
}

/** Who decides by it, and what they may. */
export function holderOf(row: Pick<PushSubscriptionRow, "device_name" | "device_scope">): {
  name: string;
  scope: Scope;
} {
  return { name: row.device_name ?? OWNER, scope: row.device_scope ?? "full" };
}

export function subscriptionFromRow(row: PushSubscriptionRow, own: boolean): PushSubscription {
  return {
    id: row.id,
    name: holderOf(row).name,
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

/** How many entries wait: what the badge says. */
export async function pendingCount(database: Queryable): Promise<number> {
  const { rows } = await database.query<{ count: number }>({
    name: "pending_count",
    text: "SELECT count(*)::int AS count FROM inbox WHERE status = 'pending'",
  });
  return rows[0]?.count ?? 0;
}
