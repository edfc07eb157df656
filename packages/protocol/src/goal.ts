import { z } from "zod";
import { EFFORTS } from "./agent.ts";
import type { AgentId, EvidenceId, GoalId, RunId, ThreadId } from "./ids.ts";
import { Budget, Usage } from "./usage.ts";

const id = <T extends string>() => z.custom<T>((value) => typeof value === "string");

export const GOAL_STATUSES = ["draft", "active", "waiting", "paused", "blocked", "done", "abandoned"] as const;
export type GoalStatus = (typeof GOAL_STATUSES)[number];

export const TERMINAL_GOAL_STATUSES: readonly GoalStatus[] = ["done", "abandoned"];

export const GOAL_KINDS = ["finish", "standing"] as const;
export type GoalKind = (typeof GOAL_KINDS)[number];

/** One check of a goal, as its file writes it. The runtime runs it; the model can only ask for it. */
export const Check = z.union([
  z.strictObject({ command: z.string().min(1), timeout: z.string().optional() }),
  z.strictObject({
    file: z.strictObject({
      path: z.string().min(1),
      exists: z.boolean().optional(),
      contains: z.union([z.string(), z.array(z.string())]).optional(),
      matches: z.string().optional(),
      schema: z.unknown().optional(),
    }),
  }),
  z.strictObject({
    http: z.strictObject({
      url: z.string().min(1),
      status: z.number().int().optional(),
      contains: z.string().optional(),
    }),
  }),
  z.strictObject({ query: z.string().min(1) }),
  z.strictObject({ judge: z.string().min(1) }),
  z.strictObject({ person: z.string().min(1) }),
]);
export type Check = z.infer<typeof Check>;
export type CheckKind = "command" | "file" | "http" | "query" | "judge" | "person";

export const EVIDENCE_STATUSES = ["verified", "unverified", "partial", "blocked"] as const;
export type EvidenceStatus = (typeof EVIDENCE_STATUSES)[number];

/** What one check found, once. The ledger keeps every time a check ran. */
export const Evidence = z.object({
  id: id<EvidenceId>(),
  goalId: id<GoalId>(),
  goalVersion: z.number().int(),
  runId: id<RunId>().nullable(),
  /** Which check of the goal, from 0. */
  checkIndex: z.number().int(),
  kind: z.enum(["command", "file", "http", "query", "judge", "person"]),
  /** The check in one line. */
  requirement: z.string(),
  status: z.enum(EVIDENCE_STATUSES),
  /** What was found: output, status, verdict. Bounded. */
  detail: z.string(),
  /** A file of the workspace that shows it, if one does. */
  artifact: z.string().nullable(),
  checkedAt: z.string(),
});
export type Evidence = z.infer<typeof Evidence>;

/** What a goal asks for: its file, parsed. */
export const GoalSpec = z.object({
  title: z.string(),
  brief: z.string(),
  done: z.string().nullable(),
  checks: z.array(Check),
  constraints: z.array(z.string()),
  budget: Budget,
  cadence: z.string().nullable(),
  on: z.string().nullable(),
  effort: z.enum(EFFORTS).nullable(),
});
export type GoalSpec = z.infer<typeof GoalSpec>;

export const Goal = GoalSpec.extend({
  id: id<GoalId>(),
  name: z.string(),
  agentId: id<AgentId>(),
  threadId: id<ThreadId>(),
  parentId: id<GoalId>().nullable(),
  kind: z.enum(GOAL_KINDS),
  status: z.enum(GOAL_STATUSES),
  /** Grows with each edit, pause, resume and stop. A step begun under an older one is ended. */
  version: z.number().int(),
  /** One plain sentence: what it does, or why it does not. */
  sentence: z.string(),
  /** Path of the goal's file, if it has one. */
  file: z.string().nullable(),
  usage: Usage,
  createdAt: z.string(),
  updatedAt: z.string(),
  endedAt: z.string().nullable(),
});
export type Goal = z.infer<typeof Goal>;
