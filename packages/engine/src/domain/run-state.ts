import type { GoalStatus, RunFailure, StepKind, ToolCallStatus, ToolEffect } from "@bureau/protocol";

/** A tool call of the run's last model answer, as the next step is decided from it. */
export interface ToolCallState {
  id: string;
  name: string;
  status: ToolCallStatus;
  effect: ToolEffect;
  idempotent: boolean;
  /** The tool can find out what became of a call that a dead process had started. */
  recoverable: boolean;
  /** A person must say yes before it may run, and has not yet. */
  needsApproval: boolean;
  /** It may begin at this time, in milliseconds since 1970, and not before; null when that has come. */
  heldUntil?: number | null;
}

/** A step that a dead process left `running`; tool calls are in `toolCalls`. */
export interface OpenStep {
  id: string;
  kind: StepKind;
}

export interface GoalState {
  status: GoalStatus;
  /** A check was asked for by the agent or a person and has not run since. */
  checkRequested: boolean;
  /** What the last check found, if one ran since the agent last acted. */
  verdict: "passed" | "failed" | "sign_off" | null;
  /** Why the guard says to stop; null while there is progress. */
  stalled: string | null;
  /** The obstacle that the agent reported often enough; null otherwise. */
  blocked: string | null;
}

/** The journal of one run, folded to what decides the next step. Everything in it is in the store. */
export interface RunState {
  cancelRequested: boolean;
  pauseRequested: boolean;
  stepCount: number;
  stepLimit: number;
  /** Milliseconds at work so far, and the cap. */
  activeMs: number;
  activeLimitMs: number;
  /** Times in a row that a process took the run up without finishing a step, this one included. */
  attempts: number;
  attemptLimit: number;
  openSteps: OpenStep[];
  toolCalls: ToolCallState[];
  /** Items that the model has not been shown yet. */
  hasUnread: boolean;
  /** One of them is a person's. */
  personSpoke: boolean;
  compactionDue: boolean;
  /** The same call gave the same result too often. */
  repeatedCall: string | null;
  /** Which cap the next model call would pass; null while there is room. */
  overBudget: string | null;
  /** Why the pending tool calls do not fit in the budget; null while there is room. */
  overToolBudget?: string | null;
  /** What the last model call came to when it gave no answer. */
  modelFailure: { type: "wait"; until: number } | { type: "give_up"; failure: RunFailure; sentence: string } | null;
  /** Three requests in a row were denied, and the person has not said yet how to go on. */
  askedAfterDenials?: boolean;
  /** True when the run called a tool that changed something, or gave an answer in words. */
  didSomething: boolean;
  answered: boolean;
  goal: GoalState | null;
}
