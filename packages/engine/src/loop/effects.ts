import { newId, type ToolCallStatus } from "@bureau/protocol";
import { timeText } from "../clock.ts";
import { repeatAnswer } from "../domain/effect-state.ts";
import type { Queryable } from "../store/database.ts";
import {
  claimEffects,
  type EffectClaim,
  effectKey,
  effectOfCall,
  type EffectPatch,
  type NewEffect,
  proposeEffects,
  receiptText,
  settleEffects,
  takenEffects,
} from "../store/effects.ts";
import { labelFiles } from "../store/file-labels.ts";
import { type RunWrite, type WriteResult, writeJournal, type NewInboxEntry, type Changes } from "../store/journal.ts";
import type { LoadedCall } from "../store/load-run.ts";
import { actionHash } from "../tools/action-hash.ts";
import { actionOf } from "../tools/action-of.ts";
import type { EffectFound, Tool, ToolContext } from "../tools/tool.ts";
import type { Gated } from "./gate.ts";
import type { Journal } from "./journal.ts";
import type { LoopParts } from "./parts.ts";
import type { CallOutcome } from "./step.ts";

const MAX_ERROR = 500;
/** How often a provider is asked about an effect before a person is. */
const RECONCILE_ATTEMPTS = 3;
const RECONCILE_WAIT_MS = 500;

/** Whether a write holds rows of the ledger or labels, which the journal's own statement does not write. */
export function hasLedgerRows({ outcome, intent }: Pick<RunWrite, "outcome" | "intent">): boolean {
  return [outcome, intent].some(
    (part) =>
      (part.effects?.length ?? 0) +
        (part.effectClaims?.length ?? 0) +
        (part.effectPatches?.length ?? 0) +
        (part.fileLabels?.length ?? 0) >
      0,
  );
}

/** Writes the journal and the ledger in one transaction: an effect is started exactly when its call is running. */
export async function writeWithLedger(transaction: Queryable, wanted: RunWrite): Promise<WriteResult> {
  const written = (await writeJournal(transaction, [wanted])).get(wanted.runId);
  if (!written?.owned) return { owned: false, current: false, positions: {} };
  await writeLedger(transaction, wanted.outcome);
  if (written.current) await writeLedger(transaction, wanted.intent);
  return written;
}

async function writeLedger(transaction: Queryable, changes: Changes): Promise<void> {
  await settleEffects(transaction, changes.effectPatches ?? []);
  await proposeEffects(transaction, changes.effects ?? []);
  await claimEffects(transaction, changes.effectClaims ?? []);
  await labelFiles(transaction, changes.fileLabels ?? []);
}

/** The ledger's row of a call that writes outside, as policy left it. */
export function proposalOf(
  parts: Pick<LoopParts, "clock">,
  journal: Journal,
  call: { id: string; name: string; arguments: unknown },
  tool: Tool,
  { action, decision }: Gated,
): NewEffect {
  const now = parts.clock.now();
  const allowed = decision.verdict === "allow";
  const window = tool.undoWindowMs ?? 0;
  return {
    id: newId("effect"),
    key: keyOf(journal, call),
    status: allowed ? "approved" : "proposed",
    tool: call.name,
    kind: action.kind,
    title: action.title,
    targets: action.targets,
    arguments: call.arguments,
    action_hash: actionHash(call.name, call.arguments),
    reversible: action.reversible,
    agent_id: journal.agent.id,
    goal_id: journal.run.goalId,
    run_id: journal.run.id,
    thread_id: journal.run.threadId,
    tool_call_id: call.id,
    approved_by: allowed ? (decision.rule ? `rule: ${decision.rule.text}` : decision.reason || decision.because) : null,
    sources: journal.facts.taint ?? [],
    undo_window_ms: window,
    undo_until: allowed && window > 0 ? timeText(now + window) : null,
    proposed_at: timeText(now),
    approved_at: allowed ? timeText(now) : null,
  };
}

export function keyOf({ run }: Journal, call: { name: string; arguments: unknown }): string {
  return effectKey({ goalId: run.goalId, taskId: run.taskId, runId: run.id }, call.name, call.arguments);
}

