import type { InboxEntry, Scope } from "@bureau/protocol";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { showBadge } from "../../lib/badge.ts";
import { isOffline } from "../../lib/session.ts";
import { useKeptSnapshot, useSnapshot } from "../../lib/use-snapshot.ts";
import { queries } from "../../live/load.ts";
import { useLive, useView } from "../../live/use-live.ts";
import { ranked } from "./order.ts";

/** Fewer than these left of what was fetched: the rest is asked for. */
const FEW = 100;

/** How much waits, also on the app's picture. */
export function useInboxCount(): number {
  const inbox = useView((view) => view.inbox);
  const isKnown = useQuery(queries.inbox).isSuccess;
  const count = useMemo(() => Object.values(inbox).filter(isPending).length, [inbox]);
  useEffect(() => {
    if (isKnown) showBadge(count);
  }, [count, isKnown]);
  return count;
}

export interface Inbox {
  /** Those that wait, the most pressing first. */
  pending: readonly InboxEntry[];
  /** Every entry that is known, decided or not. */
  known: Readonly<Record<string, InboxEntry>>;
  state: "loading" | "ready" | "failed";
  error: unknown;
  retry: () => void;
  /** When what is shown was true; null: it is true now. */
  asOf: string | null;
  /** There are more than are shown. */
  hasMore: boolean;
}

export function useInbox(): Inbox {
  const query = useQuery(queries.inbox);
  useQuery(queries.goals);
  useQuery(queries.agents);
  const connection = useLive((live) => live.connection);
  const inbox = useView((view) => view.inbox);
  const snapshot = useSnapshot(
    !query.isSuccess && (isOffline(query.error ?? query.failureReason) || !navigator.onLine),
  );
  const { isError, refetch } = query;
  useEffect(() => {
    if (isError && connection === "live") void refetch();
  }, [isError, connection, refetch]);
  const known = useMemo(() => withOld(inbox, snapshot?.entries ?? []), [inbox, snapshot]);
  const pending = useMemo(() => ranked(Object.values(known).filter(isPending)), [known]);
  useWholeEntries(inbox);
  useKeptSnapshot(query.isSuccess && connection === "live" ? pending : null);
  const hasMore = query.isSuccess && query.data.nextCursor !== null;
  useEffect(() => {
    if (hasMore && pending.length < FEW) void refetch();
  }, [hasMore, pending.length, refetch]);
  const state = query.isSuccess || snapshot !== null ? "ready" : isError ? "failed" : "loading";
  const retry = () => void refetch();
  return { pending, known, state, error: query.error, retry, asOf: snapshot?.at ?? null, hasMore };
}

/** Who looks: null while nobody knows. Without a connection it is whoever was last seen. */
export function useViewer(): { name: string | null; scope: Scope } {
  const session = useQuery(queries.session);
  const isUnknown = !session.isSuccess;
  const snapshot = useSnapshot(isUnknown);
  return { name: session.data?.name ?? snapshot?.by ?? null, scope: session.data?.scope ?? "full" };
}

/** An event may tell no more than that there is an entry; the rest is fetched. */
function useWholeEntries(inbox: Readonly<Record<string, InboxEntry>>): void {
  const client = useQueryClient();
  useEffect(() => {
    for (const entry of Object.values(inbox)) {
      if (entry.status === "pending" && !isWhole(entry)) void client.prefetchQuery(queries.inboxEntry(entry.id));
    }
  }, [inbox, client]);
}

/** The server checks what it sends; events carry parts. */
export function isWhole(entry: InboxEntry): boolean {
  return (entry as Partial<InboxEntry>).createdAt !== undefined;
}

function isPending(entry: InboxEntry): boolean {
  return entry.status === "pending" && isWhole(entry);
}

function withOld(
  inbox: Readonly<Record<string, InboxEntry>>,
  old: readonly InboxEntry[],
): Readonly<Record<string, InboxEntry>> {
  return old.length === 0 ? inbox : { ...Object.fromEntries(old.map((entry) => [entry.id, entry])), ...inbox };
}
