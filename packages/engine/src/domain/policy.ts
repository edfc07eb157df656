import type { Action, Source } from "./action.ts";

export interface PolicyRule {
  id: string;
  verdict: "allow" | "ask" | "deny";
  tool: string;
  target: string | null;
  agent: string | null;
  goalId: string | null;
  runId: string | null;
  afterOutside: boolean;
  origin: "settings" | "goal" | "person" | "approval";
  text: string;
}

export interface PolicyQuestion {
  action: Action;
  agent: string;
  goalId: string | null;
  runId: string | null;
  taint: readonly Source[];
  words: string;
  sameCallsInRun: number;
}

export interface Decision {
  verdict: "allow" | "ask" | "deny";
  reason: string;
  rule: PolicyRule | null;
  because: "rule" | "approval" | "named" | "default" | "outside_content" | "carries_out" | "reaches" | "repeats";
}

export function decide(rules: readonly PolicyRule[], { action }: PolicyQuestion): Decision {
  const rule = rules.find((one) => one.tool === "*" || one.tool === action.tool || one.tool === action.kind);
  if (rule) return { verdict: rule.verdict, reason: rule.text, rule, because: "rule" };
  if (action.effect === "write_outside")
    return { verdict: "ask", reason: `${action.title}: it leaves the workspace.`, rule: null, because: "default" };
  return { verdict: "allow", reason: "", rule: null, because: "default" };
}
