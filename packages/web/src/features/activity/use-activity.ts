import type { ActivityEntry, ActivityKind, ActivityList } from "@bureau/protocol";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { client } from "../../lib/session.ts";
import { useView } from "../../live/use-live.ts";
import { newerThan } from "./activity-days.ts";

const PAGE = 50;
/** Events often come many at once; what they were is asked for when they have paused for this long. */
const SETTLE_MS = 800;

export interface ActivityFilter {
  kind: ActivityKind | "";
  /** An agent's id; empty for all. */
  agent: string;
}

const list = ({ kind, agent }: ActivityFilter, before: number | null) =>
  client.listActivity({
    query: {
      limit: PAGE,
      ...(kind !== "" && { kind: [kind] }),
      ...(agent !== "" && { agent }),
      ...(before !== null && { before }),
    },
  });

/** What happened, part by part, and what has happened since, which is kept back until it is asked for. */
export function useActivity(filter: ActivityFilter) {
  const { kind, agent } = filter;
  const pages = useInfiniteQuery({
    queryKey: ["activity", kind, agent],
    initialPageParam: null as number | null,
    queryFn: ({ pageParam }) => list(filter, pageParam),
    getNextPageParam: ({ nextBefore }: ActivityList) => nextBefore,
    refetchOnMount: "always",
  });
  const lastSeq = useSettledSeq();
  const loaded = useMemo(() => pages.data?.pages.flatMap((page) => page.entries) ?? [], [pages.data]);
  const [taken, setTaken] = useState<{ of: string; entries: readonly ActivityEntry[] }>({ of: "", entries: [] });
  const of = `${kind} ${agent}`;
  const entries = useMemo(
    () => (taken.of === of ? [...newerThan(taken.entries, loaded[0]?.seq ?? 0), ...loaded] : loaded),
    [taken, loaded, of],
  );
  const newest = entries[0]?.seq ?? 0;
  const fresh = useQuery({
    queryKey: ["activity", "fresh", kind, agent, lastSeq],
    queryFn: () => list(filter, null),
    enabled: pages.data !== undefined && lastSeq > newest,
    placeholderData: keepPreviousData,
    gcTime: 0,
  });
  const waiting = useMemo(() => newerThan(fresh.data?.entries ?? [], newest), [fresh.data, newest]);
  return {
    pages,
    entries,
    waiting: waiting.length,
    /** There are so many new ones that the list has to be read anew to have all of them. */
    hasManyWaiting: waiting.length >= PAGE,
    showNew: () => {
      if (waiting.length >= PAGE) void pages.refetch();
      else setTaken({ of, entries: [...waiting, ...(taken.of === of ? taken.entries : [])] });
    },
  };
}

/** The newest event, once no more have come for a moment. */
function useSettledSeq(): number {
  const lastSeq = useView((view) => view.lastSeq);
  const [settled, setSettled] = useState(lastSeq);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(lastSeq), SETTLE_MS);
    return () => window.clearTimeout(timer);
  }, [lastSeq]);
  return settled;
}
