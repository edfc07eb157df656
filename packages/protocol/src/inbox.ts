import { z } from "zod";
import type { AgentId, GoalId, RunId, ThreadId, ToolCallId } from "./ids.ts";

const id = <T extends string>() => z.custom<T>((value) => typeof value === "string");

/** What can wait for a person. */
export const INBOX_KINDS = [
  "approval",
  "question",
  "sign_off",
  "stopped",
  "unknown_effect",
  "failed_run",
  "budget",
  "sign_in",
] as const;
export type InboxKind = (typeof INBOX_KINDS)[number];

export const INBOX_STATUSES = ["pending", "approved", "denied", "answered", "dismissed", "expired"] as const;
export type InboxStatus = (typeof INBOX_STATUSES)[number];

/** One decision that waits for a person: an approval, a question, a sign-off, or a goal or run that stopped. */
export const InboxEntry = z.object({
  id: z.string(),
  kind: z.enum(INBOX_KINDS),
  status: z.enum(INBOX_STATUSES),
  agentId: id<AgentId>().nullable(),
  goalId: id<GoalId>().nullable(),
  runId: id<RunId>().nullable(),
  threadId: id<ThreadId>().nullable(),
  toolCallId: id<ToolCallId>().nullable(),
  /** The question, or what approval is asked for, in one line. */
  title: z.string(),
  /** The whole: arguments as they will be used, evidence, reason. */
  detail: z.unknown(),
  choices: z.array(z.string()),
  /** SHA-256 of the exact action; a changed action needs a new approval. */
  actionHash: z.string().nullable(),
  answer: z.string().nullable(),
  decidedBy: z.string().nullable(),
  decidedAt: z.string().nullable(),
  createdAt: z.string(),
});
export type InboxEntry = z.infer<typeof InboxEntry>;
