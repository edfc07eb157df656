import { AppError, newId, type ThreadId } from "@bureau/protocol";
import { effectFromRow, type EffectRow, leaveEffects } from "../store/effects.ts";
import { inboxEntryFromRow, type InboxRow } from "../store/rows.ts";
import type { RunRow } from "../store/rows.ts";
import { addItems, type Change } from "./change.ts";

const MAX_TITLE = 500;

/**
 * Settles an effect of which nobody could tell, by what a person says or a provider answered. Tells the agent, who
 * must not do it again if it took place.
 */
export async function settleEffect(change: Change, effectId: string, tookPlace: boolean, by: string): Promise<void> {
  const { rows } = await change.transaction.query<EffectRow>(
    `UPDATE effects SET status = $2, error = $3, ended_at = $4 WHERE id = $1 AND status = 'unknown' RETURNING *`,
    [effectId, tookPlace ? "done" : "failed", tookPlace ? null : `It did not take place, says ${by}.`, change.now],
  );
  const effect = rows[0];
  if (effect === undefined) {
    throw new AppError("conflict", `What became of ${effectId} is known already.`, {
      hint: `See \`bureau effects show ${effectId}\`.`,
    });
  }
  const said = tookPlace
    ? `${by} found that this took place: ${effect.title}. Do not do it again.`
    : `${by} found that this did not take place: ${effect.title}. It may be asked for again.`;
  await addItems(change, effect.thread_id as ThreadId, [
    { content: { type: "message", role: "runtime", text: said }, runId: effect.run_id as `run_${string}`, turn: 0 },
  ]);
  addEffectEvent(change, effect);
}

export function addEffectEvent(change: Change, effect: EffectRow): void {
  change.addEvent({
    type: "effect.changed",
    threadId: effect.thread_id,
    runId: effect.run_id,
    goalId: effect.goal_id,
    data: { effect: effectFromRow(effect) },
  });
}

/** Ends the effects of calls that were just closed, and asks a person about those that had begun. */
export async function closeEffects(change: Change, run: RunRow, reason: string): Promise<void> {
  for (const effect of await leaveEffects(change.transaction, run.id, reason)) {
    const { rows } = await change.transaction.query<InboxRow>(
      `INSERT INTO inbox (id, kind, status, agent_id, goal_id, run_id, thread_id, tool_call_id, effect_id, title, detail,
         action_hash, created_at)
       VALUES ($1, 'unknown_effect', 'pending', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING *`,
      [
        newId("notice"),
        effect.agent_id,
        effect.goal_id,
        effect.run_id,
        effect.thread_id,
        effect.tool_call_id,
        effect.id,
        `Did this take place? ${effect.title}`.slice(0, MAX_TITLE),
        JSON.stringify({ tool: effect.tool, arguments: effect.arguments, kind: effect.kind, targets: effect.targets }),
        effect.action_hash,
        change.now,
      ],
    );
    change.addEvent({
      type: "inbox.added",
      threadId: effect.thread_id,
      runId: effect.run_id,
      goalId: effect.goal_id,
      data: { entry: inboxEntryFromRow(rows[0]!) },
    });
    addEffectEvent(change, effect);
  }
}
