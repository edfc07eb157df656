import type { AgentsApi } from "@bureau/engine";
import type { agentsApi, Handlers } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";

export function agentHandlers(engine: AgentsApi): Handlers<typeof agentsApi, AppContext> {
  return {
    listAgents: ({ query }) => engine.listAgents(query),
    getAgent: ({ params }) => engine.getAgent(params.agent),
    addAgent: ({ body }) => engine.addAgent(body),
    createAgent: ({ body }) => engine.createAgent(body),
    pauseAgent: ({ params }) => engine.pauseAgent(params.agent),
    resumeAgent: ({ params }) => engine.resumeAgent(params.agent),
  };
}
