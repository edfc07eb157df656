import { type EffectStatus } from "@bureau/protocol";
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { client } from "../../lib/session.ts";
import type { EffectFilter } from "./effect-filters.tsx";
import { pressingFirst } from "./undo.ts";

const PAGE = 50;
const MAX_UNKNOWN = 100;

/** The ledger by parts, and every unknown effect however old it is. */
export function useEffects(filter: EffectFilter) {
  const asked = askedFor(filter);
  const query = useInfiniteQuery({
    queryKey: ["effects", "list", asked],
    initialPageParam: null as string | null,
    queryFn: ({ pageParam }) =>
      client.listEffects({ query: { ...asked, limit: PAGE, ...(pageParam !== null && { cursor: pageParam }) } }),
    getNextPageParam: (last) => last.nextCursor,
    placeholderData: keepPreviousData,
  });
  const isOfAll = filter.status === "" || filter.status === "unknown";
  const unknown = useQuery({
    queryKey: ["effects", "unknown", asked],
    queryFn: () => client.listEffects({ query: { ...asked, status: ["unknown"], limit: MAX_UNKNOWN } }),
    enabled: isOfAll,
    placeholderData: keepPreviousData,
  });
  const effects = useMemo(() => {
    const all = [
      ...(isOfAll ? (unknown.data?.effects ?? []) : []),
      ...(query.data?.pages ?? []).flatMap((page) => page.effects),
    ];
    return pressingFirst([...new Map(all.map((effect) => [effect.id, effect])).values()]);
  }, [isOfAll, unknown.data, query.data]);
  return { effects, query };
}

function askedFor({ status, goal, agent }: EffectFilter): { status?: EffectStatus[]; goal?: string; agent?: string } {
  return {
    ...(status !== "" && { status: [status] }),
    ...(goal !== "" && { goal }),
    ...(agent !== "" && { agent }),
  };
}
