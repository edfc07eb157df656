import { z } from "zod";
import { INBOX_KINDS } from "./inbox.ts";
import type { DeviceId, PushSubscriptionId } from "./ids.ts";

/** What a notification lets a person do: decide approvals from the lock screen, or only open what waits. */
export const PUSH_ACTIONS = ["approvals", "none"] as const;
export type PushActions = (typeof PUSH_ACTIONS)[number];

/** Why an entry of the inbox is pushed. Each happens at most once for an entry and a subscription. */
export const PUSH_OCCASIONS = ["asked", "reminded", "closed"] as const;
export type PushOccasion = (typeof PUSH_OCCASIONS)[number];

/** Tokens that decide this one approval, once each; whoever has one needs no other token. */
export const PushDecisions = z.object({ approve: z.string(), deny: z.string() });
export type PushDecisions = z.infer<typeof PushDecisions>;

/** What stands in a notification. */
export const PushContent = z.object({ title: z.string(), line: z.string() });
export type PushContent = z.infer<typeof PushContent>;

/** What the service worker reads from a push, as JSON. Holds nothing of what is asked unless the subscription wants it. */
export const PushMessage = z.discriminatedUnion("type", [
  z.object({
    type: z.enum(["asked", "reminded"]),
    entryId: z.string(),
    kind: z.enum(INBOX_KINDS),
    /** Entries that wait now. */
    badge: z.number().int(),
    /** Null: it can only be opened. */
    actions: PushDecisions.nullable(),
    content: PushContent.nullable(),
  }),
  /** Decided, here or elsewhere: its notification goes. */
  z.object({ type: z.literal("closed"), entryId: z.string(), badge: z.number().int() }),
  z.object({ type: z.literal("test"), badge: z.number().int() }),
]);
export type PushMessage = z.infer<typeof PushMessage>;

/** A browser that is pushed to. Its address and keys are told to nobody. */
export const PushSubscription = z.object({
  id: z.custom<PushSubscriptionId>((value) => typeof value === "string"),
  /** `owner`, or the device's name. */
  name: z.string(),
  /** The name of the person who is told. */
  person: z.string(),
  deviceId: z.custom<DeviceId>((value) => typeof value === "string").nullable(),
  /** It belongs to whoever asks: to this session, or to this device. */
  own: z.boolean(),
  /** Host of the push service. */
  service: z.string(),
  content: z.boolean(),
  closing: z.boolean(),
  createdAt: z.string(),
  lastSentAt: z.string().nullable(),
  /** What the push service said last, where it took nothing. */
  lastError: z.string().nullable(),
});
export type PushSubscription = z.infer<typeof PushSubscription>;

export const PushKey = z.object({ publicKey: z.string() });
export type PushKey = z.infer<typeof PushKey>;

export const PushStatus = z.object({
  /** Null while push cannot be used; `problem` says why. */
  publicKey: z.string().nullable(),
  problem: z.object({ message: z.string(), hint: z.string().nullable() }).nullable(),
  /** How push services may reach whoever runs this Bureau. */
  subject: z.string().nullable(),
  actions: z.enum(PUSH_ACTIONS),
  /** Those that hold, of everybody. */
  subscriptions: z.number().int(),
});
export type PushStatus = z.infer<typeof PushStatus>;

export const PushSubscriptionList = z.object({ subscriptions: z.array(PushSubscription) });
export type PushSubscriptionList = z.infer<typeof PushSubscriptionList>;

/** What became of one push: `gone` subscriptions are removed. */
export const PUSH_RESULTS = ["sent", "gone", "failed"] as const;

export const PushTested = z.object({
  results: z.array(
    z.object({
      subscriptionId: z.string(),
      name: z.string(),
      service: z.string(),
      status: z.enum(PUSH_RESULTS),
      message: z.string(),
    }),
  ),
});
export type PushTested = z.infer<typeof PushTested>;

export const PushDecided = z.object({ entryId: z.string(), status: z.enum(["approved", "denied"]) });
export type PushDecided = z.infer<typeof PushDecided>;
