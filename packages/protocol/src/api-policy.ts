import { z } from "zod";
import { JsonValue, Line, LongText, Reference } from "./api-inputs.ts";
import { endpoint } from "./endpoint.ts";
import { DECISION_REASONS, ListedRule, PolicyRule, VERDICTS } from "./policy.ts";
import { TOOL_EFFECTS } from "./run.ts";

const MAX_VALUES = 100;
const MAX_SAME_CALLS = 1_000;

export const AddPolicyRule = z.strictObject({
  verdict: z.enum(VERDICTS),
  tool: Line.default("*"),
  target: Line.optional(),
  /** Name of an agent, or a pattern over names. */
  agent: Reference.optional(),
  goal: Reference.optional(),
  run: Reference.optional(),
  afterOutside: z.boolean().default(false),
});
export type AddPolicyRule = z.infer<typeof AddPolicyRule>;

export const PolicyRules = z.object({
  rules: z.array(ListedRule),
  /** Constraints of open goals that are no rules: only the agent reads them. */
  advice: z.array(z.object({ goalId: z.string(), goalName: z.string(), text: z.string() })),
});
export type PolicyRules = z.infer<typeof PolicyRules>;

/** A call that is not made. `effect`, `targets` and the like are for tools that are not there. */
export const SimulatePolicy = z.strictObject({
  agent: Reference,
  tool: Line,
  arguments: z.record(z.string(), JsonValue).default({}),
  goal: Reference.optional(),
  run: Reference.optional(),
  /** Outside content that the run has read, such as `mail from bob@example.org`. */
  tainted: z.array(Line).max(MAX_VALUES).default([]),
  /** What the person wrote; the goal's own words when absent. */
  words: LongText.optional(),
  sameCallsInRun: z.number().int().min(0).max(MAX_SAME_CALLS).default(0),
  effect: z.enum(TOOL_EFFECTS).optional(),
  targets: z.array(Line).max(MAX_VALUES).optional(),
  carriesOut: z.boolean().optional(),
  reaches: z.array(Line).max(MAX_VALUES).optional(),
});
export type SimulatePolicy = z.infer<typeof SimulatePolicy>;

export const PolicySimulation = z.object({
  verdict: z.enum(VERDICTS),
  /** In plain words. */
  reason: z.string(),
  because: z.enum(DECISION_REASONS),
  rule: PolicyRule.nullable(),
  /** The call as policy looks at it. */
  action: z.object({
    tool: z.string(),
    kind: z.string(),
    effect: z.enum(TOOL_EFFECTS),
    reversible: z.boolean(),
    targets: z.array(z.string()),
    content: z.array(z.string()),
    carriesOut: z.boolean(),
    reaches: z.array(z.string()),
    title: z.string(),
  }),
});
export type PolicySimulation = z.infer<typeof PolicySimulation>;

export const policyApi = {
  listPolicyRules: endpoint("GET", "/api/policy/rules", {
    summary: "Rules about calls: those of people, of bureau.yaml and of goals' constraints, and what is only advice",
    group: "policy",
    reply: PolicyRules,
  }),
  addPolicyRule: endpoint("POST", "/api/policy/rules", {
    summary: "Add a rule; the same rule again is no error",
    group: "policy",
    body: AddPolicyRule,
    reply: ListedRule,
    errors: ["not_found", "limit_reached"],
  }),
  removePolicyRule: endpoint("DELETE", "/api/policy/rules/:ruleId", {
    summary: "Remove a rule that a person made",
    group: "policy",
    reply: "empty",
    errors: ["not_found", "conflict"],
  }),
  simulatePolicy: endpoint("POST", "/api/policy/simulate", {
    summary: "What would happen if this agent made this call; nothing is run",
    group: "policy",
    body: SimulatePolicy,
    reply: PolicySimulation,
    errors: ["not_found"],
  }),
};
