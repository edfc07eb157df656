import type { InboxEntry } from "@bureau/protocol";
import type { PushSubscriber } from "../domain/push.ts";
import type { Queryable } from "../store/database.ts";

/**
 * Those of the subscribers to whom an entry may be pushed now.
 *
 * The one place that decides it: whose inbox the entry is in, and at what hours they want to hear of it. Asked once
 * for an entry and an occasion, so it may look into the database.
 */
export type MayNotify = (asked: {
  database: Queryable;
  entry: InboxEntry;
  subscribers: readonly PushSubscriber[];
  now: number;
}) => Promise<readonly PushSubscriber[]>;

/** Whoever subscribed hears of everything. */
export const mayNotify: MayNotify = async ({ subscribers }) => subscribers;
