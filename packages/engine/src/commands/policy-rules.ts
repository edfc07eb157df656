import { type AddPolicyRule, AppError, type ListedRule, newId, type PolicyRule } from "@bureau/protocol";
import { ruleFault, ruleText } from "../domain/rule-text.ts";
import { findAgent, findGoal, findRun } from "../queries/lookup.ts";
import { listedRuleFromRow, type PolicyRuleRow } from "../store/policy-rules.ts";
import { change, type Change } from "./change.ts";
import type { CommandParts } from "./parts.ts";

/** Rules of people, without those of single runs. Each call of an agent is held against all of them. */
const MAX_RULES = 1_000;
const MAX_RUN_RULES = 1_000;
/** Rules of runs that are over, removed when a new one is made. */
const MAX_REMOVED = 200;

/** What a rule says, with everything that it refers to looked up. */
export type NewRule = Omit<PolicyRule, "id" | "origin" | "text"> & {
  origin: "person" | "approval";
  /** As it is shown to a person; made of the rest when absent. */
  text?: string;
};

/** Adds a rule for all calls from now on. The same rule again is the one that is there. */
export async function addPolicyRule(parts: CommandParts, input: AddPolicyRule & { by: string }): Promise<ListedRule> {
  return await change(parts, async (change) => {
    const rule = await resolve(change, input);
    return await insertRule(change, rule, input.by);
  });
}

/** Adds a rule within a change that is being made, such as the decision on a card. */
export async function insertRule(change: Change, rule: NewRule, by: string): Promise<ListedRule> {
  const fault = ruleFault(rule);
  if (fault !== null) throw new AppError("invalid", `The rule's ${fault.field} ${fault.fault}.`);
  const { transaction, now } = change;
  const values = [
    rule.verdict,
    rule.tool,
    rule.target,
    rule.agent,
    rule.goalId,
    rule.runId,
    rule.afterOutside,
    rule.origin,
  ];
  const { rows: known } = await transaction.query<PolicyRuleRow>(
    `SELECT * FROM policy_rules WHERE verdict = $1 AND tool = $2 AND target IS NOT DISTINCT FROM $3
       AND agent IS NOT DISTINCT FROM $4 AND goal_id IS NOT DISTINCT FROM $5 AND run_id IS NOT DISTINCT FROM $6
       AND after_outside = $7 AND origin = $8 ORDER BY id LIMIT 1`,
    values,
  );
  if (known[0] !== undefined) return listedRuleFromRow(known[0]);
  if (rule.runId !== null) await removeEnded(change);
  await requireRoom(change, rule.runId);
  const { rows } = await transaction.query<PolicyRuleRow>(
    `INSERT INTO policy_rules
       (verdict, tool, target, agent, goal_id, run_id, after_outside, origin, id, text, created_by, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING *`,
    [...values, newId("rule"), rule.text ?? ruleText(rule), by, now],
  );
  const added = listedRuleFromRow(rows[0]!);
  tell(change, added, "added");
  return added;
}

/** Removes a rule that a person made. A rule of a file is removed there. */
export async function removePolicyRule(parts: CommandParts, id: string): Promise<void> {
  if (id.startsWith("settings:")) {
    throw new AppError("conflict", `The rule ${id} stands in bureau.yaml.`, {
      hint: "Remove it there and restart Bureau.",
    });
  }
  if (id.startsWith("constraint:")) {
    throw new AppError("conflict", `The rule ${id} is a constraint of a goal.`, {
      hint: "Change the goal's constraints with `bureau goal edit`, or in its file.",
    });
  }
  await change(parts, async (change) => {
    const { rows } = await change.transaction.query<PolicyRuleRow>(
      "DELETE FROM policy_rules WHERE id = $1 RETURNING *",
      [id],
    );
    if (rows[0] === undefined) {
      throw new AppError("not_found", `There is no rule "${id}".`, { hint: "`bureau policy list` shows the rules." });
    }
    tell(change, listedRuleFromRow(rows[0]), "removed");
  });
}

async function resolve(change: Change, input: AddPolicyRule): Promise<NewRule> {
  const { transaction } = change;
  const { agent = null } = input;
  const isPattern = agent?.includes("*") === true;
  const found = agent === null || isPattern ? agent : (await findAgent(transaction, agent)).name;
  const goal = input.goal === undefined ? null : await findGoal(transaction, input.goal);
  const run = input.run === undefined ? null : await findRun(transaction, input.run);
  return {
    verdict: input.verdict,
    tool: input.tool.trim(),
    target: input.target?.trim() ?? null,
    agent: found,
    goalId: goal?.id ?? null,
    runId: run?.id ?? null,
    afterOutside: input.afterOutside,
    origin: "person",
  };
}

async function requireRoom({ transaction }: Change, runId: string | null): Promise<void> {
  const { rows } = await transaction.query<{ count: number }>(
    "SELECT count(*)::int AS count FROM policy_rules WHERE (run_id IS NULL) = $1",
    [runId === null],
  );
  const max = runId === null ? MAX_RULES : MAX_RUN_RULES;
  if ((rows[0]?.count ?? 0) < max) return;
  throw new AppError("limit_reached", `There are already ${max} rules.`, {
    hint: "Remove some with `bureau policy remove`, or say more with patterns.",
  });
}

/** Rules of runs that are over hold for nothing any more. */
async function removeEnded({ transaction }: Change): Promise<void> {
  await transaction.query(
    `DELETE FROM policy_rules WHERE id IN (
       SELECT p.id FROM policy_rules p JOIN runs r ON r.id = p.run_id
       WHERE r.status IN ('completed', 'failed', 'canceled') ORDER BY p.id LIMIT ${MAX_REMOVED})`,
  );
}

function tell(change: Change, rule: ListedRule, what: "added" | "removed"): void {
  change.addEvent({ type: "policy.changed", goalId: rule.goalId, runId: rule.runId, data: { change: what, rule } });
}
