import type { ListedRule, PolicyRule } from "@bureau/protocol";

export interface PolicyRuleRow {
  id: string;
  verdict: PolicyRule["verdict"];
  tool: string;
  target: string | null;
  agent: string | null;
  goal_id: string | null;
  run_id: string | null;
  after_outside: boolean;
  origin: "person" | "approval";
  text: string;
  created_by: string;
  /** Text where the row was read as JSON. */
  created_at: Date | string;
}

export function policyRuleFromRow(row: PolicyRuleRow): PolicyRule {
  return {
    id: row.id,
    verdict: row.verdict,
    tool: row.tool,
    target: row.target,
    agent: row.agent,
    goalId: row.goal_id,
    runId: row.run_id,
    afterOutside: row.after_outside,
    origin: row.origin,
    text: row.text,
  };
}

export function listedRuleFromRow(row: PolicyRuleRow): ListedRule {
  return {
    ...policyRuleFromRow(row),
    createdBy: row.created_by,
    createdAt: new Date(row.created_at).toISOString(),
  };
}
