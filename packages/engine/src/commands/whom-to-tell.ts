import type { InboxEntry } from "@bureau/protocol";
import { mayNotify } from "../domain/may-notify.ts";
import { isTheirs, type PushSubscriber } from "../domain/push.ts";

/** To whom an entry may be pushed now, and when to ask again for the others; null: never. */
export interface Told {
  subscribers: readonly PushSubscriber[];
  /** Milliseconds since 1970. */
  againAt: number | null;
}

/**
 * To whom an entry may be pushed now: whose inbox it is in, of the kinds and at the hours that they chose.
 *
 * Asked once for an entry and an occasion, and again at `againAt`. That an entry was closed is told whenever it
 * happens, to those that were asked.
 */
export function whomToTell(
  entry: Pick<InboxEntry, "assignee" | "kind">,
  subscribers: readonly PushSubscriber[],
  now: number,
): Told {
  const told: { subscribers: PushSubscriber[]; againAt: number | null } = { subscribers: [], againAt: null };
  for (const subscriber of subscribers) {
    if (!isTheirs(entry, subscriber.by)) continue;
    const may = mayNotify(subscriber.preferences, now, entry.kind);
    if (may.type === "now") told.subscribers.push(subscriber);
    if (may.type === "later") told.againAt = Math.min(may.at, told.againAt ?? may.at);
  }
  return told;
}
