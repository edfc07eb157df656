import { NO_USAGE, type Usage } from "@bureau/protocol";
import { addUsage, estimateCall, reserve } from "../domain/budget.ts";
import type { ModelAnswer, ModelRequest } from "../models/model.ts";
import { type Journal, spending } from "./journal.ts";
import type { LoopParts } from "./parts.ts";
import { reserveShared } from "./shared-budget.ts";

/**
 * Sets aside a model call that a step makes beside the run's own (a judge's, a summary's), in the budget that holds
 * for the run and those above it. Null when there is room, else why there is none.
 *
 * `spent` is what the step has used so far. The step's outcome must set the goal's reservation back to nothing.
 */
export async function reserveSideCall(
  parts: LoopParts,
  journal: Journal,
  spent: Partial<Usage>,
  request: ModelRequest,
): Promise<string | null> {
  const { goal } = journal;
  const own = spending(journal);
  const usage = addUsage(own.usage, { ...NO_USAGE, ...spent });
  const maxOutputTokens = request.maxOutputTokens ?? parts.models.limits(request.model).maxOutputTokens;
  const price = parts.models.price(request.model);
  const wanted = { inputBytes: JSON.stringify(request.messages).length, maxOutputTokens, price };
  const { tokens, micros } = estimateCall(wanted);
  const room = reserve(usage, { tokens: 0, micros: 0 }, own.budget, { tokens, micros });
  if (!room.ok) return room.sentence;
  if (!goal?.hasFamily) return null;
  return await parts.database.transaction(async (transaction) => {
    const shared = await reserveShared(transaction, {
      runId: journal.run.id,
      goal,
      usage,
      wanted: { ...wanted, turns: 0 },
    });
    if (!shared.ok) return shared.sentence;
    if (shared.maxOutputTokens < maxOutputTokens)
      return "The budget that it shares with other goals has no room for it.";
    await transaction.query("UPDATE goals SET reserved_tokens = $2, reserved_micros = $3 WHERE id = $1", [
      goal.id,
      tokens,
      micros,
    ]);
    return null;
  });
}

/** The answer of a call for which the budget had no room. */
export function noRoom(model: string, sentence: string): ModelAnswer {
  return {
    status: "failed",
    model,
    failure: { kind: "usage_limit", message: sentence, status: null, retryAfterMs: null },
    usage: null,
  };
}
