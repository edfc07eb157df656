import type { ListedRule, PolicyRule } from "@bureau/protocol";
import { rulesOfConstraints } from "../domain/constraint-rules.ts";
import { type Asker, isFor } from "../domain/rule-match.ts";
import type { Queryable } from "./database.ts";

/** More than can be made; were there more all the same, those that allow would be left out first. */
const MAX_RULES = 5_000;
/** Goals above a goal. */
const MAX_DEPTH = 32;

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

/**
 * The rules for one agent at work: those that people made, and the constraints of its goal and of the goals above.
 * Those of `bureau.yaml` are added by the caller.
 *
 * What a goal above refuses or asks for holds for the goals below it too; what it allows does not.
 */
export async function loadRules(database: Queryable, asker: Asker): Promise<PolicyRule[]> {
  const { rows } = await database.query<LoadedRow>({
    name: "load_rules",
    text: `
      WITH RECURSIVE family AS (
        SELECT id, parent_id, spec->'constraints' AS constraints, 0 AS depth FROM goals WHERE id = $1
        UNION ALL
        SELECT g.id, g.parent_id, g.spec->'constraints', f.depth + 1
        FROM goals g JOIN family f ON g.id = f.parent_id WHERE f.depth < ${MAX_DEPTH}
      )
      (SELECT id, constraints, NULL::jsonb AS rule FROM family ORDER BY depth)
      UNION ALL
      (SELECT p.id, NULL, to_jsonb(p) FROM policy_rules p
       WHERE (p.goal_id IS NULL OR p.goal_id = $1 OR (p.verdict <> 'allow' AND p.goal_id IN (SELECT id FROM family)))
         AND (p.run_id IS NULL OR p.run_id = $2)
       ORDER BY (p.verdict = 'allow'), p.id LIMIT ${MAX_RULES})`,
    values: [asker.goalId, asker.runId],
  });
  const rules = rows.flatMap((row) => {
    if (row.rule !== null) return [policyRuleFromRow(row.rule)];
    return rulesOfConstraints(row.constraints ?? [], row).rules;
  });
  // A rule of a goal above is looked at as one of this goal.
  return rules
    .map((rule) => (rule.goalId === null ? rule : { ...rule, goalId: asker.goalId }))
    .filter((rule) => isFor(rule, asker));
}

interface LoadedRow {
  id: string;
  constraints: string[] | null;
  rule: PolicyRuleRow | null;
}
