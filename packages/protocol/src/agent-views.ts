import { z } from "zod";
import { VERDICTS } from "./policy.ts";

/** One thing that an agent may do, may do after a yes, or may not. */
export const Ability = z.object({
  sentence: z.string(),
  verdict: z.enum(VERDICTS),
  /** Tools that it speaks of; empty where it is a pattern over tools. */
  tools: z.array(z.string()),
  /** What makes it so: a tool's nature, a rule as it is written, a setting. */
  because: z.string(),
  /** The goal whose constraint it is. */
  goalId: z.string().nullable(),
});
export type Ability = z.infer<typeof Ability>;

/** What an agent may do, computed from rules, tools and settings as they are now. */
export const AgentAbilities = z.object({
  agent: z.string(),
  doesByItself: z.array(Ability),
  asksFirst: z.array(Ability),
  never: z.array(Ability),
  /** Hosts that its commands may connect to. */
  hosts: z.array(z.string()),
  /** What it may spend, in sentences. */
  budgets: z.array(z.string()),
  /** Constraints of its open goals that only it reads: advice, no rule. */
  advice: z.array(z.object({ goalId: z.string(), text: z.string() })),
  /** Servers that could not be asked for their tools, and the like. */
  notices: z.array(z.string()),
});
export type AgentAbilities = z.infer<typeof AgentAbilities>;

export const ReadContextFile = z.object({
  /** Relative to the workspace where it lies in it; else absolute. */
  path: z.string(),
  /** Of the whole file. */
  bytes: z.number().int(),
  /** What the agent reads of it. */
  text: z.string(),
  /** SHA-256 of the text as read; another one means that it was changed. */
  hash: z.string(),
  /** Who may write it: the agent too where it lies in its folder, else people alone. */
  editors: z.enum(["person", "person_and_agent"]),
});
export type ReadContextFile = z.infer<typeof ReadContextFile>;

/** The files that an agent reads before its work, the farthest from its folder first. */
export const AgentContextFiles = z.object({ files: z.array(ReadContextFile), notices: z.array(z.string()) });
export type AgentContextFiles = z.infer<typeof AgentContextFiles>;

export const SkillFile = z.object({
  name: z.string(),
  description: z.string(),
  /** Of its `SKILL.md`, relative to the workspace where it lies in it. */
  path: z.string(),
  /** What is wrong with the file, in sentences; it is listed all the same. */
  problems: z.array(z.string()),
});
export type SkillFile = z.infer<typeof SkillFile>;

/** Skills that lie in the workspace's and the agent's folders; those of the agent first. */
export const AgentSkills = z.object({ skills: z.array(SkillFile), notices: z.array(z.string()) });
export type AgentSkills = z.infer<typeof AgentSkills>;

export const MemoryFile = z.object({
  path: z.string(),
  /** Its first heading or line. */
  title: z.string(),
  bytes: z.number().int(),
  changedAt: z.string(),
  scope: z.enum(["workspace", "agent"]),
});
export type MemoryFile = z.infer<typeof MemoryFile>;

/** The files in the `memory` folders of the workspace and of the agent. */
export const AgentMemory = z.object({ files: z.array(MemoryFile), notices: z.array(z.string()) });
export type AgentMemory = z.infer<typeof AgentMemory>;
