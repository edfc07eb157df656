import { AppError, type InboxEntry, type InboxReply, type InboxReplyResult } from "@bureau/protocol";
import { machineTimeZone } from "../clock.ts";
import { parseReply, type ReplyAction } from "../domain/reply.ts";
import type { DecidedBy } from "../engine-api.ts";
import { assignInboxEntry } from "./assign-entry.ts";
import { decideInboxEntry } from "./decide-entry.ts";
import type { CommandParts } from "./parts.ts";

/**
 * Decides and assigns entries of a list by one reply in words. Each is decided by itself, so one that fails stops no
 * other; a reply that is not understood whole does nothing.
 */
export async function replyToInbox(parts: CommandParts, input: InboxReply & DecidedBy): Promise<InboxReplyResult> {
  const today = { now: parts.clock.now(), timeZone: machineTimeZone() };
  const parsed = parseReply(input.text, input.entries.length, today);
  if (!parsed.ok) throw new AppError("invalid", parsed.message, { hint: parsed.hint });
  const entries: InboxEntry[] = [];
  const failed: InboxReplyResult["failed"] = [];
  for (const action of parsed.actions) {
    const entryId = input.entries[action.position - 1]!;
    try {
      entries.push(await act(parts, entryId, action, input));
    } catch (error) {
      if (!(error instanceof AppError) || error.code === "unavailable") throw error;
      const hint = error.code === "not_found" && error.hint !== undefined ? ` ${error.hint}` : "";
      failed.push({ entryId, message: `${error.message}${hint}` });
    }
  }
  return { entries, failed };
}

async function act(parts: CommandParts, entryId: string, action: ReplyAction, { by }: DecidedBy): Promise<InboxEntry> {
  if (action.type === "assign") return await assignInboxEntry(parts, entryId, { to: action.to, due: action.due, by });
  const { decision, scope, note } = action;
  return await decideInboxEntry(parts, entryId, {
    decision,
    by,
    ...(scope !== undefined && { scope }),
    ...(note !== undefined && { note }),
  });
}
