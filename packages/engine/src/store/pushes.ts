import type { PushOccasion, PushSubscriptionId } from "@bureau/protocol";
import type { Queryable } from "./database.ts";

const MAX_ERROR_CHARACTERS = 300;
/** Entries that a start looks back to. */
const MAX_MISSED = 20;
const MISSED_MS = 24 * 60 * 60_000;

export interface NewPushToken {
  hash: string;
  entryId: string;
  subscriptionId: string;
  actionHash: string;
  decision: "approve" | "deny";
  expiresAt: Date;
}

/**
 * Takes the pushes of one entry and occasion: returns those subscriptions for which nobody took them before.
 *
 * Committed before anything is sent, so that nothing is pushed twice, by whichever process. That an entry was closed
 * is told to those alone that were asked.
 */
export async function claimPushes(
  transaction: Queryable,
  claim: { entryId: string; occasion: PushOccasion; subscriptions: readonly PushSubscriptionId[]; now: Date },
): Promise<Set<PushSubscriptionId>> {
  const { rows } = await transaction.query<{ subscription_id: PushSubscriptionId }>({
    name: "claim_pushes",
    text: `INSERT INTO pushes (entry_id, subscription_id, occasion, status, claimed_at)
           SELECT $1, p.id, $2, 'claimed', $4 FROM push_subscriptions p
           WHERE p.id = ANY($3) AND ($2 <> 'closed' OR EXISTS (
             SELECT 1 FROM pushes asked WHERE asked.entry_id = $1 AND asked.subscription_id = p.id
               AND asked.occasion = 'asked'))
           ON CONFLICT DO NOTHING RETURNING subscription_id`,
    values: [claim.entryId, claim.occasion, claim.subscriptions, claim.now],
  });
  return new Set(rows.map((row) => row.subscription_id));
}

export async function addPushTokens(transaction: Queryable, tokens: readonly NewPushToken[]): Promise<void> {
  if (tokens.length === 0) return;
  await transaction.query({
    name: "add_push_tokens",
    text: `INSERT INTO push_tokens (token_hash, entry_id, subscription_id, action_hash, decision, expires_at)
           SELECT t.hash, t."entryId", t."subscriptionId", t."actionHash", t.decision, t."expiresAt"
           FROM jsonb_to_recordset($1::jsonb) AS t(hash text, "entryId" text, "subscriptionId" text,
             "actionHash" text, decision text, "expiresAt" timestamptz)`,
    values: [JSON.stringify(tokens)],
  });
}

/** What became of a push. Nothing where the subscription has been removed since. */
export async function settlePush(
  database: Queryable,
  push: {
    entryId: string;
    occasion: PushOccasion;
    subscriptionId: PushSubscriptionId;
    now: Date;
    error: string | null;
  },
): Promise<void> {
  await database.query({
    name: "settle_push",
    text: `WITH settled AS (
             UPDATE pushes SET status = CASE WHEN $5::text IS NULL THEN 'sent' ELSE 'failed' END
             WHERE entry_id = $1 AND subscription_id = $2 AND occasion = $3)
           UPDATE push_subscriptions SET last_error = $5,
             last_sent_at = CASE WHEN $5::text IS NULL THEN $4 ELSE last_sent_at END
           WHERE id = $2`,
    values: [
      push.entryId,
      push.subscriptionId,
      push.occasion,
      push.now,
      push.error === null ? null : push.error.slice(0, MAX_ERROR_CHARACTERS),
    ],
  });
}

/** The push service knows the subscription no more. */
export async function forgetSubscription(database: Queryable, id: PushSubscriptionId): Promise<void> {
  await database.query("DELETE FROM push_subscriptions WHERE id = $1", [id]);
}

/** Whether an entry still waits: a message about one that does not is not tried again. */
export async function isPending(database: Queryable, entryId: string): Promise<boolean> {
  const { rows } = await database.query("SELECT 1 FROM inbox WHERE id = $1 AND status = 'pending'", [entryId]);
  return rows.length > 0;
}

/** Newest entries that wait and of which a subscription that was there before was never told, oldest first. */
export async function missedEntries(database: Queryable, now: number): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(
    `SELECT i.id FROM inbox i
     WHERE i.status = 'pending' AND i.created_at > $1 AND EXISTS (
       SELECT 1 FROM push_subscriptions p WHERE p.created_at < i.created_at AND NOT EXISTS (
         SELECT 1 FROM pushes d WHERE d.entry_id = i.id AND d.subscription_id = p.id AND d.occasion = 'asked'))
     ORDER BY i.created_at DESC, i.id DESC LIMIT ${MAX_MISSED}`,
    [new Date(now - MISSED_MS)],
  );
  return rows.map((row) => row.id).toReversed();
}
