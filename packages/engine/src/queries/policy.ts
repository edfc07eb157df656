import { type ListedRule, type PolicyRule, type PolicyRules, TERMINAL_GOAL_STATUSES } from "@bureau/protocol";
import { rulesOfConstraints } from "../domain/constraint-rules.ts";
import { type Asker, isFor } from "../domain/rule-match.ts";
import type { Queryable } from "../store/database.ts";
import { listedRuleFromRow, policyRuleFromRow, type PolicyRuleRow } from "../store/policy-rules.ts";

/** More than can be made; were there more all the same, those that allow would be left out first. */
const MAX_RULES = 5_000;
const MAX_LISTED_RUN_RULES = 200;
const MAX_LISTED_GOALS = 500;
/** Goals above a goal. */
const MAX_DEPTH = 32;

/** Every rule that holds, whoever made it, with the constraints of open goals that are only advice. */
export async function listRules(database: Queryable, settings: readonly PolicyRule[]): Promise<PolicyRules> {
  const { rows: made } = await database.query<PolicyRuleRow>(
    `(SELECT * FROM policy_rules WHERE run_id IS NULL ORDER BY id LIMIT ${MAX_RULES})
     UNION ALL
     (SELECT p.* FROM policy_rules p JOIN runs r ON r.id = p.run_id
      WHERE r.status NOT IN ('completed', 'failed', 'canceled') ORDER BY p.id LIMIT ${MAX_LISTED_RUN_RULES})`,
  );
  const { rows: goals } = await database.query<{ id: string; name: string; constraints: string[] }>(
    `SELECT id, name, spec->'constraints' AS constraints FROM goals
     WHERE NOT status = ANY($1) AND jsonb_array_length(spec->'constraints') > 0
     ORDER BY id DESC LIMIT ${MAX_LISTED_GOALS}`,
    [TERMINAL_GOAL_STATUSES],
  );
  const read = goals.map((goal) => ({ goal, ...rulesOfConstraints(goal.constraints, goal) }));
  const fromFile = (rule: PolicyRule): ListedRule => ({ ...rule, createdBy: null, createdAt: null });
  return {
    rules: [
      ...settings.map(fromFile),
      ...made.map(listedRuleFromRow),
      ...read.flatMap(({ rules }) => rules.map(fromFile)),
    ],
    advice: read.flatMap(({ goal, advice }) => advice.map((text) => ({ goalId: goal.id, goalName: goal.name, text }))),
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
