import {
  AppError,
  newId,
  type ApprovalId,
  type Decision,
  type DecisionScope,
  type InboxStatus,
  type QuestionId,
} from "@bureau/protocol";
import { rulesOf, type RuleDraft } from "../domain/approval-rule.ts";
import type { Source } from "../domain/action.ts";
import { textOfDecider } from "../domain/decider.ts";
import { afterApproval, afterDenial, DENIALS_QUESTION, NO_DENIALS, type Denials } from "../domain/denials.ts";
import type { DecidedBy } from "../engine-api.ts";
import { decideEffect } from "../store/effects.ts";
import type { GoalRow, InboxRow, RunRow, ToolCallRow } from "../store/rows.ts";
import { addItems, type Change, type NewItem } from "./change.ts";
import {
  addCallEvent,
  addEntryEvent,
  callIsGone,
  closeEntry,
  hearGuest,
  isRecord,
  requireInTime,
  resultItem,
  RUNTIME,
} from "./entry-writes.ts";
import { wakeGoal } from "./goal-writes.ts";
import { updateRun, wakeRun } from "./run-writes.ts";

const MAX_TITLE_CHARACTERS = 200;
const MAX_ARGUMENT_CHARACTERS = 2_000;

interface ApprovalDecision {
  entry: InboxRow;
  run: RunRow | null;
  goal: GoalRow | null;
  input: Decision & DecidedBy;
  scope: DecisionScope;
}

/** Decides a locked, pending approval, and makes the rules that its scope asks for. */
export async function decideApproval(change: Change, decision: ApprovalDecision): Promise<InboxRow> {
  const { entry, run, goal, input, scope } = decision;
  const approved = input.decision === "approve";
  if (run === null) throw callIsGone(entry);
  if (approved) {
    requireInTime(change, entry);
    requireSameGoal(entry, goal);
  }
  const rules = scope === "once" ? [] : await draftRules(change, { ...decision, run });
  const { by } = input;
  const decided = await closeEntry(change, entry, {
    status: approved ? "approved" : "denied",
    answer: input.note ?? null,
    by,
    ...(scope !== "once" && { detail: { scope, rules: rules.map((rule) => rule.text) } }),
  });
  const source = input.note === undefined ? undefined : await hearGuest(change, run, by);
  if (approved) await approveCall(change, { entry: decided, run, goal });
  else {
    const text = denialText(entry, input);
    await denyCall(change, { entry: decided, run, goal, text, status: "denied", ...(source && { source }) });
  }
  await addRules(change, rules, textOfDecider(by));
  return decided;
}

/** The yes holds for the goal as it was when the card was shown. */
function requireSameGoal(entry: InboxRow, goal: GoalRow | null): void {
  if (goal === null || entry.goal_version === null || goal.version === entry.goal_version) return;
  throw new AppError("conflict", `The goal has changed since "${entry.title}" was asked for; it does not run.`, {
    hint: "Deny it; the agent asks again if the goal as it is now needs it.",
  });
}

interface SettledApproval {
  entry: InboxRow;
  run: RunRow;
  goal: GoalRow | null;
}

/** The yes holds for exactly the action that was shown: the call must still have the hash that the entry has. */
async function approveCall(change: Change, { entry, run, goal }: SettledApproval): Promise<void> {
  const { rows } = await change.transaction.query<ToolCallRow>(
    `UPDATE tool_calls SET approved = true, status = 'pending'
     WHERE id = $1 AND status = 'awaiting_approval' AND action_hash = $2 RETURNING *`,
    [entry.tool_call_id, entry.action_hash],
  );
  const call = rows[0];
  if (call === undefined) throw callIsGone(entry);
  await settleProposal(change, entry, call, true);
  await addItems(change, run.thread_id, [decisionItem(entry, run, "approved"), ...editedItem(entry, run, call)]);
  addEntryEvent(change, "approval.decided", entry);
  await rememberDenials(change, run, afterApproval(denialsOf(run), call.action_hash));
  await wakeGoal(change, goal);
  await wakeRun(change, run);
}

/** Ends the call without running it; `text` is what the agent reads. The third denial in a row asks a person. */
export async function denyCall(
  change: Change,
  denied: SettledApproval & { text: string; status: Extract<InboxStatus, "denied" | "expired">; source?: Source },
): Promise<void> {
  const { entry, run, goal } = denied;
  const { rows } = await change.transaction.query<ToolCallRow>(
    `UPDATE tool_calls SET status = 'denied', result = $3, ended_at = $4
     WHERE id = $1 AND status = 'awaiting_approval' AND action_hash = $2 RETURNING *`,
    [entry.tool_call_id, entry.action_hash, denied.text, change.now],
  );
  const call = rows[0];
  if (call === undefined) throw callIsGone(entry);
  await settleProposal(change, entry, call, false);
  await addItems(change, run.thread_id, [
    decisionItem(entry, run, denied.status),
    resultItem(run, call, denied.source),
  ]);
  addEntryEvent(change, "approval.decided", entry);
  addCallEvent(change, "tool_call.denied", run, call);
  const denial = { hash: call.action_hash, text: denied.text };
  const { denials, asks } = afterDenial(denialsOf(run), denial, askedHashes(entry));
  await rememberDenials(change, run, denials);
  if (asks) await askHowToGoOn(change, run, goal);
  await wakeGoal(change, goal);
  await wakeRun(change, run);
}

/** What the ledger keeps of the decision on a write outside. */
async function settleProposal(change: Change, entry: InboxRow, call: ToolCallRow, approved: boolean): Promise<void> {
  if (call.effect !== "write_outside") return;
  const by = entry.decided_by ?? RUNTIME;
  const note = entry.status === "expired" ? "Nobody decided in time." : entry.answer;
  await decideEffect(change.transaction, call.id, { approved, by, at: change.now, note });
}

