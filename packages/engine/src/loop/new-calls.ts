import { newId } from "@bureau/protocol";
import { timeText } from "../clock.ts";
import { denialOf } from "../domain/denials.ts";
import type { AnswerPart } from "../models/model.ts";
import type { NewEffect } from "../store/effects.ts";
import type { NewToolCall } from "../store/journal.ts";
import type { LoadedCall } from "../store/load-run.ts";
import { actionHash } from "../tools/action-hash.ts";
import { parseToolArguments } from "../tools/tool-arguments.ts";
import type { Tool } from "../tools/tool.ts";
import { answeredBefore, proposalOf } from "./effects.ts";
import { type Gated, gateCall } from "./gate.ts";
import { type Journal, setFacts } from "./journal.ts";
import type { LoopParts } from "./parts.ts";

export const MAX_CALLS_PER_ANSWER = 64;

export interface MadeCall {
  call: NewToolCall;
  /** Of a write outside that may be made: its row in the ledger. */
  effect: NewEffect | null;
}

/** The calls of one answer, as policy leaves them. One that is asked for twice in it is made once. */
export async function newToolCalls(
  parts: LoopParts,
  journal: Journal,
  stepId: string,
  asked: readonly AskedCall[],
): Promise<MadeCall[]> {
  const made = await Promise.all(asked.map((part, index) => newToolCall(parts, journal, stepId, part, index)));
  const keys = new Set<string>();
  for (const one of made) {
    if (one.effect === null) continue;
    if (!keys.has(one.effect.key)) keys.add(one.effect.key);
    else {
      one.effect = null;
      Object.assign(one.call, {
        status: "denied",
        result: "The same was asked for twice in one answer; it is made once.",
      });
    }
  }
  return made;
}

export type AskedCall = Extract<AnswerPart, { type: "tool_call" }>;

async function newToolCall(
  parts: LoopParts,
  journal: Journal,
  stepId: string,
  part: AskedCall,
  index: number,
): Promise<MadeCall> {
  const tool = journal.tools.find((candidate) => candidate.name === part.name);
  const names = journal.tools.map((candidate) => candidate.name).join(", ");
  const parsed = tool
    ? parseToolArguments(tool, part.argumentsText)
    : { ok: false as const, message: `There is no tool named ${part.name}. The tools are: ${names}.` };
  const args = parsed.ok ? parsed.args : rawArguments(part.argumentsText);
  const call: NewToolCall = {
    id: newId("toolCall"),
    asked_by: stepId,
    provider_call_id: part.providerCallId,
    position: journal.run.stepCount * MAX_CALLS_PER_ANSWER + index,
    name: part.name,
    arguments: args,
    action_hash: actionHash(part.name, args),
    status: parsed.ok ? "pending" : "failed",
    effect: tool?.effect ?? "read",
    idempotent: tool?.idempotent ?? true,
    approval_reason: null,
    result: parsed.ok ? null : parsed.message,
    created_at: timeText(parts.clock.now()),
  };
  if (!parsed.ok || !tool) return { call, effect: null };
  return { call, effect: await judgeCall(parts, journal, tool, call) };
}

/** What policy and the ledger make of a call that is asked for: it may be made, waits for a yes, or is answered. */
async function judgeCall(parts: LoopParts, journal: Journal, tool: Tool, call: NewToolCall): Promise<NewEffect | null> {
  const outside = call.effect === "write_outside";
  const before = outside ? await answeredBefore(parts, journal, call) : null;
  if (before !== null) {
    Object.assign(call, { status: "completed", result: before });
    return null;
  }
  const gated = await gateCall(parts, journal, tool, call.arguments, { fresh: outside });
  const { action, decision } = gated;
  if (decision.verdict === "deny") {
    Object.assign(call, { status: "denied", result: `Not allowed: ${decision.reason} It was not run.` });
    return null;
  }
  const own = await tool.needsApproval?.(call.arguments, { folder: journal.agent.folder, sandbox: parts.sandbox });
  call.approval_reason = own ?? (decision.verdict === "ask" ? decision.reason : null);
  // Asked again after a no, it gets the same answer at once, and nobody is asked.
  const denied = call.approval_reason === null ? null : denialOf(journal.facts.denials, call.action_hash);
  if (denied !== null) {
    Object.assign(call, { status: "denied", result: denied });
    return null;
  }
  if (action.carriesOut) {
    const count = (journal.facts.carried?.[call.action_hash] ?? 0) + 1;
    setFacts(journal, { carried: boundedCounts(journal.facts.carried, call.action_hash, count) });
  }
  return outside ? proposalOf(parts, journal, call, tool, askedIf(gated, call.approval_reason)) : null;
}

const MAX_COUNTED_CALLS = 50;

function boundedCounts(
  counts: Record<string, number> | undefined,
  hash: string,
  count: number,
): Record<string, number> {
  const entries = Object.entries({ ...counts, [hash]: count });
  return Object.fromEntries(entries.slice(-MAX_COUNTED_CALLS));
}

/** A tool's own wish to be asked for counts as policy's. */
function askedIf(gated: Gated, reason: string | null): Gated {
  if (reason === null || gated.decision.verdict !== "allow") return gated;
  return { ...gated, decision: { ...gated.decision, verdict: "ask", reason } };
}

function rawArguments(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { malformed_arguments: text.slice(0, 4_000) };
  }
}

export function loadedCall(call: NewToolCall, effect: NewEffect | null): LoadedCall {
  return {
    id: call.id,
    providerCallId: call.provider_call_id,
    position: call.position,
    name: call.name,
    arguments: call.arguments,
    actionHash: call.action_hash,
    status: call.status,
    effect: call.effect,
    idempotent: call.idempotent,
    approvalReason: call.approval_reason,
    approved: false,
    stepId: null,
    result: call.result,
    createdAt: call.created_at,
    heldUntil: effect?.undo_until ? Date.parse(effect.undo_until) : null,
  };
}
