import { AppError, TERMINAL_RUN_STATUSES, type Run } from "@bureau/protocol";
import { type Decider, isByLink, mayDecide } from "../domain/decider.ts";
import { runFromRow, type InboxRow, type RunRow } from "../store/rows.ts";
import { settleQuestion } from "./answer-question.ts";
import { addItems, change, type Change, type NewItem } from "./change.ts";
import { wakeGoal } from "./goal-writes.ts";
import { lockRun } from "../queries/lookup.ts";
import type { CommandParts } from "./parts.ts";
import type { MessageOptions } from "./start-run.ts";
import { requeueRun, touchRun, updateRun } from "./run-writes.ts";
import { attachedItems } from "./upload-file.ts";

/** Who speaks where nobody said: whoever runs the program. */
const SOMEBODY: Decider = { name: "person", scope: "full", role: "owner", device: null };

/**
 * Gives a run at work a message. It is seen at the next safe point: nothing in flight is ended for it.
 * A run that waits for a free answer takes the message as the answer, from whoever may give it. `attachments` are ids
 * of uploads.
 */
export async function steerRun(
  parts: CommandParts,
  runId: string,
  text: string,
  { by = SOMEBODY, about, isAnswer = true, alongside, attachments = [] }: MessageOptions = {},
): Promise<Run> {
  return await change(parts, async (change) => {
    const { run, goal } = await lockRun(change.transaction, runId);
    if (TERMINAL_RUN_STATUSES.includes(run.status)) {
      throw new AppError("conflict", `The run ${run.id} has ended (${run.status}) and cannot be steered.`, {
        hint: "Post the message to its thread; that starts a new run.",
      });
    }
    if (run.cancel_requested) {
      throw new AppError("conflict", `The run ${run.id} is being canceled and cannot be steered.`, {
        hint: "Post the message to its thread in a moment; that starts a new run.",
      });
    }
    const attached = await attachedItems(change, run.agent_id, attachments, { runId: run.id, turn: run.turn });
    await addItems(change, run.thread_id, attached);
    const question = isAnswer && run.wait_reason === "question" ? await freeQuestion(change, run, text, by) : null;
    if (question !== null) {
      return runFromRow(await settleQuestion(change, { run, goal, entry: question, answer: text, by }));
    }
    await addItems(change, run.thread_id, [
      ...(about === undefined ? [] : [runtimeItem(about, run.id, run.turn)]),
      { content: { type: "message", role: "person", text }, runId: run.id, turn: run.turn },
    ]);
    // A person has spoken: what they denied before may be asked for again.
    await updateRun(change, run.id, "state = state - 'denials'", []);
    await alongside?.(change, runFromRow(run));
    const wakes = run.status === "waiting" && (run.wait_reason === "timer" || run.wait_reason === "sign_off");
    if (!wakes || run.pause_requested) return runFromRow(await touchRun(change, run));
    await wakeGoal(change, goal);
    // The agent acts on the message before the sign-off is waited for again.
    await updateRun(change, run.id, "state = state - 'verdict'", []);
    return runFromRow(await requeueRun(change, run));
  });
}

/** Words of the runtime that tell what a person's message is about. */
export function runtimeItem(text: string, runId: RunRow["id"] | null, turn: number): NewItem {
  return { content: { type: "message", role: "runtime", text }, runId, turn };
}

/**
 * The open question that the text can answer: one without choices, or one that has it among its choices. What somebody
 * else is asked is theirs to answer; the text is a message then.
 */
async function freeQuestion(change: Change, run: RunRow, text: string, by: Decider): Promise<InboxRow | null> {
  const { rows } = await change.transaction.query<InboxRow>(
    `SELECT * FROM inbox WHERE run_id = $1 AND kind = 'question' AND status = 'pending'
       AND (choices = '[]'::jsonb OR choices ? $2)
     ORDER BY created_at, id LIMIT 1 FOR NO KEY UPDATE`,
    [run.id, text],
  );
  const question = rows[0];
  if (question === undefined || isByLink(question.assignee ?? "")) return null;
  return mayDecide(question, by, { what: "answer" }).ok ? question : null;
}
