import type { ModelReply, ScriptRequest } from "../../packages/engine/src/testing/model-reply.ts";
import { goalOf, planOf } from "./plan.ts";

/** Long enough for a process to die while it waits for an answer. */
const ANSWER_MS = 25;

/** Goes by the conversation alone: a request that is made again gets the same answer. */
export function script(request: ScriptRequest): ModelReply {
  const goal = goalOf(request.messages.find((message) => message.role === "user")?.text ?? "");
  const toolCalls = planOf(goal)[request.toolTurns];
  return { delayMs: ANSWER_MS, ...(toolCalls ? { toolCalls } : { text: "Done." }) };
}
