import { z } from "zod";
import type { AgentId, GoalId, TaskId, ThreadId } from "./ids.ts";

const id = <T extends string>() => z.custom<T>((value) => typeof value === "string");

export const THREAD_STATUSES = ["open", "archived"] as const;

export const Thread = z.object({
  id: id<ThreadId>(),
  agentId: id<AgentId>(),
  goalId: id<GoalId>().nullable(),
  title: z.string(),
  status: z.enum(THREAD_STATUSES),
  itemCount: z.number().int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type Thread = z.infer<typeof Thread>;

export const TASK_STATUSES = ["open", "in_progress", "blocked", "done", "canceled"] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

export const Task = z.object({
  id: id<TaskId>(),
  goalId: id<GoalId>().nullable(),
  parentId: id<TaskId>().nullable(),
  agentId: id<AgentId>(),
  threadId: id<ThreadId>().nullable(),
  title: z.string(),
  status: z.enum(TASK_STATUSES),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type Task = z.infer<typeof Task>;
