import { z } from "zod";
import { Line, Reference } from "./api-inputs.ts";
import { endpoint } from "./endpoint.ts";
import { PushDecided, PushKey, PushStatus, PushSubscription, PushSubscriptionList, PushTested } from "./push.ts";

const group = "push";
const ENDPOINT_CHARACTERS = 2_000;
/** A point of the curve P-256, and 16 bytes, as browsers write them. */
const PUBLIC_KEY = /^[A-Za-z0-9_-]{87}=?$/;
const AUTH_SECRET = /^[A-Za-z0-9_-]{22}(?:==)?$/;

/** What `PushSubscription.toJSON()` gives in a browser, and what it is wanted for. */
export const AddPushSubscription = z.strictObject({
  endpoint: z.string().min(1).max(ENDPOINT_CHARACTERS),
  keys: z.strictObject({
    p256dh: z.string().regex(PUBLIC_KEY, { message: "must be a public key of 65 bytes in base64url" }),
    auth: z.string().regex(AUTH_SECRET, { message: "must be 16 bytes in base64url" }),
  }),
  expirationTime: z.number().nullable().optional(),
  /** Also says in the notification what is asked; it can be read on a locked screen. */
  content: z.boolean().default(false),
  /** Also pushes that an entry was decided. Not for browsers that take away leave after a push that shows nothing. */
  closing: z.boolean().default(true),
});
export type AddPushSubscription = z.infer<typeof AddPushSubscription>;

export const TestPush = z.strictObject({
  /** Absent: all that the caller sees. */
  subscription: Reference.optional(),
});
export type TestPush = z.infer<typeof TestPush>;

export const DecideByPush = z.strictObject({ token: Line });
export type DecideByPush = z.infer<typeof DecideByPush>;

export const pushApi = {
  getPush: endpoint("GET", "/api/push", {
    summary: "Whether notifications can be pushed, and what is missing if not",
    group,
    reply: PushStatus,
  }),
  getPushKey: endpoint("GET", "/api/push/key", {
    summary: "The public key that a browser subscribes with; made at the first question",
    group,
    reply: PushKey,
    errors: ["conflict", "unavailable"],
  }),
  listPushSubscriptions: endpoint("GET", "/api/push/subscriptions", {
    summary: "Browsers that are pushed to: everybody sees their own, the owner all",
    group,
    reply: PushSubscriptionList,
  }),
  addPushSubscription: endpoint("POST", "/api/push/subscriptions", {
    summary:
      "Push to this browser; it ends with the session or the device that asked. The same address again changes it",
    group,
    scope: "read",
    body: AddPushSubscription,
    reply: PushSubscription,
    errors: ["conflict", "limit_reached", "unavailable"],
  }),
  removePushSubscription: endpoint("DELETE", "/api/push/subscriptions/:subscriptionId", {
    summary: "Push to this browser no more; everybody may do it to their own",
    group,
    scope: "read",
    reply: "empty",
    errors: ["not_found"],
  }),
  testPush: endpoint("POST", "/api/push/test", {
    summary: "Push a test, and tell what the push services answered",
    group,
    scope: "read",
    body: TestPush,
    reply: PushTested,
    errors: ["not_found", "conflict", "unavailable"],
  }),
  decideByPush: endpoint("POST", "/api/push/decide", {
    summary: "Decide the one approval that a notification's token was made for, once",
    group,
    open: true,
    body: DecideByPush,
    reply: PushDecided,
    errors: ["unauthenticated", "forbidden", "conflict"],
  }),
};
