import { AppError, type Answer, type InboxEntry } from "@bureau/protocol";
import type { Source } from "../domain/action.ts";
import type { Decider } from "../domain/decider.ts";
import type { DecidedBy } from "../engine-api.ts";
import { inboxEntryFromRow, type GoalRow, type InboxRow, type RunRow, type ToolCallRow } from "../store/rows.ts";
import { addItems, change, type Change } from "./change.ts";
import {
  addCallEvent,
  addEntryEvent,
  alreadyDecided,
  callIsGone,
  closeEntry,
  hearGuest,
  requireMayDecide,
  resultItem,
} from "./entry-writes.ts";
import { wakeGoal } from "./goal-writes.ts";
import { requireLinkHolds } from "./link-holds.ts";
import { lockEntry } from "./lock-entry.ts";
import type { CommandParts } from "./parts.ts";
import { updateRun, wakeRun } from "./run-writes.ts";

/** Answers a question in words or by the number of a choice. The same answer again succeeds. */
export async function answerInboxEntry(
  parts: CommandParts,
  entryId: string,
  input: Answer & DecidedBy,
): Promise<InboxEntry> {
  return await change(parts, async (change) => {
    const { entry, run, goal } = await lockEntry(change, entryId);
    requireMayDecide(entry, input.by, { what: "answer" });
    await requireLinkHolds(change, entry, input.by);
    if (entry.kind !== "question") {
      throw new AppError("invalid", `"${entry.title}" is no question; it cannot be answered.`, {
        hint: "Approve, deny or dismiss it.",
      });
    }
    const answer = answerText(entry, input);
    if (entry.status === "answered" && entry.answer === answer) return inboxEntryFromRow(entry);
    if (entry.status !== "pending") throw alreadyDecided(entry);
    if (run === null) throw callIsGone(entry);
    await settleQuestion(change, { run, goal, entry, answer, by: input.by });
    const { rows } = await change.transaction.query<InboxRow>("SELECT * FROM inbox WHERE id = $1", [entry.id]);
    return inboxEntryFromRow(rows[0]!);
  });
}

function answerText(entry: InboxRow, input: Answer): string {
  if (input.text !== undefined) return input.text;
  const choice = input.choice === undefined ? undefined : entry.choices[input.choice - 1];
  if (choice !== undefined) return choice;
  const count = entry.choices.length;
  throw new AppError("invalid", `The question "${entry.title}" has no choice ${input.choice}; it has ${count}.`, {
    hint: count === 0 ? "Answer it in words." : `Give a number from 1 to ${count}, or answer in words.`,
  });
}

/** Gives the agent the answer as the result of its call. The run, its goal and the entry are locked. */
export async function settleQuestion(
  change: Change,
  question: { run: RunRow; goal: GoalRow | null; entry: InboxRow; answer: string; by: Decider },
): Promise<RunRow> {
  const { run, goal, entry, answer } = question;
  const decided = await closeEntry(change, entry, { status: "answered", answer, by: question.by });
  const source = await hearGuest(change, run, question.by);
  if (entry.tool_call_id !== null) await answerCall(change, { run, entry, text: answer, ...(source && { source }) });
  else if (source === undefined) await addPersonsWord(change, run, answer);
  else throw ofTheRun(entry);
  addEntryEvent(change, "question.answered", decided);
  // A person has spoken: what they denied before may be asked for again.
  await updateRun(change, run.id, "state = state - 'denials' - 'askedAfterDenials'", []);
  await wakeGoal(change, goal);
  return await wakeRun(change, run);
}

/** How a run goes on after denials is said in a person's own words, which policy goes by. */
function ofTheRun(entry: InboxRow): AppError {
  return new AppError("forbidden", `"${entry.title}" is for people of the workspace to answer, not for a guest.`, {
    hint: "Ask the owner of this Bureau.",
  });
}

/** The answer to a question of the run itself, which no call asked. */
async function addPersonsWord(change: Change, run: RunRow, text: string): Promise<void> {
  const content = { type: "message", role: "person", text } as const;
  await addItems(change, run.thread_id, [{ content, runId: run.id, turn: run.turn }]);
}

/** Ends the call that asked with what was answered. Throws `conflict` when it no longer waits. */
export async function answerCall(
  change: Change,
  { run, entry, text, source }: { run: RunRow; entry: InboxRow; text: string; source?: Source },
): Promise<void> {
  const { rows } = await change.transaction.query<ToolCallRow>(
    `UPDATE tool_calls SET status = 'completed', result = $2, ended_at = $3
     WHERE id = $1 AND status = 'awaiting_approval' RETURNING *`,
    [entry.tool_call_id, text, change.now],
  );
  const call = rows[0];
  if (call === undefined) throw callIsGone(entry);
  await addItems(change, run.thread_id, [resultItem(run, call, source)]);
  addCallEvent(change, "tool_call.completed", run, call);
}
