import { createHash } from "node:crypto";
import type { ContentSource, Effect, EffectStatus, Receipt } from "@bureau/protocol";
import { intentText, repeatAnswer, type EffectScope } from "../domain/effect-state.ts";
import type { Queryable } from "./database.ts";

/** A write outside that an agent asked for. */
export interface NewEffect {
  id: string;
  key: string;
  status: "proposed" | "approved";
  tool: string;
  kind: string;
  title: string;
  targets: string[];
  arguments: unknown;
  action_hash: string;
  reversible: boolean;
  agent_id: string;
  goal_id: string | null;
  run_id: string;
  thread_id: string;
  tool_call_id: string;
  approved_by: string | null;
  sources: readonly ContentSource[];
  undo_window_ms: number;
  undo_until: string | null;
  proposed_at: string;
  approved_at: string | null;
}

/** A call that is begun: its effect becomes `started`, unless the same intent is taken. */
export interface EffectClaim {
  tool_call_id: string;
  key: string;
  arguments: unknown;
  action_hash: string;
  /** In place of a row, should there be none yet. */
  proposal: NewEffect;
  started_at: string;
  /** Set by `claimEffects`: what the call is answered with in place of being made. */
  refused?: string;
}

/** What a call that was begun came to. */
export interface EffectPatch {
  tool_call_id: string;
  status: EffectStatus;
  receipt: Receipt | null;
  error: string | null;
  ended_at: string;
}

export interface EffectRow {
  id: string;
  key: string;
  status: EffectStatus;
  tool: string;
  kind: string;
  title: string;
  targets: string[];
  arguments: unknown;
  action_hash: string;
  reversible: boolean;
  agent_id: string;
  goal_id: string | null;
  run_id: string;
  thread_id: string;
  tool_call_id: string;
  approved_by: string | null;
  sources: ContentSource[];
  undo_window_ms: number;
  undo_until: Date | null;
  receipt: Receipt | null;
  error: string | null;
  proposed_at: Date;
  approved_at: Date | null;
  started_at: Date | null;
  ended_at: Date | null;
  undone_at: Date | null;
  undone_by: string | null;
}

/** SHA-256 of what makes two calls the same intent. */
export function effectKey(scope: EffectScope, tool: string, args: unknown): string {
  return createHash("sha256")
    .update(intentText(scope, tool, args))
    .digest("hex");
}

const COLUMNS = `id text, key text, status text, tool text, kind text, title text, targets jsonb, arguments jsonb,
  action_hash text, reversible boolean, agent_id text, goal_id text, run_id text, thread_id text, tool_call_id text,
  approved_by text, sources jsonb, undo_window_ms int, undo_until timestamptz, proposed_at timestamptz,
  approved_at timestamptz`;
const NAMES = COLUMNS.replace(/ (?:text|jsonb|boolean|int|timestamptz)/g, "");
const TAKEN = "status NOT IN ('failed', 'denied', 'taken_back')";

/** Writes down what was asked for. An intent that is taken already is left as it is. */
export async function proposeEffects(transaction: Queryable, effects: readonly NewEffect[]): Promise<void> {
  if (effects.length === 0) return;
  await transaction.query(
    `INSERT INTO effects (${NAMES}) SELECT ${NAMES} FROM jsonb_to_recordset($1::jsonb) AS x(${COLUMNS})
     ON CONFLICT (key) WHERE ${TAKEN} DO NOTHING`,
    [JSON.stringify(effects)],
  );
}

/**
 * Marks effects as started, in the transaction that marks their calls as running. An intent that another call has
 * taken is refused: `refused` then says what that one came to.
 */
export async function claimEffects(transaction: Queryable, claims: readonly EffectClaim[]): Promise<void> {
  for (const claim of claims.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    // Two runs with the same intent come one after the other; there is no row yet that they could both lock.
    await transaction.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", [claim.key]);
    const { rows } = await transaction.query<EffectRow>(
      `SELECT * FROM effects WHERE key = $1 AND ${TAKEN} AND tool_call_id <> $2 FOR UPDATE`,
      [claim.key, claim.tool_call_id],
    );
    const other = rows[0];
    // The transaction may be tried again, and find another answer.
    delete claim.refused;
    if (other === undefined) await startEffect(transaction, claim);
    else {
      claim.refused = repeatAnswer(other.status, timeOf(other), receiptText(other.receipt));
      await transaction.query(
        `UPDATE effects SET status = 'denied', error = $2, ended_at = $3
         WHERE tool_call_id = $1 AND status IN ('proposed', 'approved')`,
        [claim.tool_call_id, claim.refused, claim.started_at],
      );
    }
  }
}

async function startEffect(transaction: Queryable, claim: EffectClaim): Promise<void> {
  const started = await transaction.query(
    `UPDATE effects SET status = 'started', key = $2, arguments = $3, action_hash = $4, started_at = $5,
       approved_at = COALESCE(approved_at, $5), approved_by = COALESCE(approved_by, $6)
     WHERE tool_call_id = $1 AND status IN ('proposed', 'approved') RETURNING id`,
    [
      claim.tool_call_id,
      claim.key,
      JSON.stringify(claim.arguments),
      claim.action_hash,
      claim.started_at,
      claim.proposal.approved_by,
    ],
  );
  if (started.rows.length > 0) return;
  await proposeEffects(transaction, [{ ...claim.proposal, key: claim.key }]);
  await transaction.query("UPDATE effects SET status = 'started', started_at = $2 WHERE tool_call_id = $1", [
    claim.tool_call_id,
    claim.started_at,
  ]);
}

