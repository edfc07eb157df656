import { AppError, type ApprovalId, type Decision, type InboxEntry } from "@bureau/protocol";
import type { DecidedBy } from "../engine-api.ts";
import {
  inboxEntryFromRow,
  toolCallFromRow,
  type GoalRow,
  type InboxRow,
  type RunRow,
  type ToolCallRow,
} from "../store/rows.ts";
import { decideEffect, effectOfCall } from "../store/effects.ts";
import { addItems, change, type Change, type NewItem } from "./change.ts";
import { requestCheck } from "./check-goal.ts";
import { isAtWork, wakeGoal } from "./goal-writes.ts";
import { releaseHeld } from "./hold-spending.ts";
import { lockEntry } from "./lock-entry.ts";
import type { CommandParts } from "./parts.ts";
import { touchRun, wakeRun } from "./run-writes.ts";
import { settleEffect } from "./settle-effect.ts";
import { wakeCapped } from "./wake-capped.ts";

const MAX_TITLE_CHARACTERS = 200;
const MAX_ARGUMENT_CHARACTERS = 2_000;

/** What a decision makes of an entry. */
const STATUS_AFTER = { approve: "approved", deny: "denied", dismiss: "dismissed" } as const;

/** What can be decided about each kind; anything else is refused. */
const DECISIONS: Record<InboxEntry["kind"], readonly Decision["decision"][]> = {
  approval: ["approve", "deny"],
  sign_off: ["approve", "deny"],
  stopped: ["dismiss"],
  question: ["dismiss"],
  // Approved: it took place. Denied: it did not.
  unknown_effect: ["approve", "deny"],
  failed_run: ["dismiss"],
  // Approved or dismissed: the work asks again, or goes on. Denied: it stays as it is.
  budget: ["approve", "deny", "dismiss"],
  sign_in: ["dismiss"],
};

/**
 * Records a person's decision and has its run go on.
 *
 * The same decision again succeeds and changes nothing; another one is a `conflict` that says who was first.
 */
export async function decideInboxEntry(
  parts: CommandParts,
  entryId: string,
  input: Decision & DecidedBy,
): Promise<InboxEntry> {
  // Before the entry is closed: what dies in between can be asked for again.
  if (input.decision !== "deny") await releaseHeld(parts, entryId);
  return await change(parts, async (change) => {
    const { entry, run, goal } = await lockEntry(change, entryId);
    const status = STATUS_AFTER[input.decision];
    if (!DECISIONS[entry.kind].includes(input.decision)) throw wrongDecision(entry, input.decision);
    if (entry.status === status) return inboxEntryFromRow(entry);
    if (entry.status !== "pending") throw alreadyDecided(entry);
    const decided = await closeEntry(change, entry, { status, answer: input.note ?? null, by: input.by });
    if (entry.kind === "approval") await settleApproval(change, decided, run, goal, input);
    else if (entry.kind === "sign_off") await settleSignOff(change, decided, run, goal);
    else if (entry.kind === "question") await settleDismissedQuestion(change, decided, run, goal);
    else {
      if (entry.kind === "unknown_effect") await settleUnknown(change, decided, run, input);
      addEntryEvent(change, "inbox.closed", decided);
    }
    if (entry.kind === "budget" && input.decision !== "deny") await wakeCapped(change, entry.id);
    return inboxEntryFromRow(decided);
  });
}

/** Writes the decision of a locked, pending entry. */
export async function closeEntry(
  change: Change,
  entry: InboxRow,
  decision: { status: InboxRow["status"]; answer: string | null; by: string },
): Promise<InboxRow> {
  const { rows } = await change.transaction.query<InboxRow>(
    "UPDATE inbox SET status = $2, answer = $3, decided_by = $4, decided_at = $5 WHERE id = $1 RETURNING *",
    [entry.id, decision.status, decision.answer, decision.by, change.now],
  );
  return rows[0]!;
}

export function addEntryEvent(
  change: Change,
  type: "approval.requested" | "approval.decided" | "question.answered" | "sign_off.decided" | "inbox.closed",
  entry: InboxRow,
): void {
  change.addEvent({
    type,
    threadId: entry.thread_id,
    runId: entry.run_id,
    goalId: entry.goal_id,
    data: { entry: inboxEntryFromRow(entry) },
  });
}

async function settleUnknown(
  change: Change,
  entry: InboxRow,
  run: RunRow | null,
  input: Decision & DecidedBy,
): Promise<void> {
  const effect = entry.tool_call_id && (await effectOfCall(change.transaction, entry.tool_call_id));
  if (effect) await settleEffect(change, effect.id, input.decision === "approve", input.by);
  if (run) await touchRun(change, run);
}

