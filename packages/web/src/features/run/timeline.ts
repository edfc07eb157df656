import type { Step, StepKind, TimelineEntry, ToolCall } from "@bureau/protocol";

const KIND_SENTENCES: Record<StepKind, string> = {
  model_call: "Thinks about what to do.",
  tool_call: "Uses a tool.",
  check: "Runs the checks.",
  compaction: "Summarises what came before.",
};

/** The explained steps, with what events have told since: those that came later, and how they go on. */
export function timelineOf(
  explained: readonly TimelineEntry[],
  steps: readonly Step[],
  calls: readonly ToolCall[],
): TimelineEntry[] {
  const entries = new Map(explained.map((entry) => [entry.stepId, entry]));
  const callByStep = new Map(calls.map((call) => [call.stepId, call]));
  for (const step of steps) {
    const known = entries.get(step.id);
    const call = callByStep.get(step.id);
    entries.set(step.id, {
      stepId: step.id,
      number: step.number,
      kind: step.kind,
      name: step.name,
      startedAt: step.startedAt,
      ...known,
      status: step.status,
      durationMs: step.endedAt === null ? null : Math.max(0, Date.parse(step.endedAt) - Date.parse(step.startedAt)),
      tokens: step.usage?.tokens ?? known?.tokens ?? 0,
      micros: step.usage?.micros ?? known?.micros ?? 0,
      sentence: known?.sentence ?? KIND_SENTENCES[step.kind],
      toolCallId: known?.toolCallId ?? call?.id ?? null,
    });
  }
  return [...entries.values()].toSorted((one, other) => one.number - other.number);
}

/** How long each bar is beside the longest, in percent; what took no time is still seen. */
export function barPercent(durationMs: number | null, longestMs: number): number {
  if (durationMs === null) return 100;
  return longestMs === 0 ? 2 : Math.max(2, Math.round((durationMs / longestMs) * 100));
}