/** Writes down what effects that were begun came to, and which of the others are forbidden since. */
export async function settleEffects(transaction: Queryable, patches: readonly EffectPatch[]): Promise<void> {
  if (patches.length === 0) return;
  await transaction.query(
    `UPDATE effects e SET status = p.status, receipt = p.receipt, error = p.error, ended_at = p.ended_at
     FROM jsonb_to_recordset($1::jsonb) AS p(tool_call_id text, status text, receipt jsonb, error text,
       ended_at timestamptz)
     WHERE e.tool_call_id = p.tool_call_id AND (e.status IN ('started', 'unknown')
       OR (p.status = 'denied' AND e.status IN ('proposed', 'approved')))`,
    [JSON.stringify(patches)],
  );
}

/** The effect that has taken each of these intents. */
export async function takenEffects(database: Queryable, keys: readonly string[]): Promise<Map<string, EffectRow>> {
  const { rows } = await database.query<EffectRow>(`SELECT * FROM effects WHERE key = ANY($1) AND ${TAKEN}`, [keys]);
  return new Map(rows.map((row) => [row.key, row]));
}

export async function effectOfCall(database: Queryable, toolCallId: string): Promise<EffectRow | null> {
  const { rows } = await database.query<EffectRow>("SELECT * FROM effects WHERE tool_call_id = $1", [toolCallId]);
  return rows[0] ?? null;
}

/** A person changed what was asked for: the ledger says what they will say yes or no to. */
export async function editEffect(
  transaction: Queryable,
  toolCallId: string,
  effect: Pick<NewEffect, "title" | "targets" | "arguments" | "action_hash">,
): Promise<void> {
  await transaction.query(
    `UPDATE effects SET title = $2, targets = $3, arguments = $4, action_hash = $5
     WHERE tool_call_id = $1 AND status = 'proposed'`,
    [toolCallId, effect.title, JSON.stringify(effect.targets), JSON.stringify(effect.arguments), effect.action_hash],
  );
}

/** What a person said about a call's effect. Those of other calls, and of reads, have no row and change nothing. */
export async function decideEffect(
  transaction: Queryable,
  toolCallId: string,
  decision: { approved: boolean; by: string; at: Date; note: string | null },
): Promise<void> {
  const { approved, by, at, note } = decision;
  if (approved)
    await transaction.query(
      `UPDATE effects SET status = 'approved', approved_by = $2, approved_at = $3,
         undo_until = CASE WHEN undo_window_ms > 0 THEN $3::timestamptz + undo_window_ms * interval '1 ms' END
       WHERE tool_call_id = $1 AND status IN ('proposed', 'approved')`,
      [toolCallId, by, at],
    );
  else
    await transaction.query(
      `UPDATE effects SET status = 'denied', error = $2, ended_at = $3
       WHERE tool_call_id = $1 AND status IN ('proposed', 'approved')`,
      [toolCallId, note ?? `Denied by ${by}.`, at],
    );
}

/**
 * Ends what a run leaves behind whose calls were closed: what was not begun will not be, and of what was begun it
 * is not known. Returns the latter, which a person must look at.
 */
export async function leaveEffects(transaction: Queryable, runId: string, reason: string): Promise<EffectRow[]> {
  const { rows } = await transaction.query<EffectRow>(
    `UPDATE effects e SET status = CASE e.status WHEN 'started' THEN 'unknown' ELSE 'denied' END,
       error = $2, ended_at = now()
     FROM tool_calls c WHERE c.id = e.tool_call_id AND e.run_id = $1 AND c.ended_at IS NOT NULL
       AND e.status IN ('proposed', 'approved', 'started') RETURNING e.*`,
    [runId, reason],
  );
  return rows.filter((row) => row.status === "unknown");
}

export function receiptText(receipt: Receipt | null): string {
  if (receipt?.link !== undefined) return ` (${receipt.link})`;
  return receipt?.id === undefined ? "" : ` (${receipt.id})`;
}

function timeOf(row: EffectRow): string | null {
  return (row.ended_at ?? row.started_at)?.toISOString() ?? null;
}

export function effectFromRow(row: EffectRow): Effect {
  const text = (time: Date | null) => time?.toISOString() ?? null;
  return {
    id: row.id as Effect["id"],
    status: row.status,
    tool: row.tool,
    kind: row.kind,
    title: row.title,
    targets: row.targets,
    arguments: row.arguments,
    reversible: row.reversible,
    agentId: row.agent_id as Effect["agentId"],
    goalId: row.goal_id as Effect["goalId"],
    runId: row.run_id as Effect["runId"],
    threadId: row.thread_id as Effect["threadId"],
    toolCallId: row.tool_call_id as Effect["toolCallId"],
    approvedBy: row.approved_by,
    sources: row.sources,
    undoUntil: text(row.undo_until),
    receipt: row.receipt,
    error: row.error,
    proposedAt: row.proposed_at.toISOString(),
    approvedAt: text(row.approved_at),
    startedAt: text(row.started_at),
    endedAt: text(row.ended_at),
    undoneAt: text(row.undone_at),
    undoneBy: row.undone_by,
  };
}
