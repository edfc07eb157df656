import { AppError, type Decision, type DecisionScope, type InboxEntry } from "@bureau/protocol";
import { isOutside, textOfDecider } from "../domain/decider.ts";
import type { DecidedBy } from "../engine-api.ts";
import { inboxEntryFromRow, type GoalRow, type InboxRow, type RunRow, type ToolCallRow } from "../store/rows.ts";
import { effectOfCall } from "../store/effects.ts";
import { addItems, change, type Change } from "./change.ts";
import { requestCheck } from "./check-goal.ts";
import { decideApproval } from "./decide-approval.ts";
import {
  addCallEvent,
  addEntryEvent,
  alreadyDecided,
  closeEntry,
  requireMayDecide,
  resultItem,
  scopeOf,
} from "./entry-writes.ts";
import { isAtWork, wakeGoal } from "./goal-writes.ts";
import { releaseHeld } from "./hold-spending.ts";
import { requireLinkHolds } from "./link-holds.ts";
import { lockEntry } from "./lock-entry.ts";
import type { CommandParts } from "./parts.ts";
import { touchRun, updateRun, wakeRun } from "./run-writes.ts";
import { settleEffect } from "./settle-effect.ts";
import { wakeCapped } from "./wake-capped.ts";

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
 * The same decision again succeeds and changes nothing; another one is a `conflict` that says who was first, and so
 * is one that names another action than the entry has now.
 */
export async function decideInboxEntry(
  parts: CommandParts,
  entryId: string,
  input: Decision & DecidedBy,
): Promise<InboxEntry> {
  // Before the entry is closed: what dies in between can be asked for again. What is held is no action.
  if (input.decision !== "deny" && input.actionHash === undefined) await releaseHeld(parts, entryId);
  return await change(parts, (change) => decideWithin(change, entryId, input));
}

/** The same within a change that does more. Not for entries that hold spending back: those are released before. */
export async function decideWithin(change: Change, entryId: string, input: Decision & DecidedBy): Promise<InboxEntry> {
  const { entry, run, goal } = await lockEntry(change, entryId);
  const status = STATUS_AFTER[input.decision];
  const scope = input.scope ?? "once";
  requireMayDecide(entry, input.by, { what: input.decision, scope });
  await requireLinkHolds(change, entry, input.by);
  if (!DECISIONS[entry.kind].includes(input.decision)) throw wrongDecision(entry, input.decision);
  requireReach(entry, input);
  if (isShown(entry, input) && isDecidedSo(entry, status, scope)) return inboxEntryFromRow(entry);
  if (entry.status !== "pending") throw alreadyDecided(entry);
  if (!isShown(entry, input)) throw actionChanged(entry);
  if (entry.kind === "sign_off") refuseGuestsNote(input);
  if (entry.kind === "approval") {
    return inboxEntryFromRow(await decideApproval(change, { entry, run, goal, input, scope }));
  }
  const decided = await closeEntry(change, entry, { status, answer: input.note ?? null, by: input.by });
  if (entry.kind === "sign_off") await settleSignOff(change, decided, run, goal);
  else if (entry.kind === "question") await settleDismissedQuestion(change, decided, run, goal);
  else {
    if (entry.kind === "unknown_effect") await settleUnknown(change, decided, run, input);
    addEntryEvent(change, "inbox.closed", decided);
  }
  if (entry.kind === "budget" && input.decision !== "deny") await wakeCapped(change, entry.id);
  return inboxEntryFromRow(decided);
}

/** A note to a sign-off becomes evidence that the goal's next run reads as a person's. */
function refuseGuestsNote({ note, by }: Decision & DecidedBy): void {
  if (note === undefined || !isOutside(by)) return;
  throw new AppError("invalid", "A guest signs off by yes or no, without a note.", { hint: "Leave the note out." });
}

/** What a person knows of an effect that nobody could tell of. */
async function settleUnknown(
  change: Change,
  entry: InboxRow,
  run: RunRow | null,
  input: Decision & DecidedBy,
): Promise<void> {
  const found = entry.tool_call_id && (await effectOfCall(change.transaction, entry.tool_call_id));
  const effectId = entry.effect_id ?? (found ? found.id : null);
  if (effectId !== null) await settleEffect(change, effectId, input.decision === "approve", textOfDecider(input.by));
  if (run) await touchRun(change, run);
}

/** What is decided may reach further than the call only where there is a call. */
function requireReach(entry: InboxRow, input: Decision): void {
  if (input.scope === undefined || input.scope === "once") return;
  if (entry.kind === "approval" && input.decision !== "dismiss") return;
  throw new AppError("invalid", `"${entry.title}" can be decided only once: it is no approval of a call.`, {
    hint: "Decide it without a scope.",
  });
}

/** The entry still asks for the action that was looked at. Who names none takes it as it is. */
function isShown(entry: InboxRow, input: Decision): boolean {
  return input.actionHash === undefined || input.actionHash === entry.action_hash;
}

function actionChanged(entry: InboxRow): AppError {
  return new AppError("conflict", `"${entry.title}" is no longer what was looked at: its action has changed since.`, {
    hint: "Look at it as it is now, and decide again.",
  });
}

/** The same decision, which reached at least as far. */
function isDecidedSo(entry: InboxRow, status: InboxRow["status"], scope: DecisionScope): boolean {
  return entry.status === status && (scope === "once" || scopeOf(entry) === scope);
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

const SET_ASIDE =
  "The question was set aside without an answer. Decide yourself what can be undone, and say what you chose.";
const DENIALS_SET_ASIDE =
  "The person set aside the question how to go on. Do not ask for what was denied; do what needs no leave, or end.";

/** The agent goes on without an answer. */
async function settleDismissedQuestion(
  change: Change,
  entry: InboxRow,
  run: RunRow | null,
  goal: GoalRow | null,
): Promise<void> {
  addEntryEvent(change, "inbox.closed", entry);
  if (run === null) return;
  if (entry.tool_call_id === null) await endDenialsQuestion(change, run);
  else if (!(await cancelAsking(change, entry, run))) return;
  await wakeGoal(change, goal);
  await wakeRun(change, run);
}

async function endDenialsQuestion(change: Change, run: RunRow): Promise<void> {
  await updateRun(change, run.id, "state = state - 'askedAfterDenials'", []);
  const content = { type: "message", role: "runtime", text: DENIALS_SET_ASIDE } as const;
  await addItems(change, run.thread_id, [{ content, runId: run.id, turn: run.turn }]);
}

/** Returns false when the call that asked no longer waits. */
async function cancelAsking(change: Change, entry: InboxRow, run: RunRow): Promise<boolean> {
  const { rows } = await change.transaction.query<ToolCallRow>(
    `UPDATE tool_calls SET status = 'canceled', result = $2, ended_at = $3
     WHERE id = $1 AND status = 'awaiting_approval' RETURNING *`,
    [entry.tool_call_id, SET_ASIDE, change.now],
  );
  if (rows[0] === undefined) return false;
  await addItems(change, run.thread_id, [resultItem(run, rows[0])]);
  addCallEvent(change, "tool_call.canceled", run, rows[0]);
  return true;
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
