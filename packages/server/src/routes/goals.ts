import type { GoalsApi, RunsApi } from "@bureau/engine";
import type { goalsApi, Handlers } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";

export function goalHandlers(engine: GoalsApi & RunsApi): Handlers<typeof goalsApi, AppContext> {
  return {
    listGoals: ({ query }) => engine.listGoals(query),
    createGoal: ({ body }) => engine.createGoal(body),
    getGoal: ({ params }) => engine.getGoal(params.goal),
    getGoalText: ({ params }) => engine.getGoalText(params.goal),
    editGoal: ({ params, body }) => engine.editGoal(params.goal, body),
    pauseGoal: ({ params }) => engine.pauseGoal(params.goal),
    resumeGoal: ({ params }) => engine.resumeGoal(params.goal),
    stopGoal: ({ params }) => engine.stopGoal(params.goal),
    checkGoal: ({ params }) => engine.checkGoal(params.goal),
    listEvidence: ({ params, query }) => engine.listEvidence(params.goal, query),
    listGoalRuns: ({ params, query }) => engine.listRuns({ ...query, goal: params.goal }),
  };
}
