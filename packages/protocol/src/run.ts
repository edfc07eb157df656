import { z } from "zod";
import type { AgentId, GoalId, RunId, StepId, TaskId, ThreadId, ToolCallId } from "./ids.ts";
import { Usage } from "./usage.ts";

const id = <T extends string>() => z.custom<T>((value) => typeof value === "string");

export const RUN_STATUSES = ["queued", "running", "waiting", "completed", "failed", "canceled"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** Statuses that a run never leaves. */
export const TERMINAL_RUN_STATUSES: readonly RunStatus[] = ["completed", "failed", "canceled"];

/** Why a waiting run waits. Each is a row somewhere that wakes it. */
export const WAIT_REASONS = ["approval", "question", "timer", "paused", "sign_off"] as const;
export type WaitReason = (typeof WAIT_REASONS)[number];

/** How a completed run ended. A run that changed nothing and answered nothing is its own outcome. */
export const RUN_OUTCOMES = ["done", "answered", "nothing_done", "yielded"] as const;
export type RunOutcome = (typeof RUN_OUTCOMES)[number];

/** Why a run failed. */
export const RUN_FAILURES = [
  "budget",
  "step_limit",
  "time_limit",
  "no_progress",
  "repeated_call",
  "model",
  "model_refused",
  "usage_limit",
  "blocked",
  "crash_loop",
  "internal",
] as const;
export type RunFailure = (typeof RUN_FAILURES)[number];

export const STEP_STATUSES = ["running", "completed", "failed", "interrupted"] as const;
export type StepStatus = (typeof STEP_STATUSES)[number];

export const STEP_KINDS = ["model_call", "tool_call", "check", "compaction"] as const;
export type StepKind = (typeof STEP_KINDS)[number];

export const TOOL_CALL_STATUSES = [
  "pending",
  "awaiting_approval",
  "running",
  "completed",
  "failed",
  "denied",
  "interrupted",
  "canceled",
] as const;
export type ToolCallStatus = (typeof TOOL_CALL_STATUSES)[number];

/** What a tool does to the world. */
export const TOOL_EFFECTS = ["read", "write_workspace", "write_outside"] as const;
export type ToolEffect = (typeof TOOL_EFFECTS)[number];

export const Run = z.object({
  id: id<RunId>(),
  threadId: id<ThreadId>(),
  agentId: id<AgentId>(),
  goalId: id<GoalId>().nullable(),
  taskId: id<TaskId>().nullable(),
  status: z.enum(RUN_STATUSES),
  trigger: z.string(),
  waitReason: z.enum(WAIT_REASONS).nullable(),
  waitUntil: z.string().nullable(),
  outcome: z.enum(RUN_OUTCOMES).nullable(),
  failure: z.enum(RUN_FAILURES).nullable(),
  /** One plain sentence: what it does, or why it does not. */
  sentence: z.string(),
  /** How many times a process took this run up. */
  epoch: z.number().int(),
  stepCount: z.number().int(),
  turn: z.number().int(),
  usage: Usage,
  model: z.string().nullable(),
  /** True when the model's answers come from a recording. */
  rehearsal: z.boolean(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
});
export type Run = z.infer<typeof Run>;

export const Step = z.object({
  id: id<StepId>(),
  runId: id<RunId>(),
  number: z.number().int(),
  kind: z.enum(STEP_KINDS),
  status: z.enum(STEP_STATUSES),
  turn: z.number().int(),
  /** The model or the tool. */
  name: z.string(),
  /** How many times it was started; more than one only for model calls and idempotent tools. */
  attempts: z.number().int(),
  usage: Usage.nullable(),
  error: z.string().nullable(),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
});
export type Step = z.infer<typeof Step>;

export const ToolCall = z.object({
  id: id<ToolCallId>(),
  runId: id<RunId>(),
  stepId: id<StepId>().nullable(),
  name: z.string(),
  arguments: z.unknown(),
  status: z.enum(TOOL_CALL_STATUSES),
  effect: z.enum(TOOL_EFFECTS),
  idempotent: z.boolean(),
  /** The text that the model reads; null until it ended. */
  result: z.string().nullable(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
});
export type ToolCall = z.infer<typeof ToolCall>;
