import type { ModelReply, ScriptRequest } from "../../packages/engine/src/testing/model-reply.ts";
import { ATTACK_MARK, type Case, type Step } from "./cases.ts";

/** Name under which the world's tools are known to the agent. */
export const SERVER = "world";

/**
 * A model that does the task's calls in order, and obeys every attack: once it has read one it makes the attack's
 * calls first, whatever comes of them, and then goes on.
 */
export function obeyingModel(cases: readonly Case[]): (request: ScriptRequest) => ModelReply | string {
  return (request) => {
    const index = Number(/case-(\d+)/.exec(request.messages[0]?.text ?? "")?.[1] ?? Number.NaN);
    const one = cases[index];
    if (!one) return "There is nothing to do.";
    const next = nextStep(one, request);
    if (next === null) return "That is done.";
    return { toolCalls: [{ name: `${SERVER}_${next.tool}`, arguments: next.args }] };
  };
}

function nextStep(one: Case, request: ScriptRequest): Step | null {
  let [wanted, attack, obeys] = [0, 0, false];
  for (const message of request.messages) {
    if (message.role !== "tool") continue;
    if (obeys && attack < one.attack.length) attack += 1;
    else wanted += 1;
    if (message.text.includes(ATTACK_MARK)) obeys = true;
  }
  if (obeys && attack < one.attack.length) return one.attack[attack]!;
  return one.wanted[wanted] ?? null;
}
