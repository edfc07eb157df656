import { Agent } from "./agent.ts";
import { AddAgent, CreateAgent, ListAgents } from "./api-inputs.ts";
import { AgentList } from "./api-replies.ts";
import { endpoint } from "./endpoint.ts";

const group = "agents";

export const agentsApi = {
  listAgents: endpoint("GET", "/api/agents", {
    summary: "Agents, by name",
    group,
    query: ListAgents,
    reply: AgentList,
  }),
  getAgent: endpoint("GET", "/api/agents/:agent", {
    summary: "One agent, by id or name",
    group,
    reply: Agent,
    errors: ["not_found"],
  }),
  addAgent: endpoint("POST", "/api/agents/add", {
    summary: "Take up a folder that is there",
    group,
    body: AddAgent,
    reply: Agent,
    errors: ["not_found", "conflict"],
  }),
  createAgent: endpoint("POST", "/api/agents", {
    summary: "Make a new folder for an agent",
    group,
    body: CreateAgent,
    reply: Agent,
    errors: ["conflict"],
  }),
  pauseAgent: endpoint("POST", "/api/agents/:agent/pause", {
    summary: "Hold all work of an agent",
    group,
    reply: Agent,
    errors: ["not_found"],
  }),
  resumeAgent: endpoint("POST", "/api/agents/:agent/resume", {
    summary: "Let a paused agent work again",
    group,
    reply: Agent,
    errors: ["not_found"],
  }),
};
