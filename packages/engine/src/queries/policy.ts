import { type ListedRule, type PolicyRule, type PolicyRules, TERMINAL_GOAL_STATUSES } from "@bureau/protocol";
import { rulesOfConstraints } from "../domain/constraint-rules.ts";
import type { Queryable } from "../store/database.ts";
import { listedRuleFromRow, type PolicyRuleRow } from "../store/policy-rules.ts";

const MAX_LISTED_RULES = 2_000;
const MAX_LISTED_RUN_RULES = 200;
const MAX_LISTED_GOALS = 500;

/** Every rule that holds, whoever made it, with the constraints of open goals that are only advice. */
export async function listRules(database: Queryable, settings: readonly PolicyRule[]): Promise<PolicyRules> {
  const { rows: made } = await database.query<PolicyRuleRow>(
    `(SELECT * FROM policy_rules WHERE run_id IS NULL ORDER BY id LIMIT ${MAX_LISTED_RULES})
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
