import { z } from "zod";
import { STEP_KINDS, STEP_STATUSES } from "./run.ts";

/** One step of a run, in a sentence. */
export const TimelineEntry = z.object({
  stepId: z.string(),
  number: z.number().int(),
  kind: z.enum(STEP_KINDS),
  status: z.enum(STEP_STATUSES),
  /** The model or the tool. */
  name: z.string(),
  startedAt: z.string(),
  /** Null while it is under way. */
  durationMs: z.number().int().nullable(),
  tokens: z.number().int(),
  micros: z.number().int(),
  sentence: z.string(),
  /** The call that the step made. */
  toolCallId: z.string().nullable(),
});
export type TimelineEntry = z.infer<typeof TimelineEntry>;

/** What a run was asked, did, cost and came to, made from what was recorded of it; no model writes it. */
export const RunExplanation = z.object({
  runId: z.string(),
  /** One paragraph of plain text. */
  text: z.string(),
  /** Steps in order; `nextAfter` is what to ask for next, null when the last one is here. */
  timeline: z.array(TimelineEntry),
  nextAfter: z.number().int().nullable(),
});
export type RunExplanation = z.infer<typeof RunExplanation>;
