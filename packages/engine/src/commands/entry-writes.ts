import { AppError, DECISION_SCOPES, type DecisionScope } from "@bureau/protocol";
import { type Decider, type Deciding, isOutside, mayDecide } from "../domain/decider.ts";
import type { Source } from "../domain/action.ts";
import { withSources } from "../domain/sources.ts";
import { inboxEntryFromRow, toolCallFromRow, type InboxRow, type RunRow, type ToolCallRow } from "../store/rows.ts";
import type { Change, NewItem } from "./change.ts";

/** Who is kept as having decided what nobody decided in time. */
export const RUNTIME = "the runtime";

type EntryEvent =
  | "approval.requested"
  | "approval.decided"
  | "question.asked"
  | "question.answered"
  | "sign_off.decided"
  | "inbox.assigned"
  | "inbox.reminded"
  | "inbox.closed";

/** Writes the decision of a locked, pending entry. */
export async function closeEntry(
  change: Change,
  entry: InboxRow,
  decision: {
    status: InboxRow["status"];
    answer: string | null;
    by: Pick<Decider, "name" | "device">;
    detail?: Record<string, unknown>;
  },
): Promise<InboxRow> {
  const { rows } = await change.transaction.query<InboxRow>(
    `UPDATE inbox SET status = $2, answer = $3, decided_by = $4, decided_device = $7, decided_at = $5,
       detail = detail || $6::jsonb
     WHERE id = $1 RETURNING *`,
    [
      entry.id,
      decision.status,
      decision.answer,
      decision.by.name,
      change.now,
      JSON.stringify(decision.detail ?? {}),
      decision.by.device,
    ],
  );
  return rows[0]!;
}

export function addEntryEvent(change: Change, type: EntryEvent, entry: InboxRow): void {
  change.addEvent({
    type,
    threadId: entry.thread_id,
    runId: entry.run_id,
    goalId: entry.goal_id,
    data: { entry: inboxEntryFromRow(entry) },
  });
}

/** A result as the model reads it; `source`, where it was said outside the workspace. */
export function resultItem(run: RunRow, call: ToolCallRow, source?: Source): NewItem {
  return {
    runId: run.id,
    turn: run.turn,
    content: {
      type: "tool_result",
      toolCallId: call.id,
      name: call.name,
      status: call.status,
      text: call.result ?? "",
      ...(source !== undefined && { source }),
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

export function alreadyDecided(entry: InboxRow): AppError {
  const at = entry.decided_at === null ? "" : ` at ${entry.decided_at.toISOString()}`;
  if (entry.status === "expired") return new AppError("conflict", `"${entry.title}" expired${at}: nobody had decided.`);
  const by = entry.decided_by === null ? "" : ` by ${entry.decided_by}`;
  const reach = SCOPE_WORDS[scopeOf(entry)];
  return new AppError("conflict", `"${entry.title}" was already ${entry.status}${by}${at}${reach}.`);
}

const SCOPE_WORDS = { once: "", run: ", for its run", goal: ", for its goal", rule: ", as a rule" };

/** How far the decision on an entry reached. */
export function scopeOf(entry: InboxRow): DecisionScope {
  const scope = isRecord(entry.detail) ? entry.detail["scope"] : undefined;
  return DECISION_SCOPES.find((known) => known === scope) ?? "once";
}

/** Nobody can say yes any more, whether or not the expiry itself has been written yet. */
export function requireInTime(change: Change, entry: InboxRow): void {
  if (entry.expires_at === null || entry.expires_at > change.now) return;
  throw new AppError("conflict", `"${entry.title}" expired at ${entry.expires_at.toISOString()}; it does not run.`, {
    hint: "The agent is told and can ask again.",
  });
}

export function requireMayDecide(entry: InboxRow, by: Decider, deciding: Deciding): void {
  const may = mayDecide(entry, by, deciding);
  if (!may.ok) throw new AppError("forbidden", may.message, { hint: "Ask the owner of this Bureau." });
}

/** What a guest says taints the run that hears it, in the transaction that tells it. Returns where it came from. */
export async function hearGuest(change: Change, run: RunRow, by: Decider): Promise<Source | undefined> {
  if (!isOutside(by)) return undefined;
  const source = { name: by.name, tool: "guest" };
  const taint = withSources(run.state["taint"] as Source[] | undefined, [source]);
  await change.transaction.query("UPDATE runs SET state = state || $2::jsonb WHERE id = $1", [
    run.id,
    JSON.stringify({ taint }),
  ]);
  return source;
}

export function callIsGone(entry: InboxRow): AppError {
  return new AppError("conflict", `"${entry.title}" no longer waits: the call has changed or ended since.`, {
    hint: "List what waits again.",
  });
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
