import { z } from "zod";
import type { AgentId, EffectId, GoalId, RunId, ThreadId, ToolCallId } from "./ids.ts";

const id = <T extends string>() => z.custom<T>((value) => typeof value === "string");

/** How far a write outside has come. `unknown`: it was begun, and nobody can say whether it took place. */
export const EFFECT_STATUSES = [
  "proposed",
  "approved",
  "started",
  "done",
  "failed",
  "unknown",
  "denied",
  "taken_back",
] as const;
export type EffectStatus = (typeof EFFECT_STATUSES)[number];

/** Where content came from that a run had read. */
export const ContentSource = z.object({ name: z.string(), tool: z.string() });
export type ContentSource = z.infer<typeof ContentSource>;

/** What proves that an effect took place. */
export const Receipt = z.object({
  id: z.string().optional(),
  /** Address at which a person sees the thing itself. */
  link: z.string().optional(),
  detail: z.record(z.string(), z.unknown()).optional(),
});
export type Receipt = z.infer<typeof Receipt>;

/** One write outside the workspace: what, to whom, for which goal, on whose yes, and what came of it. */
export const Effect = z.object({
  id: id<EffectId>(),
  status: z.enum(EFFECT_STATUSES),
  tool: z.string(),
  /** What rules call it, such as `mail.send`. */
  kind: z.string(),
  title: z.string(),
  targets: z.array(z.string()),
  arguments: z.unknown(),
  reversible: z.boolean(),
  agentId: id<AgentId>(),
  goalId: id<GoalId>().nullable(),
  runId: id<RunId>(),
  threadId: id<ThreadId>(),
  toolCallId: id<ToolCallId>(),
  /** The person who said yes, or the rule that allowed it. */
  approvedBy: z.string().nullable(),
  /** Content from outside that the run had read by then. */
  sources: z.array(ContentSource),
  /** Until then it can still be stopped. */
  undoUntil: z.string().nullable(),
  receipt: Receipt.nullable(),
  error: z.string().nullable(),
  proposedAt: z.string(),
  approvedAt: z.string().nullable(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  undoneAt: z.string().nullable(),
  undoneBy: z.string().nullable(),
});
export type Effect = z.infer<typeof Effect>;
