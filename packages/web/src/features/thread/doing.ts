import { type Run, type Step, TERMINAL_RUN_STATUSES, type ToolCall, type View } from "@bureau/protocol";
import { callSentence, toolTitle } from "./calls.ts";

/** Runs of a thread that are not over, the newest first. */
export function openRunsOf(runs: View["runs"], threadId: string): Run[] {
  return Object.values(runs)
    .filter((run) => run.threadId === threadId && !TERMINAL_RUN_STATUSES.includes(run.status))
    .toSorted((one, other) => (one.createdAt < other.createdAt ? 1 : -1));
}

/** What a run is doing, or why it does not, in one sentence. */
export function doingSentence(run: Run, steps: View["steps"], toolCalls: View["toolCalls"]): string {
  if (run.status === "queued") return run.sentence || "Begins as soon as there is room.";
  if (run.status !== "running") return run.sentence || "Waits.";
  const step = newestStep(run, steps);
  if (step === undefined || step.status !== "running") return "At work.";
  if (step.kind === "check") return "Runs the checks.";
  if (step.kind === "compaction") return "Summarises what came before, to make room.";
  if (step.kind === "model_call") return "Thinks about what to do.";
  const call = callOfStep(step, toolCalls);
  return call === undefined ? `Uses ${toolTitle(step.name)}.` : `${callSentence({ ...call, result: null })}.`;
}

function newestStep(run: Run, steps: View["steps"]): Step | undefined {
  return Object.values(steps)
    .filter(({ runId }) => runId === run.id)
    .reduce<Step | undefined>(
      (newest, step) => (newest === undefined || step.number > newest.number ? step : newest),
      undefined,
    );
}

function callOfStep(step: Step, toolCalls: View["toolCalls"]): ToolCall | undefined {
  return Object.values(toolCalls).find(({ stepId }) => stepId === step.id);
}