function decisionItem(entry: InboxRow, run: RunRow, decision: "approved" | "denied" | "expired"): NewItem {
  return {
    runId: run.id,
    turn: run.turn,
    content: {
      type: "approval",
      approvalId: entry.id as ApprovalId,
      decision,
      ...(entry.answer !== null && { note: entry.answer }),
    },
  };
}

/** Tells the model that the call runs with other arguments than it wrote. */
function editedItem(entry: InboxRow, run: RunRow, call: ToolCallRow): NewItem[] {
  if (!isRecord(entry.detail) || !("editedBy" in entry.detail)) return [];
  const written = JSON.stringify(call.arguments).slice(0, MAX_ARGUMENT_CHARACTERS);
  const text = `A person changed the arguments of ${call.name} before they approved it. It runs with: ${written}`;
  return [{ runId: run.id, turn: run.turn, content: { type: "message", role: "runtime", text } }];
}

/** The hash of the arguments as the agent wrote them, before a person edited them. */
function askedHashes(entry: InboxRow): string[] {
  const asked = isRecord(entry.detail) ? entry.detail["askedHash"] : undefined;
  return typeof asked === "string" ? [asked] : [];
}

function denialText(entry: InboxRow, input: Decision & DecidedBy): string {
  const reason = input.note === undefined ? "" : ` Their reason: ${input.note}`;
  return `Denied by ${input.by.name}: ${entry.title.slice(0, MAX_TITLE_CHARACTERS)}. It was not run.${reason}`;
}

function denialsOf(run: RunRow): Denials {
  return (run.state["denials"] as Denials | undefined) ?? NO_DENIALS;
}

async function rememberDenials(change: Change, run: RunRow, denials: Denials): Promise<void> {
  if (denials.row.length + denials.known.length === 0 && run.state["denials"] === undefined) return;
  await updateRun(change, run.id, "state = state || $2::jsonb", [JSON.stringify({ denials })]);
}

/** A question of the run itself: no call asks it, and the answer is a message to the agent. */
async function askHowToGoOn(change: Change, run: RunRow, goal: GoalRow | null): Promise<void> {
  const id = newId("question");
  const { rows } = await change.transaction.query<InboxRow>(
    `INSERT INTO inbox (id, kind, status, agent_id, goal_id, goal_version, run_id, thread_id, title, detail, created_at)
     VALUES ($1, 'question', 'pending', $2, $3, $4, $5, $6, $7, $8, $9) RETURNING *`,
    [
      id,
      run.agent_id,
      run.goal_id,
      goal?.version ?? null,
      run.id,
      run.thread_id,
      DENIALS_QUESTION,
      JSON.stringify({ question: DENIALS_QUESTION, about: "denials" }),
      change.now,
    ],
  );
  const content = { type: "question", questionId: id as QuestionId, text: DENIALS_QUESTION } as const;
  await addItems(change, run.thread_id, [{ content, runId: run.id, turn: run.turn }]);
  addEntryEvent(change, "question.asked", rows[0]!);
  await updateRun(change, run.id, `state = state || '{"askedAfterDenials": true}'::jsonb`, []);
}

async function draftRules(change: Change, decision: ApprovalDecision & { run: RunRow }): Promise<RuleDraft[]> {
  const { entry, run, goal, input, scope } = decision;
  const { transaction } = change;
  const calls = await transaction.query<ToolCallRow>("SELECT * FROM tool_calls WHERE id = $1", [entry.tool_call_id]);
  const agents = await transaction.query<{ name: string }>("SELECT name FROM agents WHERE id = $1", [run.agent_id]);
  const call = calls.rows[0];
  const agentName = agents.rows[0]?.name;
  if (call === undefined || agentName === undefined) throw callIsGone(entry);
  const drafted = rulesOf({
    approved: input.decision === "approve",
    scope,
    tool: call.name,
    targets: shownPlaces(entry),
    agentName,
    goal: goal && { id: goal.id, title: goal.spec.title },
    runId: run.id,
    by: input.by.name,
  });
  if (!drafted.ok) throw new AppError("invalid", drafted.message, { hint: drafted.hint });
  return drafted.rules;
}

/** What the card names: whom the call goes to and what it opens. A card that names neither list makes no rule. */
function shownPlaces(entry: InboxRow): string[] {
  const { targets, reaches = [] } = isRecord(entry.detail) ? entry.detail : {};
  if (Array.isArray(targets) && Array.isArray(reaches)) return [...targets, ...reaches].map(String);
  throw new AppError("invalid", `The card "${entry.title}" does not say what the call is about, so it makes no rule.`, {
    hint: "Decide it once.",
  });
}

/** A rule that is there already is not made twice. */
async function addRules(change: Change, rules: RuleDraft[], by: string): Promise<void> {
  for (const rule of rules) {
    await change.transaction.query(
      `INSERT INTO policy_rules (id, verdict, tool, target, agent, goal_id, run_id, after_outside, origin, text,
                                 created_by, created_at)
       SELECT $1, $2::text, $3::text, $4, $5, $6, $7, $8::boolean, 'approval', $9, $10, $11::timestamptz
       WHERE NOT EXISTS (
         SELECT 1 FROM policy_rules WHERE verdict = $2 AND tool = $3 AND after_outside = $8 AND origin = 'approval'
           AND (target, agent, goal_id, run_id) IS NOT DISTINCT FROM ($4::text, $5::text, $6::text, $7::text))`,
      [
        newId("rule"),
        rule.verdict,
        rule.tool,
        rule.target,
        rule.agent,
        rule.goalId,
        rule.runId,
        rule.afterOutside,
        rule.text,
        by,
        change.now,
      ],
    );
  }
}
