import type { Agent, Goal, GoalStatus, Run, RunStatus } from "@bureau/protocol";
import { isWhole } from "../../live/merge-things.ts";
import type { Look } from "../../status.ts";

export const OPEN_GOALS: readonly GoalStatus[] = ["draft", "active", "waiting", "paused", "blocked"];
const OPEN_RUNS: readonly RunStatus[] = ["running", "waiting", "queued"];

export type AgentDoing = "working" | "waiting" | "idle" | "paused";

export const AGENT_LOOKS: Record<AgentDoing, Look> = {
  working: { label: "At work", tone: "info", icon: "play" },
  waiting: { label: "Waiting", tone: "warn", icon: "clock" },
  idle: { label: "Nothing to do", tone: "neutral", icon: "check" },
  paused: { label: "Paused", tone: "neutral", icon: "pause" },
};

export interface AgentNow {
  doing: AgentDoing;
  /** What it does now, or why it does nothing. */
  sentence: string;
  openGoals: number;
}

/** What an agent does now, from its runs and goals. A run at work says more than one that waits. */
export function agentNow(agent: Agent, things: { goals: readonly Goal[]; runs: readonly Run[] }): AgentNow {
  const goals = things.goals.filter((goal) => goal.agentId === agent.id && OPEN_GOALS.includes(goal.status));
  const runs = things.runs
    .filter((run) => run.agentId === agent.id && OPEN_RUNS.includes(run.status) && isWhole(run))
    .toSorted((one, other) => OPEN_RUNS.indexOf(one.status) - OPEN_RUNS.indexOf(other.status));
  const openGoals = goals.length;
  const run = runs[0];
  if (agent.status === "paused") {
    return { doing: "paused", sentence: "Nothing of it begins until it is resumed.", openGoals };
  }
  if (run !== undefined) {
    const title = goals.find(({ id }) => id === run.goalId)?.title;
    const more = runs.length === 1 ? "" : ` ${runs.length - 1} more ${runs.length === 2 ? "run is" : "runs are"} open.`;
    const doing = run.status === "running" ? "working" : "waiting";
    return { doing, sentence: `${title === undefined ? "" : `${title}: `}${run.sentence}${more}`, openGoals };
  }
  const goal = goals.find(({ status }) => status === "blocked") ?? goals.find(({ status }) => status !== "draft");
  if (goal !== undefined) return { doing: "idle", sentence: `${goal.title}: ${goal.sentence}`, openGoals };
  return { doing: "idle", sentence: "It has nothing to do now.", openGoals };
}
