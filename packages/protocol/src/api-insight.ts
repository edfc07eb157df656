import { ActivityList, EventHistory, EventHistoryQuery, ListActivity } from "./activity.ts";
import { AgentAbilities, AgentContextFiles, AgentMemory, AgentSkills } from "./agent-views.ts";
import { After } from "./api-inputs.ts";
import { AgentComposed, ComposeAgent, ComposeGoal, GoalComposed } from "./compose.ts";
import { endpoint } from "./endpoint.ts";
import { RunExplanation } from "./explanation.ts";
import { SearchQuery, SearchResult } from "./search.ts";

/** Looking through, explaining and preparing: nothing here changes work. */
export const insightApi = {
  search: endpoint("GET", "/api/search", {
    summary: "Goals, tasks, threads, messages, runs, decisions, effects and agents by their words, the best first",
    group: "search",
    query: SearchQuery,
    reply: SearchResult,
  }),
  explainRun: endpoint("GET", "/api/runs/:runId/explanation", {
    summary: "What a run was asked, did, cost and came to, in a paragraph and step by step",
    group: "runs",
    query: After,
    reply: RunExplanation,
    errors: ["not_found"],
  }),
  listActivity: endpoint("GET", "/api/activity", {
    summary: "What happened, newest first, in sentences",
    group: "activity",
    query: ListActivity,
    reply: ActivityList,
    errors: ["not_found"],
  }),
  eventHistory: endpoint("GET", "/api/events/history", {
    summary: "Stored events after a sequence number, in parts, to be folded at any speed",
    group: "events",
    query: EventHistoryQuery,
    reply: EventHistory,
    errors: ["not_found"],
  }),
  composeGoal: endpoint("POST", "/api/goals/compose", {
    summary: "From a sentence to a goal's fields, by at most three questions; nothing is created",
    group: "goals",
    body: ComposeGoal,
    reply: GoalComposed,
    errors: ["not_found"],
  }),
  composeAgent: endpoint("POST", "/api/agents/compose", {
    summary: "From a sentence to a new agent's name and instructions, by at most three questions; nothing is created",
    group: "agents",
    body: ComposeAgent,
    reply: AgentComposed,
  }),
  agentAbilities: endpoint("GET", "/api/agents/:agent/abilities", {
    summary: "What an agent does by itself, asks for first and never does, in sentences, and why",
    group: "agents",
    reply: AgentAbilities,
    errors: ["not_found"],
  }),
  agentContext: endpoint("GET", "/api/agents/:agent/context", {
    summary: "The context files that an agent reads, the farthest from its folder first",
    group: "agents",
    reply: AgentContextFiles,
    errors: ["not_found"],
  }),
  agentSkills: endpoint("GET", "/api/agents/:agent/skills", {
    summary: "Skills in the folders of the agent and the workspace, with what is wrong with each",
    group: "agents",
    reply: AgentSkills,
    errors: ["not_found"],
  }),
  agentMemory: endpoint("GET", "/api/agents/:agent/memory", {
    summary: "Files of what the agent and the workspace remember",
    group: "agents",
    reply: AgentMemory,
    errors: ["not_found"],
  }),
};
