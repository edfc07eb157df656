import { type Usage } from "@bureau/protocol";
import { addUsage, estimateCall } from "../domain/budget.ts";
import type { Queryable } from "../store/database.ts";
import { type BudgetAbove, lockBudgets } from "../store/reserve-budget.ts";
import { planWithin, type WantedCall } from "./journal.ts";

type SharedPlan =
  | { ok: true; tokens: number; micros: number; maxOutputTokens: number }
  /** `busy`: there is room as soon as calls in flight have ended. */
  | { ok: false; busy: boolean; sentence: string };

/**
 * Room for a model call under every budget that holds for a goal: its own over all goals below it, and those of the
 * goals above. The locks it takes last until the transaction ends, which must write the reservation.
 *
 * `usage` is what the goal itself has used, as its run knows it: the store may be one outcome behind.
 */
export async function reserveShared(
  transaction: Queryable,
  ask: { runId: string; goal: { id: string }; usage: Usage; wanted: WantedCall },
): Promise<SharedPlan> {
  const budgets = await lockBudgets(transaction, { id: ask.runId, goalId: ask.goal.id });
  const wanted = { ...ask.wanted };
  for (const above of budgets) {
    const usage = addUsage(above.usage, ask.usage);
    const plan = planWithin({ usage, reserved: above.reserved, budget: above.budget }, wanted);
    if (!plan.ok) {
      const later = planWithin({ usage, reserved: { tokens: 0, micros: 0 }, budget: above.budget }, wanted);
      return { ok: false, busy: later.ok, sentence: sentenceOf(above, ask.goal.id, plan.sentence) };
    }
    wanted.maxOutputTokens = Math.min(wanted.maxOutputTokens, plan.maxOutputTokens);
  }
  const { tokens, micros } = estimateCall(wanted);
  return { ok: true, tokens, micros, maxOutputTokens: wanted.maxOutputTokens };
}

function sentenceOf(above: BudgetAbove, goalId: string, sentence: string): string {
  if (above.goalId === goalId) return `Together with the goals below it: ${sentence}`;
  return `The goal "${above.name}" above it holds the budget: ${sentence}`;
}
