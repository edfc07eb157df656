import type { CapUse, PolicyRule } from "@bureau/protocol";
import type { InsightApi } from "./engine-api.ts";
import { composeAgent, composeGoal } from "./loop/compose.ts";
import type { LoopParts } from "./loop/parts.ts";
import { listActivity } from "./queries/activity.ts";
import { agentAbilities, agentContext, agentMemory, agentSkills, type AgentViewParts } from "./queries/agent-views.ts";
import { eventHistory } from "./queries/event-history.ts";
import { explainOneRun } from "./queries/explain-run.ts";
import { search } from "./queries/search.ts";
import type { OpenedDatabase } from "./store/database.ts";
import type { Tool } from "./tools/tool.ts";

export interface InsightParts {
  database: OpenedDatabase;
  parts: LoopParts;
  /** The workspace's folder. */
  workspace: string;
  tools: readonly Tool[];
  /** The rules of `bureau.yaml`. */
  policy: readonly PolicyRule[];
  caps(): Promise<CapUse[]>;
}

/** Each use case of looking and preparing by its name. Nothing is decided here. */
export function createInsight({ database, parts, workspace, tools, policy, caps }: InsightParts): InsightApi {
  const { clock, sandbox } = parts;
  const views: AgentViewParts = {
    database,
    workspace,
    settings: policy,
    tools,
    connectedTools: parts.connectedTools,
    sandbox,
    caps,
  };
  return {
    search: (query) => search({ database, clock }, query),
    explainRun: (run, query) => explainOneRun(database, run, query),
    listActivity: (query) => listActivity(database, query),
    eventHistory: (query) => eventHistory(database, query),
    composeGoal: (input) => composeGoal({ parts, workspace }, input),
    composeAgent: (input) => composeAgent({ parts, workspace }, input),
    agentAbilities: (agent) => agentAbilities(views, agent),
    agentContext: (agent) => agentContext(views, agent),
    agentSkills: (agent) => agentSkills(views, agent),
    agentMemory: (agent) => agentMemory(views, agent),
  };
}
