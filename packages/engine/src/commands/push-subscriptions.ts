import { ECDH } from "node:crypto";
import { isIP } from "node:net";
import {
  type AddPushSubscription,
  AppError,
  type DeviceId,
  newId,
  type PushSubscription,
  type Scope,
  type SessionId,
  type Who,
} from "@bureau/protocol";
import type { Clock } from "../clock.ts";
import {
  type Holding,
  holdingSubscriptions,
  type PushSubscriptionRow,
  subscriptionFromRow,
  SUBSCRIPTIONS,
} from "../queries/push.ts";
import type { OpenedDatabase } from "../store/database.ts";
import { NOTIFY_CHANNEL, PUSH_SIGNAL } from "../store/events.ts";
import { isPublicAddress } from "../tools/public-address.ts";
import { hashOf } from "./access-parts.ts";

/** Of one device, of one session, and of the owner's token. The oldest makes room. */
const MAX_OF_CALLER = 10;
const MAX_OF_ALL = 500;
/** Names that lead nowhere but to this machine and its networks. */
const PRIVATE_NAME = /(?:^|\.)(?:localhost|local|internal|home|lan|intranet|invalid|test|arpa)$/;

/** Who asks, as far as subscriptions belong to them. */
export interface PushCaller {
  person: Who;
  scope: Scope;
  /** Null: the owner. */
  deviceId: DeviceId | null;
  /** Null: they sent a token. */
  sessionId: SessionId | null;
}

export interface SubscriptionParts {
  database: OpenedDatabase;
  clock: Clock;
  /** `host:port` of push services that need be neither public nor encrypted. */
  allowHosts: readonly string[];
}

/**
 * Keeps a browser's subscription. It belongs to the caller's device, else to the owner's session, and ends with it.
 *
 * An address that is there already is changed, and is the caller's from then on: only the browser itself knows it.
 */
export async function addSubscription(
  parts: SubscriptionParts,
  input: AddPushSubscription & { by: PushCaller },
): Promise<PushSubscription> {
  const { by } = input;
  checkEndpoint(input.endpoint, parts.allowHosts);
  const keys = checkKeys(input.keys);
  const sessionId = by.deviceId === null ? by.sessionId : null;
  return await parts.database.transaction(async (transaction) => {
    // One after another, so that the limits hold.
    await transaction.query("SELECT pg_advisory_xact_lock(hashtextextended('push_subscriptions', 0))");
    const hash = hashOf(input.endpoint);
    await transaction.query(
      `DELETE FROM push_subscriptions WHERE id IN (
         SELECT id FROM push_subscriptions
         WHERE device_id IS NOT DISTINCT FROM $1 AND session_id IS NOT DISTINCT FROM $2 AND endpoint_hash <> $3
         ORDER BY created_at DESC, id DESC OFFSET ${MAX_OF_CALLER - 1})`,
      [by.deviceId, sessionId, hash],
    );
    const inserted = await transaction.query<{ id: string }>(
      `INSERT INTO push_subscriptions (id, endpoint, endpoint_hash, p256dh, auth, device_id, session_id, content,
                                       closing, created_at)
       SELECT $1, $2, $3::text, $4, $5, $6, $7, $8, $9, $10
       WHERE (SELECT count(*) FROM push_subscriptions WHERE endpoint_hash <> $3) < ${MAX_OF_ALL}
       ON CONFLICT (endpoint_hash) DO UPDATE SET p256dh = $4, auth = $5, device_id = $6, session_id = $7,
         content = $8, closing = $9, last_error = NULL
       RETURNING id`,
      [
        newId("pushSubscription"),
        input.endpoint,
        hash,
        keys.p256dh,
        keys.auth,
        by.deviceId,
        sessionId,
        input.content,
        input.closing,
        new Date(parts.clock.now()),
      ],
    );
    const id = inserted.rows[0]?.id;
    if (id === undefined) {
      throw new AppError("limit_reached", `There are already ${MAX_OF_ALL} browsers that are pushed to.`, {
        hint: "Remove those that are not used, or revoke their devices.",
      });
    }
    await transaction.query(`SELECT pg_notify('${NOTIFY_CHANNEL}', '${PUSH_SIGNAL}')`);
    const { rows } = await transaction.query<PushSubscriptionRow>(`${SUBSCRIPTIONS} WHERE ps.id = $1`, [id]);
    return subscriptionFromRow(rows[0]!, true);
  });
}

