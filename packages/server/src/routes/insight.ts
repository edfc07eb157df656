import type { InsightApi } from "@bureau/engine";
import type { Handlers, insightApi } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";

export function insightHandlers(engine: InsightApi): Handlers<typeof insightApi, AppContext> {
  return {
    search: ({ query }) => engine.search(query),
    explainRun: ({ params, query }) => engine.explainRun(params.runId, query),
    listActivity: ({ query }) => engine.listActivity(query),
    eventHistory: ({ query }) => engine.eventHistory(query),
    composeGoal: ({ body }) => engine.composeGoal(body),
    composeAgent: ({ body }) => engine.composeAgent(body),
    agentAbilities: ({ params }) => engine.agentAbilities(params.agent),
    agentContext: ({ params }) => engine.agentContext(params.agent),
    agentSkills: ({ params }) => engine.agentSkills(params.agent),
    agentMemory: ({ params }) => engine.agentMemory(params.agent),
  };
}
