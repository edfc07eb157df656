import { z } from "zod";

/** Every kind of event that is stored. Past tense; deltas are not events and are not stored. */
export const EVENT_TYPES = [
  "agent.created",
  "agent.updated",
  "thread.created",
  "item.added",
  "goal.created",
  "goal.updated",
  "evidence.added",
  "task.created",
  "task.updated",
  "run.created",
  "run.queued",
  "run.started",
  "run.waiting",
  "run.completed",
  "run.failed",
  "run.canceled",
  "step.started",
  "step.completed",
  "step.failed",
  "step.interrupted",
  "tool_call.started",
  "tool_call.completed",
  "tool_call.failed",
  "tool_call.denied",
  "tool_call.interrupted",
  "tool_call.canceled",
  "approval.requested",
  "approval.decided",
  "question.asked",
  "question.answered",
  "sign_off.requested",
  "sign_off.decided",
  "inbox.added",
  "inbox.closed",
  "inbox.assigned",
  "inbox.reminded",
  "effect.changed",
  "policy.changed",
  "artifact.published",
  "artifact.commented",
  "artifact.archived",
  "rehearsal.drifted",
  "person.added",
  "person.removed",
  "everything.stopped",
  "everything.resumed",
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** An immutable fact. `seq` grows in commit order, by one, and is never used again. */
export const BureauEvent = z.object({
  seq: z.number().int(),
  type: z.enum(EVENT_TYPES),
  at: z.string(),
  threadId: z.string().nullable(),
  runId: z.string().nullable(),
  goalId: z.string().nullable(),
  /** The thing itself after the change, or the part that changed. */
  data: z.record(z.string(), z.unknown()),
});
export type BureauEvent = z.infer<typeof BureauEvent>;

/** Live only, never stored: a piece of an answer in the making, or progress of a tool. */
export const LiveDelta = z.object({
  type: z.enum(["item.delta", "tool_call.progress"]),
  runId: z.string(),
  stepId: z.string(),
  kind: z.enum(["text", "reasoning", "output"]),
  text: z.string(),
  /** Which try of the step's call it is of, from 1; another try writes anew what the one before wrote. */
  attempt: z.number().int().optional(),
});
export type LiveDelta = z.infer<typeof LiveDelta>;
