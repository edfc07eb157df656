import type { BureauEvent, EventType } from "@bureau/protocol";
import { callSentence } from "../thread/calls.ts";

const WORDS: Partial<Record<EventType, string>> = {
  "thread.created": "The thread begins",
  "run.created": "The run is asked for",
  "run.queued": "The run is queued",
  "run.started": "A process takes the run up",
  "run.waiting": "The run waits",
  "run.completed": "The run is completed",
  "run.failed": "The run fails",
  "run.canceled": "The run is canceled",
  "step.completed": "A step is done",
  "step.failed": "A step fails",
  "step.interrupted": "A step is interrupted; it is made again",
  "tool_call.completed": "The tool is done",
  "tool_call.failed": "The tool fails",
  "tool_call.denied": "The call is denied",
  "tool_call.interrupted": "The call is interrupted",
  "tool_call.canceled": "The call is not made",
  "approval.requested": "A yes is asked for",
  "approval.decided": "It is decided",
  "question.asked": "A question is asked",
  "question.answered": "The question is answered",
  "sign_off.requested": "A sign-off is asked for",
  "sign_off.decided": "The sign-off is decided",
  "evidence.added": "A check gives its evidence",
  "goal.updated": "The goal changes",
  "effect.changed": "Something outside changes",
};
const STEPS: Readonly<Record<string, string>> = {
  model_call: "The model is asked",
  check: "The checks run",
  compaction: "What came before is summarised",
};
const ITEMS: Readonly<Record<string, string>> = {
  message: "Something is said",
  reasoning: "Thoughts are kept",
  tool_call: "A tool is asked for",
  tool_result: "A result comes",
  notice: "A notice is given",
  summary: "A summary takes the place of older messages",
};

/** An event in a few words. A kind that is not known here is told by its name. */
export function eventWords({ type, data }: BureauEvent): string {
  if (type === "step.started") return STEPS[textOf(data["step"], "kind")] ?? "A step begins";
  if (type === "tool_call.started") {
    const { toolCall } = data;
    return callSentence({ name: textOf(toolCall, "name"), arguments: fieldsOf(toolCall)["arguments"], result: null });
  }
  if (type === "item.added") return ITEMS[textOf(fieldsOf(data["item"])["content"], "type")] ?? "Something is added";
  return WORDS[type] ?? type.replaceAll(/[._]/g, " ");
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function textOf(value: unknown, field: string): string {
  const found = fieldsOf(value)[field];
  return typeof found === "string" ? found : "";
}
