import type { BureauClient } from "../../packages/protocol/src/index.ts";

/** Every screen of the app, as addresses with things of this workspace in them. */
export async function routesOf(client: BureauClient): Promise<Record<string, string>> {
  const [{ goals }, { threads }, { runs }, { agents }, { entries }] = await Promise.all([
    client.listGoals({ query: { limit: 500 } }),
    client.listThreads({ query: { limit: 500 } }),
    client.listRuns({ query: { limit: 500 } }),
    client.listAgents({ query: { limit: 500 } }),
    client.listInbox({ query: { limit: 500 } }),
  ]);
  const goal = goals.find(({ title }) => title === "Spring risks") ?? goals[0];
  const run = runs.find(({ goalId }) => goalId === goal?.id) ?? runs[0];
  return {
    inbox: "/",
    "inbox entry": `/inbox/${entries[0]?.id}`,
    goals: "/goals",
    "new goal": "/goals/new",
    goal: `/goals/${goal?.id}`,
    threads: "/threads",
    thread: `/threads/${threads.find(({ goalId }) => goalId === goal?.id)?.id}`,
    run: `/runs/${run?.id}`,
    agents: "/agents",
    "new agent": "/agents/new",
    agent: `/agents/${agents.find(({ name }) => name === "writer")?.id}`,
    artifacts: "/artifacts",
    activity: "/activity",
    effects: "/effects",
    usage: "/usage",
    health: "/health",
    settings: "/settings",
    more: "/more",
    "sign in": "/sign-in",
  };
}
