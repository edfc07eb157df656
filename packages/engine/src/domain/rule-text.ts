import type { PolicyRule } from "@bureau/protocol";
import { isPattern, MAX_PATTERN_CHARACTERS } from "./glob.ts";
import { namesTarget } from "./rule-match.ts";

type RuleParts = Pick<PolicyRule, "verdict" | "tool" | "target" | "agent" | "goalId" | "runId" | "afterOutside">;

export interface RuleFault {
  field: "tool" | "target" | "agent" | "afterOutside";
  /** The end of a sentence that begins with the field. */
  fault: string;
}

/** A rule in one line: `allow mail.send to *@acme.com by reporter, also after outside content`. */
export function ruleText(rule: RuleParts): string {
  const what = rule.tool === "*" ? "every call" : rule.tool;
  const agent = rule.agent === null ? "" : ` by ${rule.agent}`;
  const scope = rule.runId !== null ? " in one run" : rule.goalId !== null ? " for one goal" : "";
  const outside = rule.afterOutside ? ", also after outside content" : "";
  return `${rule.verdict} ${what}${targetText(rule.target)}${agent}${scope}${outside}`;
}

function targetText(target: string | null): string {
  if (target === null) return "";
  return target.startsWith("!") ? ` to all but ${target.slice(1)}` : ` to ${target}`;
}

/** What is wrong with a rule that a person writes; null when nothing is. */
export function ruleFault(rule: RuleParts): RuleFault | null {
  for (const field of ["tool", "target", "agent"] as const) {
    const pattern = rule[field];
    if (pattern === null) continue;
    if (!isPattern(pattern.replace(/^!/, ""))) {
      return { field, fault: `must have 1 to ${MAX_PATTERN_CHARACTERS} characters` };
    }
    if (/\p{Cc}/u.test(pattern)) return { field, fault: "must be on one line" };
  }
  if (rule.verdict === "allow" && rule.target?.startsWith("!") === true) {
    return { field: "target", fault: "cannot begin with ! where it allows; name those that are allowed" };
  }
  if (!rule.afterOutside) return null;
  if (rule.verdict !== "allow") return { field: "afterOutside", fault: "means something only where it allows" };
  return namesTarget(rule) ? null : { field: "afterOutside", fault: "needs a target that is not everything" };
}
