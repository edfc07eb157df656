import { z } from "zod";

export const VERDICTS = ["allow", "ask", "deny"] as const;
export type Verdict = (typeof VERDICTS)[number];

export const RULE_ORIGINS = ["settings", "goal", "person", "approval"] as const;
export type RuleOrigin = (typeof RULE_ORIGINS)[number];

/** What a person, a goal or a settings file says of calls. */
export const PolicyRule = z.object({
  id: z.string(),
  verdict: z.enum(VERDICTS),
  /** Pattern with `*` over the tool's name and over its kind. */
  tool: z.string(),
  /** Pattern over each target; null holds for all. A `!` in front, where it does not allow: all that do not fit. */
  target: z.string().nullable(),
  /** Pattern over the agent's name. */
  agent: z.string().nullable(),
  goalId: z.string().nullable(),
  runId: z.string().nullable(),
  /** An allow that holds also when the run has read outside content. */
  afterOutside: z.boolean(),
  /** Where it stands: in `bureau.yaml`, in a goal's constraints, made by a person, or granted on a card. */
  origin: z.enum(RULE_ORIGINS),
  /** As it is shown to a person. */
  text: z.string(),
});
export type PolicyRule = z.infer<typeof PolicyRule>;

/** A rule with who made it; null for those that stand in files. */
export const ListedRule = PolicyRule.extend({ createdBy: z.string().nullable(), createdAt: z.string().nullable() });
export type ListedRule = z.infer<typeof ListedRule>;

/** What led to a decision. */
export const DECISION_REASONS = [
  "rule",
  "approval",
  "named",
  "default",
  "outside_content",
  "carries_out",
  "reaches",
  "repeats",
] as const;
export type DecisionReason = (typeof DECISION_REASONS)[number];
