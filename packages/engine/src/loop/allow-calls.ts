import type { ItemContent } from "@bureau/protocol";
import { timeText } from "../clock.ts";
import type { LoadedCall } from "../store/load-run.ts";
import { askApproval } from "./ask-approval.ts";
import { beginToolCalls } from "./call-tools.ts";
import { type Gated, gateCall } from "./gate.ts";
import type { Journal } from "./journal.ts";
import type { LoopParts } from "./parts.ts";
import { type BegunStep, event, newItems } from "./step.ts";

/**
 * Begins calls that may run. Writes outside are judged once more, by the rules as they are now: one that a rule has
 * forbidden since is answered, one that needs a yes since asks for it. The others begin in the next round.
 */
export async function beginAllowed(parts: LoopParts, journal: Journal, toolCallIds: string[]): Promise<BegunStep> {
  const gated = new Map<string, Gated>();
  const asked: string[] = [];
  const denied: { call: LoadedCall; reason: string }[] = [];
  for (const call of journal.calls.filter(({ id, effect }) => toolCallIds.includes(id) && effect === "write_outside")) {
    const tool = journal.tools.find((candidate) => candidate.name === call.name);
    if (!tool) continue;
    const judged = await gateCall(parts, journal, tool, call.arguments, { fresh: true });
    gated.set(call.id, judged);
    const { verdict, reason } = judged.decision;
    if (verdict === "deny") denied.push({ call, reason });
    else if (verdict === "ask" && !call.approved) {
      call.approvalReason = reason;
      asked.push(call.id);
    }
  }
  if (denied.length > 0) return await denyCalls(parts, journal, denied);
  if (asked.length > 0) return askApproval(parts, journal, asked);
  return await beginToolCalls(parts, journal, toolCallIds, gated);
}

async function denyCalls(
  parts: LoopParts,
  journal: Journal,
  denied: readonly { call: LoadedCall; reason: string }[],
): Promise<BegunStep> {
  const endedAt = timeText(parts.clock.now());
  const contents: ItemContent[] = [];
  for (const { call, reason } of denied) {
    call.status = "denied";
    call.result = `Not allowed: ${reason} It was not run.`;
    contents.push({
      type: "tool_result",
      toolCallId: call.id as `call_${string}`,
      name: call.name,
      status: "denied",
      text: call.result,
    });
  }
  const items = await newItems(parts, journal, null, contents);
  return {
    intent: {
      toolCallPatches: denied.map(({ call }) => ({
        id: call.id,
        status: "denied",
        result: call.result,
        ended_at: endedAt,
      })),
      effectPatches: denied.map(({ call }) => ({
        tool_call_id: call.id,
        status: "denied",
        receipt: null,
        error: call.result,
        ended_at: endedAt,
      })),
      items: items.items,
      events: [
        ...items.events,
        ...denied.map(({ call }) =>
          event(journal, "tool_call.denied", { toolCall: { id: call.id, status: "denied", endedAt } }),
        ),
      ],
    },
  };
}
