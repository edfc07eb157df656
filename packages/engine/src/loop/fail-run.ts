import { AppError, newId } from "@bureau/protocol";
import type { Queryable } from "../store/database.ts";
import { leaveEffects } from "../store/effects.ts";
import { appendEvents } from "../store/events.ts";
import { settleLost } from "../store/spending.ts";
import type { LoopParts } from "./parts.ts";

const MAX_REASON_LENGTH = 500;

/** Ends a run that a fault of ours stopped, and tells a person. Changes nothing when another process has it. */
export async function failRun(
  parts: Pick<LoopParts, "database" | "executorId">,
  runId: string,
  error: unknown,
): Promise<void> {
  const hint = error instanceof AppError && error.hint ? ` ${error.hint}` : "";
  const reason = `${error instanceof Error ? error.message : String(error)}${hint}`.slice(0, MAX_REASON_LENGTH);
  const sentence = isOurs(error) ? `Stopped by a fault of Bureau's own: ${reason}` : `Stopped: ${reason}`;
  await parts.database.transaction(async (transaction) => {
    const { rows } = await transaction.query(
      `UPDATE runs SET status = 'failed', failure = 'internal', sentence = $2, ended_at = now(), epoch = epoch + 1
       WHERE id = $1 AND status = 'running' AND executor_id = $3
       RETURNING thread_id, goal_id, agent_id, ended_at`,
      [runId, sentence, parts.executorId],
    );
    const run = rows[0];
    if (!run) return;
    await closeJournal(transaction, runId);
    await leaveUnknown(transaction, runId, sentence);
    if (run.goal_id) {
      await transaction.query(
        "UPDATE goals SET status = 'blocked', sentence = $2, reserved_tokens = 0, reserved_micros = 0, updated_at = now() WHERE id = $1",
        [run.goal_id, sentence],
      );
    }
    await settleLost(transaction, runId);
    const entryId = newId("notice");
    const kind = run.goal_id ? "stopped" : "failed_run";
    await transaction.query(
      `INSERT INTO inbox (id, kind, status, agent_id, goal_id, run_id, thread_id, title, detail)
       VALUES ($1, $8, 'pending', $2, $3, $4, $5, $6, $7)`,
      [
        entryId,
        run.agent_id,
        run.goal_id,
        runId,
        run.thread_id,
        sentence,
        JSON.stringify({ failure: "internal" }),
        kind,
      ],
    );
    const place = { threadId: run.thread_id, runId, goalId: run.goal_id };
    await appendEvents(transaction, [
      { ...place, type: "run.failed", data: { run: { id: runId, status: "failed", failure: "internal", sentence } } },
      {
        ...place,
        type: "inbox.added",
        data: { entry: { id: entryId, kind, status: "pending", title: sentence } },
      },
      ...(run.goal_id
        ? [
            {
              ...place,
              type: "goal.updated" as const,
              data: { goal: { id: run.goal_id, status: "blocked", sentence } },
            },
          ]
        : []),
    ]);
  });
}

/** What was at work has an unknown outcome, what was not begun is not made. */
async function closeJournal(transaction: Queryable, runId: string): Promise<void> {
  await transaction.query(
    `UPDATE steps SET status = 'interrupted', error = 'The run failed.', ended_at = now(), reserved_tokens = 0,
       reserved_micros = 0 WHERE run_id = $1 AND status = 'running'`,
    [runId],
  );
  await transaction.query(
    `UPDATE tool_calls SET ended_at = now(), status = CASE status WHEN 'running' THEN 'interrupted' ELSE 'canceled' END,
       result = 'The run failed before this was known to be done.'
     WHERE run_id = $1 AND status IN ('pending', 'awaiting_approval', 'running')`,
    [runId],
  );
}

/** Asks a person about what had begun outside when the run failed. */
async function leaveUnknown(transaction: Queryable, runId: string, sentence: string): Promise<void> {
  for (const effect of await leaveEffects(transaction, runId, sentence)) {
    const id = newId("notice");
    const title = `Did this take place? ${effect.title}`.slice(0, MAX_REASON_LENGTH);
    const detail = { tool: effect.tool, arguments: effect.arguments, kind: effect.kind, targets: effect.targets };
    await transaction.query(
      `INSERT INTO inbox (id, kind, status, agent_id, goal_id, run_id, thread_id, tool_call_id, effect_id, title, detail)
       VALUES ($1, 'unknown_effect', 'pending', $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        id,
        effect.agent_id,
        effect.goal_id,
        runId,
        effect.thread_id,
        effect.tool_call_id,
        effect.id,
        title,
        JSON.stringify(detail),
      ],
    );
    const entry = { id, kind: "unknown_effect", status: "pending", title };
    const place = { threadId: effect.thread_id, runId, goalId: effect.goal_id };
    await appendEvents(transaction, [{ ...place, type: "inbox.added", data: { entry } }]);
  }
}

/** Whether a person can do nothing about it: a setting that is missing is not a fault. */
export function isOurs(error: unknown): boolean {
  return !(error instanceof AppError) || error.code === "internal";
}
