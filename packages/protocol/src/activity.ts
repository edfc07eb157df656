import { z } from "zod";
import { Reference, Sequence } from "./api-inputs.ts";
import { BureauEvent, EVENT_TYPES } from "./event.ts";

const DEFAULT_PAGE = 50;
const MAX_PAGE = 200;
const MAX_EVENTS = 500;

/** What can have happened, as a person would sort it. */
export const ACTIVITY_KINDS = [
  "goal",
  "run",
  "task",
  "decision",
  "effect",
  "artifact",
  "agent",
  "policy",
  "workspace",
] as const;
export type ActivityKind = (typeof ACTIVITY_KINDS)[number];

function wholeNumber(max: number, byDefault: number) {
  return z
    .preprocess(
      (value) => (typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : value),
      z.number().int().min(1).max(max),
    )
    .default(byDefault);
}

export const ListActivity = z.strictObject({
  agent: Reference.optional(),
  goal: Reference.optional(),
  kind: z
    .preprocess(
      (value) => (typeof value === "string" ? value.split(",") : value),
      z.array(z.enum(ACTIVITY_KINDS)).min(1).max(ACTIVITY_KINDS.length),
    )
    .optional(),
  /** Only what happened before this sequence number; the newest where absent. */
  before: Sequence.optional(),
  limit: wholeNumber(MAX_PAGE, DEFAULT_PAGE),
});
export type ListActivity = z.infer<typeof ListActivity>;

/** One thing that happened, in a sentence. */
export const ActivityEntry = z.object({
  seq: z.number().int(),
  at: z.string(),
  kind: z.enum(ACTIVITY_KINDS),
  type: z.enum(EVENT_TYPES),
  sentence: z.string(),
  /** Who did it, where a person did. */
  by: z.string().nullable(),
  agentId: z.string().nullable(),
  agentName: z.string().nullable(),
  goalId: z.string().nullable(),
  goalTitle: z.string().nullable(),
  runId: z.string().nullable(),
  threadId: z.string().nullable(),
  /** The entry, effect or task that it is about. */
  subjectId: z.string().nullable(),
});
export type ActivityEntry = z.infer<typeof ActivityEntry>;

export const ActivityList = z.object({
  /** Newest first. There may be few of them, or none, while there is more to ask for. */
  entries: z.array(ActivityEntry),
  /** What to ask for next; null when nothing older is kept. */
  nextBefore: z.number().int().nullable(),
});
export type ActivityList = z.infer<typeof ActivityList>;

/** Stored events of one run, thread or goal, for a replay; all of them when none is named. */
export const EventHistoryQuery = z.strictObject({
  after: Sequence.default(0),
  run: Reference.optional(),
  thread: Reference.optional(),
  goal: Reference.optional(),
  limit: wholeNumber(MAX_EVENTS, DEFAULT_PAGE),
});
export type EventHistoryQuery = z.infer<typeof EventHistoryQuery>;

export const EventHistory = z.object({
  /** In order. Events of what ended long ago are not kept. */
  events: z.array(BureauEvent),
  /** What to ask for next; null at the end. */
  nextAfter: z.number().int().nullable(),
});
export type EventHistory = z.infer<typeof EventHistory>;