/** What a call that writes outside is answered with when its intent is taken already; null when it is free. */
export async function answeredBefore(
  parts: LoopParts,
  journal: Journal,
  call: { name: string; arguments: unknown },
): Promise<string | null> {
  const key = keyOf(journal, call);
  const taken = (await takenEffects(parts.reads, [key])).get(key);
  if (!taken) return null;
  const at = (taken.ended_at ?? taken.started_at)?.toISOString() ?? null;
  return repeatAnswer(taken.status, at, receiptText(taken.receipt));
}

/** Begins the effects of these calls. `gated` is what policy said of each a moment ago. */
export function claimsOf(
  parts: LoopParts,
  journal: Journal,
  calls: readonly { call: LoadedCall; tool: Tool; gated: Gated }[],
): EffectClaim[] {
  return calls.map(({ call, tool, gated }) => ({
    tool_call_id: call.id,
    key: keyOf(journal, call),
    arguments: call.arguments,
    action_hash: actionHash(call.name, call.arguments),
    proposal: proposalOf(parts, journal, call, tool, gated),
    started_at: timeText(parts.clock.now()),
  }));
}

const STATUS_AFTER: Partial<Record<ToolCallStatus, EffectPatch["status"]>> = {
  completed: "done",
  failed: "failed",
  canceled: "failed",
  interrupted: "unknown",
};

/** What a call's end means for its effect. Null for calls that are not over. */
export function patchOf(call: LoadedCall, outcome: CallOutcome, endedAt: string): EffectPatch | null {
  const status = STATUS_AFTER[outcome.status];
  if (call.effect !== "write_outside" || status === undefined) return null;
  return {
    tool_call_id: call.id,
    status,
    receipt: outcome.receipt ?? null,
    error: status === "done" ? null : outcome.text.slice(0, MAX_ERROR),
    ended_at: endedAt,
  };
}

/** Asks a person about an effect that nobody can tell of. */
export function unknownEntry(
  journal: Journal,
  call: LoadedCall,
  tool: Tool | undefined,
  createdAt: string,
): NewInboxEntry {
  const action = tool && actionOf(tool, call.arguments, { agent: journal.agent.name });
  return {
    id: newId("notice"),
    kind: "unknown_effect",
    agent_id: journal.agent.id,
    goal_id: journal.run.goalId,
    goal_version: journal.goal?.version ?? null,
    thread_id: journal.run.threadId,
    tool_call_id: call.id,
    check_index: null,
    title: `Did this take place? ${action?.title ?? call.name}`.slice(0, MAX_ERROR),
    detail: { tool: call.name, arguments: call.arguments, kind: action?.kind, targets: action?.targets ?? [] },
    choices: [],
    action_hash: call.actionHash,
    created_at: createdAt,
  };
}

/**
 * Finds out about a write outside that a dead process had begun, or that was cut off: from the ledger, then from the
 * provider. `null`: it never began, so it may be made now.
 */
export async function findEffect(
  parts: LoopParts,
  tool: Tool | undefined,
  call: LoadedCall,
  context: ToolContext,
): Promise<EffectFound | { outcome: "refused"; text: string } | null> {
  const row = await effectOfCall(parts.reads, call.id);
  if (row === null) return null;
  if (row.status === "done")
    return { outcome: "done", receipt: row.receipt ?? {}, text: repeatAnswer("done", null, receiptText(row.receipt)) };
  if (row.status !== "started" && row.status !== "unknown")
    return { outcome: "refused", text: row.error ?? "It was not made." };
  return await reconcile(parts, tool, call.arguments, { ...context, effectKey: row.key });
}

/** Asks the provider. Only an answer counts: where none comes, it stays unknown. */
export async function reconcile(
  parts: Pick<LoopParts, "clock">,
  tool: Tool | undefined,
  args: unknown,
  context: ToolContext,
): Promise<EffectFound> {
  if (!tool?.reconcile) return { outcome: "unknown" };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const found = await tool.reconcile(args, context);
      if (found.outcome !== "unknown" || attempt >= RECONCILE_ATTEMPTS) return found;
    } catch {
      if (attempt >= RECONCILE_ATTEMPTS) return { outcome: "unknown" };
    }
    await parts.clock.sleep(RECONCILE_WAIT_MS * attempt, context.signal).catch(() => undefined);
    if (context.signal.aborted) return { outcome: "unknown" };
  }
}
