import type { Artifact, Evidence, Goal, InboxEntry, Run, Task } from "@bureau/protocol";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { queries } from "../../live/load.ts";
import { isWhole, mergeThing, mergeThings } from "../../live/merge-things.ts";
import { useView } from "../../live/use-live.ts";

/** A goal by its id or name, as it is now. */
export function useGoal(reference: string) {
  const query = useQuery(queries.goal(reference));
  const id = query.data?.id ?? reference;
  const live = useView((view) => view.goals[id]);
  const fetched = query.data;
  return { query, goal: useMemo(() => mergeThing<Goal>(fetched, live), [fetched, live]) };
}

/** What the goal's checks found, newest first. */
export function useEvidence(goalId: string) {
  const query = useInfiniteQuery(queries.goalEvidencePages(goalId));
  const live = useView((view) => view.evidence);
  const evidence = useMemo(
    () =>
      mergeThings<Evidence>(query.data?.pages.flatMap((page) => page.evidence) ?? [], live).filter(
        (found) => found.goalId === goalId,
      ),
    [query.data, live, goalId],
  );
  return { query, evidence };
}

/** The goal's runs, newest first. */
export function useRuns(goalId: string) {
  const query = useInfiniteQuery(queries.goalRunPages(goalId));
  const live = useView((view) => view.runs);
  const runs = useMemo(
    () =>
      mergeThings<Run>(query.data?.pages.flatMap((page) => page.runs) ?? [], live).filter(
        (run) => run.goalId === goalId,
      ),
    [query.data, live, goalId],
  );
  return { query, runs };
}

export function useTasks(goalId: string): Task[] {
  const { data } = useQuery(queries.goalTasks(goalId));
  const live = useView((view) => view.tasks);
  return useMemo(
    () => mergeThings<Task>(data?.tasks ?? [], live).filter((task) => task.goalId === goalId),
    [data, live, goalId],
  );
}

/** What the goal's runs have published, newest first. */
export function useArtifacts(goalId: string): Artifact[] {
  const { data } = useQuery(queries.goalArtifacts(goalId));
  const live = useView((view) => view.artifacts);
  return useMemo(
    () =>
      mergeThings<Artifact>(data?.artifacts ?? [], live).filter(
        (artifact) => artifact.goalId === goalId && artifact.status === "published",
      ),
    [data, live, goalId],
  );
}

/** What waits for a person of this goal, the oldest first: it has waited longest. */
export function useWaiting(goalId: string): InboxEntry[] {
  useQuery(queries.inbox);
  const inbox = useView((view) => view.inbox);
  return useMemo(
    () =>
      Object.values(inbox)
        .filter((entry) => entry.goalId === goalId && entry.status === "pending" && isWhole(entry))
        .toSorted((one, other) => (one.id < other.id ? -1 : 1)),
    [inbox, goalId],
  );
}

/** Whether the runtime runs this goal's checks at this moment. */
export function useIsChecking(runs: readonly Run[]): boolean {
  const steps = useView((view) => view.steps);
  return useMemo(() => {
    const open = new Set(runs.filter(({ status }) => status === "running").map(({ id }) => id));
    return Object.values(steps).some(
      ({ runId, kind, status }) => kind === "check" && status === "running" && open.has(runId),
    );
  }, [steps, runs]);
}
