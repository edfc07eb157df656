import type { ComposerAnswer, GoalComposed } from "@bureau/protocol";
import { client } from "../../lib/session.ts";

/** Asks for questions or a draft. Nothing is created. */
export async function composeGoal(
  ask: { text: string; agent: string; answers: readonly ComposerAnswer[] },
  signal: AbortSignal,
): Promise<GoalComposed> {
  const { text, agent, answers } = ask;
  return await client.composeGoal(
    { body: { text, answers: [...answers], ...(agent !== "" && { agent }) } },
    { signal },
  );
}
