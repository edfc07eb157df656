import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Artifact, ArtifactList } from "@bureau/protocol";
import { useEffect, useMemo } from "react";
import { client } from "../../lib/session.ts";
import { mergeThings } from "../../live/merge-things.ts";
import { useView } from "../../live/use-live.ts";

const PAGE = 50;

/** Artifacts in one status, newest first, as events have changed them since. */
export function useArtifactList(status: Artifact["status"]) {
  const query = useInfiniteQuery({
    queryKey: ["artifacts", "pages", status],
    initialPageParam: "",
    queryFn: ({ pageParam }) =>
      client.listArtifacts({
        query: { status: [status], limit: PAGE, ...(pageParam !== "" && { cursor: pageParam }) },
      }),
    getNextPageParam: ({ nextCursor }: ArtifactList) => nextCursor,
    refetchOnMount: "always",
  });
  const live = useView((view) => view.artifacts);
  const artifacts = useMemo(
    () =>
      mergeThings<Artifact>(query.data?.pages.flatMap((page) => page.artifacts) ?? [], live)
        .filter((artifact) => artifact.status === status)
        .toSorted((one, other) => other.updatedAt.localeCompare(one.updatedAt)),
    [query.data, live, status],
  );
  return { query, artifacts };
}

/** One artifact with its versions and comments; asked for again when an event tells of it. */
export function useArtifact(artifact: string) {
  const key = ["artifacts", "one", artifact];
  const queryClient = useQueryClient();
  const query = useQuery({
    queryKey: key,
    queryFn: () => client.getArtifact({ params: { artifact } }),
    refetchOnMount: "always",
  });
  const live = useView((view) => view.artifacts[query.data?.artifact.id ?? artifact]);
  useEffect(() => {
    if (live !== undefined) void queryClient.invalidateQueries({ queryKey: ["artifacts", "one", artifact] });
  }, [live, queryClient, artifact]);
  return query;
}
