import { CreateGoal, EditGoal, ListGoalRuns, ListGoals, Page } from "./api-inputs.ts";
import { CheckStarted, EvidenceList, GoalList, GoalText, RunList } from "./api-replies.ts";
import { endpoint } from "./endpoint.ts";
import { Goal } from "./goal.ts";

const group = "goals";

export const goalsApi = {
  listGoals: endpoint("GET", "/api/goals", {
    summary: "Goals, newest first",
    group,
    query: ListGoals,
    reply: GoalList,
    errors: ["not_found"],
  }),
  createGoal: endpoint("POST", "/api/goals", {
    summary: "Set a goal from plain words, from fields or from a goal file",
    group,
    body: CreateGoal,
    reply: Goal,
    errors: ["not_found", "conflict"],
  }),
  getGoal: endpoint("GET", "/api/goals/:goal", {
    summary: "One goal, by id or name",
    group,
    reply: Goal,
    errors: ["not_found"],
  }),
  getGoalText: endpoint("GET", "/api/goals/:goal/text", {
    summary: "The whole text of the goal's file, as it is edited",
    group,
    reply: GoalText,
    errors: ["not_found", "too_large"],
  }),
  editGoal: endpoint("PATCH", "/api/goals/:goal", {
    summary: "Change fields of a goal, or give its whole text anew",
    group,
    body: EditGoal,
    reply: Goal,
    errors: ["not_found", "conflict"],
  }),
  pauseGoal: endpoint("POST", "/api/goals/:goal/pause", {
    summary: "Hold the work on a goal and on its parts",
    group,
    reply: Goal,
    errors: ["not_found", "conflict"],
  }),
  resumeGoal: endpoint("POST", "/api/goals/:goal/resume", {
    summary: "Go on with a goal that is a draft, paused or blocked",
    group,
    reply: Goal,
    errors: ["not_found", "conflict"],
  }),
  stopGoal: endpoint("POST", "/api/goals/:goal/stop", {
    summary: "Give a goal up for good",
    group,
    reply: Goal,
    errors: ["not_found", "conflict"],
  }),
  checkGoal: endpoint("POST", "/api/goals/:goal/check", {
    summary: "Have the runtime run the goal's checks now",
    group,
    reply: CheckStarted,
    errors: ["not_found", "conflict"],
  }),
  listEvidence: endpoint("GET", "/api/goals/:goal/evidence", {
    summary: "What the goal's checks found, newest first",
    group,
    query: Page,
    reply: EvidenceList,
    errors: ["not_found"],
  }),
  listGoalRuns: endpoint("GET", "/api/goals/:goal/runs", {
    summary: "Runs of a goal, newest first",
    group,
    query: ListGoalRuns,
    reply: RunList,
    errors: ["not_found"],
  }),
};