/** Those that hold and that somebody may see. */
export async function listSubscriptions(
  database: OpenedDatabase,
  by: PushCaller,
  holding: Holding,
): Promise<{ rows: PushSubscriptionRow[]; subscriptions: PushSubscription[] }> {
  const rows = (await holdingSubscriptions(database, holding)).filter((row) => isFor(row, by));
  return { rows, subscriptions: rows.map((row) => subscriptionFromRow(row, isOwn(row, by))) };
}

/** Removes one that somebody may see. Throws `not_found` for anything else. */
export async function removeSubscription(database: OpenedDatabase, id: string, by: PushCaller): Promise<void> {
  await database.transaction(async (transaction) => {
    const { rows } = await transaction.query<PushSubscriptionRow>(`${SUBSCRIPTIONS} WHERE ps.id = $1`, [id]);
    if (rows[0] === undefined || !isFor(rows[0], by)) throw noSubscription(id);
    await transaction.query("DELETE FROM push_subscriptions WHERE id = $1", [id]);
    await transaction.query(`SELECT pg_notify('${NOTIFY_CHANNEL}', '${PUSH_SIGNAL}')`);
  });
}

export function noSubscription(id: string): AppError {
  return new AppError("not_found", `There is no subscription ${id.slice(0, 80)}.`, {
    hint: "GET /api/push/subscriptions lists those that hold.",
  });
}

/** A device sees its own; with the scope full also its person's others, and the owner's all. */
function isFor(row: PushSubscriptionRow, by: PushCaller): boolean {
  if (isOwn(row, by)) return true;
  return by.scope === "full" && (by.person.role === "owner" || row.person_id === by.person.id);
}

function isOwn(row: PushSubscriptionRow, by: PushCaller): boolean {
  if (by.deviceId !== null) return row.device_id === by.deviceId;
  return row.device_id === null && row.session_id === by.sessionId;
}

/**
 * Throws `invalid` unless it is an address of the public internet that encrypts. Names are looked up when something
 * is sent, and checked again then.
 */
export function checkEndpoint(endpoint: string, allowHosts: readonly string[]): void {
  const url = URL.parse(endpoint);
  if (url === null) throw wrongEndpoint("is no address");
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  if (url.username !== "" || url.password !== "") throw wrongEndpoint("carries a user name or a password");
  const isAllowed = allowHosts.some((host) => host.toLowerCase() === `${url.hostname}:${port}`);
  if (isAllowed && (url.protocol === "https:" || url.protocol === "http:")) return;
  if (url.protocol !== "https:") throw wrongEndpoint("does not begin with https:");
  const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  const isPublic = isIP(host) === 0 ? host.includes(".") && !PRIVATE_NAME.test(host) : isPublicAddress(host);
  if (!isPublic) throw wrongEndpoint("is not on the public internet");
}

function wrongEndpoint(why: string): AppError {
  return new AppError("invalid", `The push service's address ${why}.`, {
    hint: "Send what PushSubscription.toJSON() gives in the browser.",
  });
}

/** Without what pads them. Throws `invalid` where the public key is no point of the curve. */
function checkKeys(keys: AddPushSubscription["keys"]): AddPushSubscription["keys"] {
  const p256dh = keys.p256dh.replace(/=+$/, "");
  try {
    ECDH.convertKey(p256dh, "prime256v1", "base64url", "hex", "uncompressed");
  } catch (error) {
    throw new AppError("invalid", "keys.p256dh is no public key of P-256.", {
      hint: "Send what PushSubscription.toJSON() gives in the browser.",
      cause: error,
    });
  }
  return { p256dh, auth: keys.auth.replace(/=+$/, "") };
}
