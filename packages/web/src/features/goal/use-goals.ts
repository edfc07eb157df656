import type { Agent, Goal } from "@bureau/protocol";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { queries } from "../../live/load.ts";
import { mergeThings } from "../../live/merge-things.ts";
import { useView } from "../../live/use-live.ts";
import {
  countWaiting,
  type GoalFilter,
  type GoalGroup,
  goalListRows,
  isWanted,
  OPEN_STATUSES,
  OVER_STATUSES,
} from "./goal-groups.ts";

const OPEN_PAGE = 200;
const OVER_PAGE = 50;

/** The goals of the list, as far as they were fetched and as events have changed them since. */
export function useGoalList(filter: GoalFilter, unfolded: readonly GoalGroup[]) {
  const open = useInfiniteQuery(queries.goalPages(OPEN_STATUSES, OPEN_PAGE));
  const over = useInfiniteQuery(queries.goalPages(OVER_STATUSES, OVER_PAGE));
  const live = useView((view) => view.goals);
  const agents = useView((view) => view.agents);
  const inbox = useView((view) => view.inbox);
  const goals = useMemo(
    () =>
      mergeThings<Goal>(
        [...(open.data?.pages ?? []), ...(over.data?.pages ?? [])].flatMap((page) => page.goals),
        live,
      ),
    [open.data, over.data, live],
  );
  const waiting = useMemo(() => countWaiting(inbox), [inbox]);
  const { agentId, text } = filter;
  const rows = useMemo(() => {
    const wanted = goals.filter((goal) => isWanted(goal, agents[goal.agentId], { agentId, text }));
    // What somebody looks for is shown wherever it is.
    return goalListRows(wanted, waiting, text.trim() === "" ? unfolded : ["done", "abandoned"]);
  }, [goals, waiting, agents, agentId, text, unfolded]);
  return { open, over, goals, rows, agents: useAgents() };
}

/** All agents, by name. */
export function useAgents(): Agent[] {
  const agents = useView((view) => view.agents);
  return useMemo(() => byName(agents), [agents]);
}

function byName(agents: Readonly<Record<string, Agent>>): Agent[] {
  return Object.values(agents)
    .filter(({ name }) => name !== undefined)
    .toSorted((one, other) => one.name.localeCompare(other.name));
}
