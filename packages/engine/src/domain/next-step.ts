import type { RunFailure, RunOutcome, WaitReason } from "@bureau/protocol";
import type { RunState, ToolCallState } from "./run-state.ts";

export type NextStep =
  | { type: "close_steps"; stepIds: string[] }
  | { type: "end_calls"; toolCallIds: string[] }
  | { type: "recover_calls"; toolCallIds: string[] }
  | { type: "interrupt_calls"; toolCallIds: string[] }
  | { type: "ask_approval"; toolCallIds: string[] }
  | { type: "call_tools"; toolCallIds: string[] }
  | { type: "run_checks" }
  | { type: "compact" }
  | { type: "call_model" }
  | { type: "wait"; reason: WaitReason; until: number | null }
  | { type: "finish"; status: "completed"; outcome: RunOutcome; goal: "done" | "yielded" | null }
  | { type: "finish"; status: "failed"; failure: RunFailure; sentence: string }
  | { type: "finish"; status: "canceled" };

/**
 * Decides what a run does next, from its journal alone.
 *
 * Pure: no clock, no I/O. The order of the lines is the priority of the rules. It is asked between steps, so a
 * step or call found `running` here was left by a process that died.
 */
export function nextStep(run: RunState): NextStep {
  if (run.openSteps.length > 0) return { type: "close_steps", stepIds: run.openSteps.map((step) => step.id) };
  return (
    settleOrphans(run) ??
    obey(run) ??
    stopAtLimit(run) ??
    nextToolCalls(run) ??
    heedDenials(run) ??
    (run.goal ? pursue(run) : converse(run))
  );
}

/** Calls that a dead process had started: ended when the work is no longer wanted, found or repeated when safe. */
function settleOrphans(run: RunState): NextStep | null {
  const orphans = run.toolCalls.filter((call) => call.status === "running");
  if (orphans.length === 0) return null;
  if (run.cancelRequested || run.pauseRequested) return { type: "end_calls", toolCallIds: ids(orphans) };
  const findable = orphans.filter((call) => call.recoverable || call.idempotent);
  if (findable.length > 0) return { type: "recover_calls", toolCallIds: ids(findable) };
  return { type: "interrupt_calls", toolCallIds: ids(orphans) };
}

/** What a person or a command asked for comes before any work. */
function obey(run: RunState): NextStep | null {
  if (run.cancelRequested) return { type: "finish", status: "canceled" };
  if (run.pauseRequested) return { type: "wait", reason: "paused", until: null };
  return null;
}

function stopAtLimit(run: RunState): NextStep | null {
  if (run.attempts > run.attemptLimit) {
    return fail("crash_loop", `Stopped: the process ended ${run.attempts - 1} times in a row during one step.`);
  }
  // A person was asked how to go on: limits hold once they have said it, so that their answer finds the run.
  if (run.askedAfterDenials) return null;
  const reached = reachedLimit(run);
  if (reached && !run.goal) return reached;
  if (run.modelFailure?.type === "give_up") return fail(run.modelFailure.failure, run.modelFailure.sentence);
  if (run.repeatedCall) return fail("repeated_call", run.repeatedCall);
  const isSettled = run.goal?.verdict === "passed" || run.goal?.blocked || run.goal?.stalled;
  if (!reached || openCalls(run) || isSettled) return null;
  return { type: "finish", status: "completed", outcome: "yielded", goal: "yielded" };
}

/** A goal whose run reached a limit ends what is open, and goes on in a new run. */
function reachedLimit(run: RunState): NextStep | null {
  if (run.stepCount >= run.stepLimit) {
    return fail("step_limit", `Stopped after ${run.stepCount} steps, the limit of one run.`);
  }
  if (run.activeMs >= run.activeLimitMs) {
    return fail(
      "time_limit",
      `Stopped after ${Math.round(run.activeMs / 60_000)} minutes of work, the limit of one run.`,
    );
  }
  return null;
}

function nextToolCalls(run: RunState): NextStep | null {
  const pending = run.toolCalls.filter((call) => call.status === "pending");
  const asking = pending.filter((call) => call.needsApproval);
  const held = pending.filter((call) => !call.needsApproval && isHeld(call));
  const free = pending.filter((call) => !call.needsApproval && !isHeld(call));
  if (pending.length > 0 && run.overToolBudget) return fail("budget", run.overToolBudget);
  if (free.length > 0) return { type: "call_tools", toolCallIds: ids(free) };
  if (asking.length > 0) return { type: "ask_approval", toolCallIds: ids(asking) };
  if (held.length > 0)
    return { type: "wait", reason: "timer", until: Math.min(...held.map((call) => call.heldUntil ?? 0)) };
  const awaiting = run.toolCalls.filter((call) => call.status === "awaiting_approval");
  if (awaiting.length === 0) return null;
  return { type: "wait", reason: awaiting.some((call) => call.needsApproval) ? "approval" : "question", until: null };
}

function isHeld(call: ToolCallState): boolean {
  return (call.heldUntil ?? null) !== null;
}

/** Denied often enough, the agent does nothing more until the person says how to go on. */
function heedDenials(run: RunState): NextStep | null {
  return run.askedAfterDenials ? { type: "wait", reason: "question", until: null } : null;
}

function pursue(run: RunState): NextStep {
  const goal = run.goal!;
  if (goal.verdict === "passed") return { type: "finish", status: "completed", outcome: "done", goal: "done" };
  if (goal.blocked) return fail("blocked", goal.blocked);
  if (goal.stalled) return fail("no_progress", goal.stalled);
  if (goal.checkRequested) return { type: "run_checks" };
  // Results of calls that led to the check need no answer; a person who speaks meanwhile gets one.
  if (goal.verdict === "sign_off" && !run.personSpoke) return { type: "wait", reason: "sign_off", until: null };
  if (!run.hasUnread) return { type: "run_checks" };
  return callModel(run);
}

function converse(run: RunState): NextStep {
  if (run.hasUnread) return callModel(run);
  const outcome = run.answered ? "answered" : run.didSomething ? "done" : "nothing_done";
  return { type: "finish", status: "completed", outcome, goal: null };
}

function callModel(run: RunState): NextStep {
  if (run.modelFailure?.type === "wait") return { type: "wait", reason: "timer", until: run.modelFailure.until };
  // First: a summary costs less than the call it makes room for, and not even that fits.
  if (run.overBudget) return fail("budget", run.overBudget);
  if (run.compactionDue) return { type: "compact" };
  return { type: "call_model" };
}

function openCalls(run: RunState): boolean {
  return run.toolCalls.some((call) => call.status === "pending" || call.status === "awaiting_approval");
}

function ids(calls: ToolCallState[]): string[] {
  return calls.map((call) => call.id);
}

function fail(failure: RunFailure, sentence: string): NextStep {
  return { type: "finish", status: "failed", failure, sentence };
}
