import { newId } from "@bureau/protocol";
import { timeText } from "../clock.ts";
import type { NewInboxEntry } from "../store/journal.ts";
import type { LoadedCall } from "../store/load-run.ts";
import { actionOf } from "../tools/action-of.ts";
import { presentEntry } from "./call-tools.ts";
import type { Journal } from "./journal.ts";
import type { LoopParts } from "./parts.ts";
import { type BegunStep, event } from "./step.ts";

/** Asks a person for a yes to each of these calls, as each would be made. */
export function askApproval(parts: LoopParts, journal: Journal, toolCallIds: string[]): BegunStep {
  const calls = journal.calls.filter((call) => toolCallIds.includes(call.id));
  const inbox = calls.map((call) => cardOf(parts, journal, call));
  for (const call of calls) call.status = "awaiting_approval";
  return {
    intent: {
      toolCallPatches: calls.map((call) => ({ id: call.id, status: "awaiting_approval" })),
      inbox,
      events: inbox.map((entry) => event(journal, "approval.requested", { entry: presentEntry(journal, entry) })),
    },
  };
}

/** What the person sees: what, to whom, why they are asked, and what led there. */
function cardOf(parts: LoopParts, journal: Journal, call: LoadedCall): NewInboxEntry {
  const tool = journal.tools.find((candidate) => candidate.name === call.name);
  const action = tool && actionOf(tool, call.arguments, { agent: journal.agent.name });
  const now = parts.clock.now();
  const { expireAfterMs, remindAfterMs } = parts.approvals;
  parts.onDue(now + Math.min(expireAfterMs, remindAfterMs));
  return {
    id: newId("approval"),
    kind: "approval",
    agent_id: journal.agent.id,
    goal_id: journal.run.goalId,
    goal_version: journal.goal?.version ?? null,
    thread_id: journal.run.threadId,
    tool_call_id: call.id,
    check_index: null,
    title: `${journal.agent.name} asks to call ${call.name}. ${call.approvalReason ?? ""}`.trim(),
    detail: {
      tool: call.name,
      arguments: call.arguments,
      reason: call.approvalReason,
      effect: call.effect,
      kind: action?.kind ?? call.name,
      targets: action?.targets ?? [],
      reaches: action?.reaches ?? [],
      summary: action?.title ?? call.name,
      reversible: action?.reversible ?? false,
      sources: journal.facts.taint ?? [],
    },
    choices: [],
    action_hash: call.actionHash,
    remind_at: timeText(now + remindAfterMs),
    expires_at: timeText(now + expireAfterMs),
    on_expiry: "deny",
    created_at: timeText(now),
  };
}
