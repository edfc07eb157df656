import { AppError, type Effect } from "@bureau/protocol";
import { findEffectRow } from "../queries/effects.ts";
import { lockRun } from "../queries/lookup.ts";
import { effectFromRow, type EffectRow } from "../store/effects.ts";
import type { ToolCallRow } from "../store/rows.ts";
import { addItems, change, type Change } from "./change.ts";
import { addCallEvent, resultItem } from "./entry-writes.ts";
import { wakeGoal } from "./goal-writes.ts";
import type { CommandParts } from "./parts.ts";
import { wakeRun } from "./run-writes.ts";
import { addEffectEvent, settleEffect } from "./settle-effect.ts";

/** Stops an effect that was approved and has not begun. Its call is answered, and the agent goes on without it. */
export async function takeBack(parts: CommandParts, effectId: string, by: string): Promise<Effect> {
  return await change(parts, async (change) => {
    const seen = await findEffectRow(change.transaction, effectId);
    const { run, goal } = await lockRun(change.transaction, seen.run_id);
    const effect = await findEffectRow(change.transaction, effectId, true);
    if (effect.status === "taken_back") return effectFromRow(effect);
    if (effect.status !== "approved") throw tooLate(effect);
    const text = `Taken back by ${by} before it was done. It was not run.`;
    const { rows: calls } = await change.transaction.query<ToolCallRow>(
      `UPDATE tool_calls SET status = 'denied', result = $2, ended_at = $3 WHERE id = $1 AND status = 'pending'
       RETURNING *`,
      [effect.tool_call_id, text, change.now],
    );
    const call = calls[0];
    if (call === undefined) throw tooLate(effect);
    const { rows } = await change.transaction.query<EffectRow>(
      `UPDATE effects SET status = 'taken_back', error = $2, ended_at = $3, undone_at = $3, undone_by = $4
       WHERE id = $1 RETURNING *`,
      [effect.id, text, change.now, by],
    );
    await addItems(change, run.thread_id, [resultItem(run, call)]);
    addCallEvent(change, "tool_call.denied", run, call);
    addEffectEvent(change, rows[0]!);
    await wakeGoal(change, goal);
    await wakeRun(change, run);
    return effectFromRow(rows[0]!);
  });
}

/** Keeps that an effect was taken back by its inverse. */
export async function markUndone(parts: CommandParts, effectId: string, by: string): Promise<Effect> {
  return await change(parts, async (change) => {
    const { rows } = await change.transaction.query<EffectRow>(
      "UPDATE effects SET undone_at = $2, undone_by = $3 WHERE id = $1 RETURNING *",
      [effectId, change.now, by],
    );
    addEffectEvent(change, rows[0]!);
    return effectFromRow(rows[0]!);
  });
}

/** Settles an unknown effect by what its provider answered, and closes what a person was asked about it. */
export async function settleByProvider(parts: CommandParts, effectId: string, tookPlace: boolean): Promise<Effect> {
  return await change(parts, async (change) => {
    await settleEffect(change, effectId, tookPlace, "the provider");
    const effect = await findEffectRow(change.transaction, effectId);
    await closeQuestion(change, effect, tookPlace);
    return effectFromRow(effect);
  });
}

async function closeQuestion(change: Change, effect: EffectRow, tookPlace: boolean): Promise<void> {
  const { rows } = await change.transaction.query<{ id: string }>(
    `UPDATE inbox SET status = $2, decided_by = 'the provider', decided_at = $3
     WHERE kind = 'unknown_effect' AND tool_call_id = $1 AND status = 'pending' RETURNING id`,
    [effect.tool_call_id, tookPlace ? "approved" : "denied", change.now],
  );
  for (const { id } of rows) {
    const entry = { id, kind: "unknown_effect", status: tookPlace ? "approved" : "denied" };
    change.addEvent({
      type: "inbox.closed",
      threadId: effect.thread_id,
      runId: effect.run_id,
      goalId: effect.goal_id,
      data: { entry },
    });
  }
}

function tooLate(effect: EffectRow): AppError {
  const hints: Partial<Record<EffectRow["status"], string>> = {
    proposed: "Deny it in the inbox.",
    started: "It is being done at this moment.",
    unknown: "Find out first: `bureau effects reconcile`, or decide it in the inbox.",
  };
  return new AppError("conflict", `"${effect.title}" is ${effect.status.replace("_", " ")} and cannot be stopped.`, {
    hint: hints[effect.status] ?? "Nothing is left to stop.",
  });
}
