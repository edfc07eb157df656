import { z } from "zod";
import type { AgentId, GoalId, RunId, ThreadId, ToolCallId } from "./ids.ts";

const id = <T extends string>() => z.custom<T>((value) => typeof value === "string");

/** What can wait for a person, the most pressing first: what may have gone wrong, what holds up work, what only tells. */
export const INBOX_KINDS = [
  "unknown_effect",
  "approval",
  "question",
  "sign_off",
  "budget",
  "failed_run",
  "sign_in",
  "stopped",
] as const;
export type InboxKind = (typeof INBOX_KINDS)[number];

export const INBOX_STATUSES = ["pending", "approved", "denied", "answered", "dismissed", "expired"] as const;
export type InboxStatus = (typeof INBOX_STATUSES)[number];

/** `ranked`: the most pressing first. `latest`: what was decided last first, then what was asked last. */
export const INBOX_ORDERS = ["ranked", "latest"] as const;
export type InboxOrder = (typeof INBOX_ORDERS)[number];

/** What happens when nobody decided in time: an approval is denied, a question is answered by its assumption. */
export const EXPIRY_ACTIONS = ["deny", "assume"] as const;
export type ExpiryAction = (typeof EXPIRY_ACTIONS)[number];

/** How far a decision on a call reaches: this call, or a rule for its run, its goal, or the agent for good. */
export const DECISION_SCOPES = ["once", "run", "goal", "rule"] as const;
export type DecisionScope = (typeof DECISION_SCOPES)[number];

/** One thing that waits for a person: a decision, an answer, or a look at what stopped. */
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
  /** The effect in the ledger that it is about. */
  effectId: z.string().nullable(),
  /** Who is to decide it: a person, or a guest by a link; null: whoever may. */
  assignee: z.string().nullable(),
  /** When a reminder is due, and when it was given: there is one. */
  remindAt: z.string().nullable(),
  remindedAt: z.string().nullable(),
  /** When nobody can approve it any more, and what happens then. */
  expiresAt: z.string().nullable(),
  onExpiry: z.enum(EXPIRY_ACTIONS).nullable(),
  /** The person's name; a guest with a link, a rule or the runtime are named as such. */
  decidedBy: z.string().nullable(),
  /** The device by which it was decided; null: by the owner's token, or not by a person. */
  decidedDevice: z.string().nullable(),
  decidedAt: z.string().nullable(),
  createdAt: z.string(),
});
export type InboxEntry = z.infer<typeof InboxEntry>;
