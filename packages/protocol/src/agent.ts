import { z } from "zod";
import { type AgentId } from "./ids.ts";

export const AGENT_STATUSES = ["enabled", "paused"] as const;
export type AgentStatus = (typeof AGENT_STATUSES)[number];

export const EFFORTS = ["low", "medium", "high", "max"] as const;
export type Effort = (typeof EFFORTS)[number];

/** An agent: a folder with `AGENTS.md` or `CLAUDE.md`. Not a process. */
export const Agent = z.object({
  id: z.custom<AgentId>((value) => typeof value === "string"),
  name: z.string(),
  /** Absolute path of the folder. */
  folder: z.string(),
  status: z.enum(AGENT_STATUSES),
  createdAt: z.string(),
});
export type Agent = z.infer<typeof Agent>;
