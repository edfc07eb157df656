import { NO_USAGE, type Usage } from "@bureau/protocol";
import { addUsage, estimateCall, reserve } from "../domain/budget.ts";
import type { ModelAnswer, ModelRequest } from "../models/model.ts";
import { canonicalJson } from "../domain/hash.ts";
import { type Queryable, withReconnect } from "../store/database.ts";
import { writeSpending } from "../store/spending.ts";
import { askLeave, type Leave } from "./admit-call.ts";
import { type Journal, setFacts, spending } from "./journal.ts";
import { type LoopParts, patience } from "./parts.ts";

/** A step waits so long, and so often, for calls in flight; then it goes on without. */
const LONGEST_WAIT_MS = 5_000;
const MAX_WAITS = 30;

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
  signal: AbortSignal,
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
  if (!goal?.hasFamily && !parts.caps?.current()) return null;
  const asked = { wanted: { ...wanted, turns: 0 }, maxOutputTokens, usage, models: [request.model], outcome: {} };
  for (let wait = 0; ; wait += 1) {
    const leave = await askOnce(parts, journal, async (transaction) => {
      const answer = await askLeave(parts, journal, transaction, asked);
      const fits = answer.ok && answer.maxOutputTokens >= maxOutputTokens;
      if (fits) await keepReservation(transaction, journal, { tokens, micros }, answer);
      return answer;
    });
    if (leave.ok && leave.maxOutputTokens < maxOutputTokens)
      return "What it shares with other work has no room for it.";
    if (leave.ok) {
      setFacts(journal, leave.kept);
      return null;
    }
    const { refusal } = leave;
    const soon = refusal.type === "busy" && refusal.retryAt - parts.clock.now() <= LONGEST_WAIT_MS;
    if (!soon || wait >= MAX_WAITS || signal.aborted) {
      return refusal.sentence ?? "Other goals under the same budget have set aside what is left.";
    }
    await parts.clock.sleep(refusal.retryAt - parts.clock.now(), signal).catch(() => undefined);
  }
}

/** Asks in a transaction, and again during an outage unless what was set aside is found to be kept. */
async function askOnce(
  parts: LoopParts,
  journal: Journal,
  ask: (transaction: Queryable) => Promise<Leave>,
): Promise<Leave> {
  const tried: { leave?: Leave } = {};
  return await withReconnect(async () => {
    if (tried.leave?.ok && (await isKept(parts, journal, tried.leave))) return tried.leave;
    delete tried.leave;
    return await parts.database.transaction(async (transaction) => (tried.leave = await ask(transaction)));
  }, patience(parts));
}

/** Only what is counted in `spending` must not be kept twice; the run's state then names it. */
async function isKept(parts: LoopParts, { run }: Journal, { kept }: Extract<Leave, { ok: true }>): Promise<boolean> {
  if (!kept.setAside) return false;
  const { rows } = await parts.reads.query<{ aside: unknown }>(
    "SELECT state->'setAside' AS aside FROM runs WHERE id = $1 AND epoch = $2 FOR SHARE",
    [run.id, run.epoch],
  );
  return rows[0] !== undefined && canonicalJson(rows[0].aside) === canonicalJson(kept.setAside);
}

/** Written in mid-step: by the epoch, so that a process that lost the run sets nothing aside for it. */
async function keepReservation(
  transaction: Queryable,
  { goal, run }: Journal,
  own: { tokens: number; micros: number },
  leave: Extract<Leave, { ok: true }>,
): Promise<void> {
  if (goal) {
    await transaction.query("UPDATE goals SET reserved_tokens = $2, reserved_micros = $3 WHERE id = $1", [
      goal.id,
      own.tokens,
      own.micros,
    ]);
  }
  if (leave.spending.length === 0) return;
  const { rows } = await transaction.query(
    "UPDATE runs SET state = state || $3 WHERE id = $1 AND epoch = $2 RETURNING id",
    [run.id, run.epoch, JSON.stringify(leave.kept)],
  );
  if (rows.length === 0) throw new Error(`The run ${run.id} was taken up by another process.`);
  await writeSpending(transaction, leave.spending);
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
