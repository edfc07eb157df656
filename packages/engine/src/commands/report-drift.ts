import type { RunId, ThreadId } from "@bureau/protocol";
import type { Drift } from "../models/rehearsal.ts";
import { addItems, change } from "./change.ts";
import type { CommandParts } from "./parts.ts";

/** Says in the thread that a rehearsal was asked for something else than was recorded. Nothing is papered over. */
export async function reportDrift(parts: CommandParts, drift: Drift): Promise<void> {
  const text = `The rehearsal drifts at answer ${drift.index + 1}: it was recorded for ${drift.expected}, and is asked for ${drift.actual}.`;
  await change(parts, async (change) => {
    const { rows } = await change.transaction.query<{ id: ThreadId; run_id: RunId | null }>(
      `SELECT t.id, (SELECT r.id FROM runs r WHERE r.thread_id = t.id ORDER BY r.created_at DESC LIMIT 1) AS run_id
       FROM threads t WHERE t.id = $1`,
      [drift.thread],
    );
    const thread = rows[0];
    if (thread)
      await addItems(change, thread.id, [{ content: { type: "notice", text }, runId: thread.run_id, turn: 0 }]);
    change.addEvent({
      type: "rehearsal.drifted",
      threadId: thread?.id ?? null,
      runId: thread?.run_id ?? null,
      data: { index: drift.index, expected: drift.expected, actual: drift.actual },
    });
  });
}
