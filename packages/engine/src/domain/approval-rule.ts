import type { DecisionScope } from "@bureau/protocol";
import { isPattern } from "./glob.ts";

/** Most targets of one call that become rules. */
const MAX_TARGETS = 100;
const MAX_SHOWN_CHARACTERS = 200;

/** A rule that a decision makes besides deciding, as its row holds it. */
export interface RuleDraft {
  verdict: "allow" | "deny";
  tool: string;
  /** Null holds for all. */
  target: string | null;
  agent: string | null;
  goalId: string | null;
  runId: string | null;
  afterOutside: boolean;
  text: string;
}

export interface RuleSource {
  approved: boolean;
  scope: DecisionScope;
  tool: string;
  /** Exactly those that the person saw. */
  targets: readonly string[];
  agentName: string;
  goal: { id: string; title: string } | null;
  runId: string;
  by: string;
}

export type DraftedRules = { ok: true; rules: RuleDraft[] } | { ok: false; message: string; hint: string };

/**
 * The rules that a decision makes: one for each target that the person saw, or one for the tool where it has none.
 *
 * Values stand in rules as patterns, so one that would hold for more than the person saw makes none.
 */
export function rulesOf(source: RuleSource): DraftedRules {
  if (source.scope === "once") return { ok: true, rules: [] };
  if (source.scope === "goal" && source.goal === null) {
    return {
      ok: false,
      message: "The call belongs to no goal, so it cannot be decided for one.",
      hint: "Decide it once, for this run, or as a rule.",
    };
  }
  const targets = [...new Set(source.targets)];
  if (targets.length > MAX_TARGETS) {
    return {
      ok: false,
      message: `The call has ${targets.length} targets; at most ${MAX_TARGETS} can become rules.`,
      hint: "Decide it once.",
    };
  }
  const agent = source.scope === "rule" ? [source.agentName] : [];
  const wild = [source.tool, ...targets, ...agent].find((value) => !isExact(value));
  if (wild !== undefined) {
    return {
      ok: false,
      message: `"${wild.slice(0, MAX_SHOWN_CHARACTERS)}" cannot stand in a rule: it would not hold for exactly what was shown.`,
      hint: "Decide it once.",
    };
  }
  return { ok: true, rules: (targets.length === 0 ? [null] : targets).map((target) => ruleOf(source, target)) };
}

/** As a pattern, it holds for itself alone. */
function isExact(value: string): boolean {
  return isPattern(value) && value.trim() !== "" && !value.includes("*") && !value.startsWith("!");
}

function ruleOf(source: RuleSource, target: string | null): RuleDraft {
  const { approved, scope, tool } = source;
  return {
    verdict: approved ? "allow" : "deny",
    tool,
    target,
    agent: scope === "rule" ? source.agentName : null,
    goalId: scope === "goal" ? (source.goal?.id ?? null) : null,
    runId: scope === "run" ? source.runId : null,
    // The person saw the card, which says what the run had read.
    afterOutside: approved,
    text: ruleText(source, target),
  };
}

function ruleText({ approved, scope, tool, agentName, goal, by }: RuleSource, target: string | null): string {
  const where = {
    once: "",
    run: " in this run",
    goal: ` for the goal "${goal?.title.slice(0, MAX_SHOWN_CHARACTERS) ?? ""}"`,
    rule: "",
  }[scope];
  const to = target === null ? "" : ` to ${target.slice(0, MAX_SHOWN_CHARACTERS)}`;
  return `${agentName} ${approved ? "may" : "may not"} call ${tool}${to}${where}. Decided by ${by} at an approval.`;
}