/** The yes holds for exactly the action that was shown: the call must still have the hash that the entry has. */
async function settleApproval(
  change: Change,
  entry: InboxRow,
  run: RunRow | null,
  goal: GoalRow | null,
  input: Decision & DecidedBy,
): Promise<void> {
  if (run === null) throw callIsGone(entry);
  const approved = input.decision === "approve";
  const denial = denialText(entry, input);
  const { rows } = await change.transaction.query<ToolCallRow>(
    approved
      ? `UPDATE tool_calls SET approved = true, status = 'pending'
         WHERE id = $1 AND status = 'awaiting_approval' AND action_hash = $2 RETURNING *`
      : `UPDATE tool_calls SET status = 'denied', result = $3, ended_at = $4
         WHERE id = $1 AND status = 'awaiting_approval' AND action_hash = $2 RETURNING *`,
    approved ? [entry.tool_call_id, entry.action_hash] : [entry.tool_call_id, entry.action_hash, denial, change.now],
  );
  const call = rows[0];
  if (call === undefined) throw callIsGone(entry);
  if (call.effect === "write_outside") {
    await decideEffect(change.transaction, call.id, {
      approved,
      by: input.by,
      at: change.now,
      note: input.note ?? null,
    });
  }
  const decision: NewItem = {
    runId: run.id,
    turn: run.turn,
    content: {
      type: "approval",
      approvalId: entry.id as ApprovalId,
      decision: approved ? "approved" : "denied",
      ...(input.note !== undefined && { note: input.note }),
    },
  };
  await addItems(
    change,
    run.thread_id,
    approved ? [decision, ...editedItem(entry, run, call)] : [decision, resultItem(run, call)],
  );
  addEntryEvent(change, "approval.decided", entry);
  if (!approved) addCallEvent(change, "tool_call.denied", run, call);
  await wakeGoal(change, goal);
  await wakeRun(change, run);
}

/** Tells the model that the call runs with other arguments than it wrote. */
function editedItem(entry: InboxRow, run: RunRow, call: ToolCallRow): NewItem[] {
  if (!isRecord(entry.detail) || !("editedBy" in entry.detail)) return [];
  const written = JSON.stringify(call.arguments).slice(0, MAX_ARGUMENT_CHARACTERS);
  const text = `A person changed the arguments of ${call.name} before they approved it. It runs with: ${written}`;
  return [{ runId: run.id, turn: run.turn, content: { type: "message", role: "runtime", text } }];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** A result as the model reads it. */
export function resultItem(run: RunRow, call: ToolCallRow): NewItem {
  return {
    runId: run.id,
    turn: run.turn,
    content: {
      type: "tool_result",
      toolCallId: call.id,
      name: call.name,
      status: call.status,
      text: call.result ?? "",
    },
  };
}

export function addCallEvent(
  change: Change,
  type: "tool_call.denied" | "tool_call.completed" | "tool_call.canceled",
  run: RunRow,
  call: ToolCallRow,
): void {
  change.addEvent({
    type,
    threadId: run.thread_id,
    runId: run.id,
    goalId: run.goal_id,
    data: { toolCall: toolCallFromRow(call) },
  });
}

function denialText(entry: InboxRow, input: Decision & DecidedBy): string {
  const reason = input.note === undefined ? "" : ` Their reason: ${input.note}`;
  return `Denied by ${input.by}: ${entry.title.slice(0, MAX_TITLE_CHARACTERS)}. It was not run.${reason}`;
}

async function settleSignOff(change: Change, entry: InboxRow, run: RunRow | null, goal: GoalRow | null): Promise<void> {
  if (goal === null || goal.version !== entry.goal_version) {
    throw new AppError("conflict", `The goal has changed since the sign-off "${entry.title}" was asked for.`, {
      hint: "Look at the goal as it is now; a new sign-off is asked for when its checks have run.",
    });
  }
  addEntryEvent(change, "sign_off.decided", entry);
  if (isAtWork(goal) || run !== null) await requestCheck(change, goal, run);
}

/** The agent goes on without an answer. */
async function settleDismissedQuestion(
  change: Change,
  entry: InboxRow,
  run: RunRow | null,
  goal: GoalRow | null,
): Promise<void> {
  addEntryEvent(change, "inbox.closed", entry);
  if (run === null) return;
  const { rows } = await change.transaction.query<ToolCallRow>(
    `UPDATE tool_calls SET status = 'canceled', result = $2, ended_at = $3
     WHERE id = $1 AND status = 'awaiting_approval' RETURNING *`,
    [
      entry.tool_call_id,
      "The question was set aside without an answer. Decide yourself what can be undone, and say what you chose.",
      change.now,
    ],
  );
  if (rows[0] === undefined) return;
  await addItems(change, run.thread_id, [resultItem(run, rows[0])]);
  addCallEvent(change, "tool_call.canceled", run, rows[0]);
  await wakeGoal(change, goal);
  await wakeRun(change, run);
}

export function alreadyDecided(entry: InboxRow): AppError {
  const by = entry.decided_by === null ? "" : ` by ${entry.decided_by}`;
  const at = entry.decided_at === null ? "" : ` at ${entry.decided_at.toISOString()}`;
  return new AppError("conflict", `"${entry.title}" was already ${entry.status}${by}${at}.`);
}

export function callIsGone(entry: InboxRow): AppError {
  return new AppError("conflict", `"${entry.title}" no longer waits: the call has changed or ended since.`, {
    hint: "List what waits again.",
  });
}

function wrongDecision(entry: InboxRow, decision: Decision["decision"]): AppError {
  const hints: Record<InboxRow["kind"], string> = {
    approval: "Approve or deny it.",
    sign_off: "Approve or deny it.",
    question: `Answer it with \`bureau inbox answer ${entry.id} "…"\`.`,
    stopped: "Dismiss it, or resume the goal.",
    unknown_effect: "Approve when it took place, deny when it did not.",
    failed_run: "Dismiss it.",
    budget: "Dismiss it, or raise the budget.",
    sign_in: "Sign in again, or dismiss it.",
  };
  return new AppError("invalid", `A ${entry.kind.replace("_", "-")} cannot be decided by "${decision}".`, {
    hint: hints[entry.kind],
  });
}
