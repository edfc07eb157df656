import { chargedTokens } from "@bureau/protocol";
import { localDay } from "../clock.ts";
import { priceOf } from "../domain/budget.ts";
import { capsFor, planWithinCaps } from "../domain/caps.ts";
import type { ModelAnswer, ModelRequest } from "../models/model.ts";
import { readHalt } from "../store/halt.ts";
import { lockSpending, type SpendingChange, writeSpending } from "../store/spending.ts";
import type { LoopParts } from "./parts.ts";
import { noRoom } from "./side-call.ts";

/** Who pays for it. */
export interface Payer {
  id: string;
  name: string;
}

/**
 * A model call that belongs to no run: a person waits for it. It is made only while nothing is stopped, and under the
 * caps of its agent, the workspace and the day.
 *
 * It counts as spent in full before it begins; what it did not use is given back when it ended. So a process that
 * dies in between has counted too much and never too little.
 */
export async function loneCall(
  parts: LoopParts,
  payer: Payer,
  request: ModelRequest,
  signal: AbortSignal,
): Promise<ModelAnswer> {
  const counted = await countBefore(parts, payer, request);
  if (!counted.ok) return noRoom(request.model, counted.sentence);
  if ((await readHalt(parts.reads)) !== null || parts.signals.stopping) {
    if (counted.change) await settle(parts, counted.change, 0, 0, 0);
    return noRoom(request.model, "Everything is stopped.");
  }
  const answer = await parts.models.call(request, { signal });
  const isUnheard = signal.aborted && answer.usage === null;
  if (counted.change !== null && !isUnheard) {
    const tokens = answer.usage ? chargedTokens(answer.usage) : 0;
    const micros = answer.usage ? priceOf(answer.usage, parts.models.price(answer.model)) : 0;
    await settle(parts, counted.change, tokens, micros, answer.usage ? 1 : 0);
  }
  return answer;
}

type Counted = { ok: true; change: SpendingChange | null } | { ok: false; sentence: string };

async function countBefore(parts: LoopParts, payer: Payer, request: ModelRequest): Promise<Counted> {
  const caps = parts.caps?.current() ?? null;
  if (caps === null) return { ok: true, change: null };
  const day = localDay(parts.clock.now());
  const maxOutputTokens = request.maxOutputTokens ?? parts.models.limits(request.model).maxOutputTokens;
  return await parts.database.transaction(async (transaction) => {
    const spent = await lockSpending(transaction, payer.id, day);
    const scopes = capsFor(caps, payer.name).map((scope) => ({ ...scope, spent: spent[scope.of][scope.period] }));
    const price = parts.models.price(request.model);
    const inputBytes = JSON.stringify(request.messages).length;
    const plan = planWithinCaps(scopes, { inputBytes, maxOutputTokens, price, model: request.model, newRun: false });
    if (!plan.ok) return { ok: false, sentence: plan.sentence };
    if (plan.maxOutputTokens < maxOutputTokens) return { ok: false, sentence: "The caps leave too little for it." };
    const { tokens, micros } = plan;
    const change = {
      agent_id: payer.id,
      day,
      tokens,
      micros,
      calls: 1,
      runs: 0,
      reserved_tokens: 0,
      reserved_micros: 0,
    };
    await writeSpending(transaction, [change]);
    return { ok: true, change };
  });
}

async function settle(
  parts: LoopParts,
  counted: SpendingChange,
  tokens: number,
  micros: number,
  calls: number,
): Promise<void> {
  const { tokens: before, micros: beforeMicros, calls: beforeCalls } = counted;
  const difference = { tokens: tokens - before, micros: micros - beforeMicros, calls: calls - beforeCalls };
  await parts.database.transaction((transaction) => writeSpending(transaction, [{ ...counted, ...difference }]));
}
