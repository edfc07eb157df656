import type { InboxEntry } from "@bureau/protocol";
import type { PushSubscriber } from "../domain/push.ts";
import type { Queryable } from "../store/database.ts";

/** To whom an entry may be pushed now, and when to ask again for the others; null: never. */
export interface MayNotifyNow {
  subscribers: readonly PushSubscriber[];
  /** Milliseconds since 1970. */
  againAt: number | null;
}

/**
 * To whom an entry may be pushed now.
 *
 * The one place that decides it: whose inbox the entry is in, and at what hours they want to hear of it. Asked once
 * for an entry and an occasion, and again at `againAt`, so it may look into the database. That an entry was closed is
 * told whenever it happens, to those that were asked.
 */
export type MayNotify = (asked: {
  database: Queryable;
  entry: InboxEntry;
  subscribers: readonly PushSubscriber[];
  now: number;
}) => Promise<MayNotifyNow>;

/** Whoever subscribed hears of everything, at once. */
export const mayNotify: MayNotify = async ({ subscribers }) => ({ subscribers, againAt: null });
