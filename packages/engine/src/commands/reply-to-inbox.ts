import { AppError, type InboxEntry, type InboxReply, type InboxReplyResult } from "@bureau/protocol";
import { parseReply } from "../domain/reply.ts";
import type { DecidedBy } from "../engine-api.ts";
import { decideInboxEntry } from "./decide-entry.ts";
import type { CommandParts } from "./parts.ts";

/**
 * Decides entries of a list by one reply in words. Each is decided by itself, so one that fails stops no other;
 * a reply that is not understood decides nothing.
 */
export async function replyToInbox(parts: CommandParts, input: InboxReply & DecidedBy): Promise<InboxReplyResult> {
  const entries: InboxEntry[] = [];
  const failed: InboxReplyResult["failed"] = [];
  for (const { position, decision } of parseReply(input.text, input.entries.length)) {
    const entryId = input.entries[position - 1]!;
    try {
      entries.push(await decideInboxEntry(parts, entryId, { decision, by: input.by }));
    } catch (error) {
      if (!(error instanceof AppError) || error.code === "unavailable") throw error;
      failed.push({ entryId, message: error.message });
    }
  }
  return { entries, failed };
}
