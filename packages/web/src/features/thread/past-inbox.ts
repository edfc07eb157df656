import type { InboxEntry, View } from "@bureau/protocol";
import { createContext, use } from "react";
import { useView } from "../../live/use-live.ts";

/** The inbox as it was at the moment that is shown; null for now. */
export const PastInbox = createContext<View["inbox"] | null>(null);

/** One entry of the inbox of the moment that is shown. `find` must give the same entry while nothing changes. */
export function useInboxEntry(find: (inbox: View["inbox"]) => InboxEntry | undefined): InboxEntry | undefined {
  const past = use(PastInbox);
  const now = useView((view) => (past === null ? find(view.inbox) : undefined));
  return past === null ? now : find(past);
}

/** True in a replay: nothing is to be fetched for it. */
export function useIsPast(): boolean {
  return use(PastInbox) !== null;
}
