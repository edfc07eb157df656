import type { GoalFields, PolicyRule } from "@bureau/protocol";
import { client } from "../../lib/session.ts";

export interface ComposerAnswer {
  question: string;
  /** Empty: the person does not mind. */
  answer: string;
}

export interface ComposerQuestion {
  question: string;
  suggestions: string[];
}

export interface GoalDraft {
  spec: GoalFields & { title: string; brief: string };
  agent: string | null;
  rules: PolicyRule[];
  advice: string[];
}

export interface GoalComposed {
  by: "model" | "plain";
  why: string | null;
  questions: ComposerQuestion[];
  draft: GoalDraft | null;
}

type Compose = (
  input: { body: { text: string; agent?: string; answers: ComposerAnswer[] } },
  options: { signal: AbortSignal },
) => Promise<GoalComposed>;

/** Asks for questions or a draft. Null where this server cannot: then the person writes the goal as a form. */
export async function composeGoal(
  ask: { text: string; agent: string; answers: readonly ComposerAnswer[] },
  signal: AbortSignal,
): Promise<GoalComposed | null> {
  const compose = Reflect.get(client, "composeGoal") as Compose | undefined;
  if (compose === undefined) return null;
  const { text, agent, answers } = ask;
  return await compose({ body: { text, answers: [...answers], ...(agent !== "" && { agent }) } }, { signal });
}
