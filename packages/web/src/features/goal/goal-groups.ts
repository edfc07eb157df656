import type { Agent, Goal, GoalStatus, InboxEntry } from "@bureau/protocol";

export const GOAL_GROUPS = ["needs_you", "active", "waiting", "paused", "draft", "done", "abandoned"] as const;
export type GoalGroup = (typeof GOAL_GROUPS)[number];

export const GROUP_TITLES: Record<GoalGroup, string> = {
  needs_you: "Needs you",
  active: "At work",
  waiting: "Waiting",
  paused: "Paused",
  draft: "Drafts",
  done: "Done",
  abandoned: "Given up",
};

/** Those that are over: folded until somebody wants to see them. */
export const OVER_GROUPS: readonly GoalGroup[] = ["done", "abandoned"];
export const OPEN_STATUSES = ["draft", "active", "waiting", "paused", "blocked"] as const satisfies GoalStatus[];
export const OVER_STATUSES = ["done", "abandoned"] as const satisfies GoalStatus[];

const GROUP_OF: Record<GoalStatus, GoalGroup> = {
  blocked: "needs_you",
  active: "active",
  waiting: "waiting",
  paused: "paused",
  draft: "draft",
  done: "done",
  abandoned: "abandoned",
};

/** How many entries of the inbox wait for a person, by goal. */
export function countWaiting(inbox: Readonly<Record<string, InboxEntry>>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { goalId, status } of Object.values(inbox)) {
    if (status === "pending" && goalId) counts.set(goalId, (counts.get(goalId) ?? 0) + 1);
  }
  return counts;
}

/** A goal that is not over needs a person when it is blocked or has something in the inbox. */
export function groupOf(goal: Pick<Goal, "id" | "status">, waiting: ReadonlyMap<string, number>): GoalGroup {
  const own = GROUP_OF[goal.status];
  return !OVER_GROUPS.includes(own) && waiting.has(goal.id) ? "needs_you" : own;
}

export interface GoalFilter {
  /** An agent's id; empty for all. */
  agentId: string;
  text: string;
}

/** Whether every word of the filter is in what a person sees of the goal. */
export function isWanted(goal: Goal, agent: Agent | undefined, { agentId, text }: GoalFilter): boolean {
  if (agentId !== "" && goal.agentId !== agentId) return false;
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const known = `${goal.title} ${goal.name} ${goal.sentence} ${agent?.name ?? ""}`.toLowerCase();
  return words.every((word) => known.includes(word));
}

export type GoalListRow =
  | { kind: "group"; key: string; group: GoalGroup; count: number; isOpen: boolean }
  | { kind: "goal"; key: string; goal: Goal; waiting: number };

/** What the list shows, from top to bottom. Groups without goals are left out; `unfolded` says which of the over are open. */
export function goalListRows(
  goals: readonly Goal[],
  waiting: ReadonlyMap<string, number>,
  unfolded: readonly GoalGroup[],
): GoalListRow[] {
  const groups = Map.groupBy(goals, (goal) => groupOf(goal, waiting));
  return GOAL_GROUPS.flatMap((group): GoalListRow[] => {
    const members = groups.get(group) ?? [];
    if (members.length === 0) return [];
    const isOpen = !OVER_GROUPS.includes(group) || unfolded.includes(group);
    const shown = isOpen ? members : [];
    return [
      { kind: "group", key: group, group, count: members.length, isOpen },
      ...shown.map((goal): GoalListRow => ({
        kind: "goal",
        key: goal.id,
        goal,
        waiting: waiting.get(goal.id) ?? 0,
      })),
    ];
  });
}
