import { AppError, type EditApproval, type InboxEntry } from "@bureau/protocol";
import { isDeepStrictEqual } from "node:util";
import type { DecidedBy } from "../engine-api.ts";
import { inboxEntryFromRow, type InboxRow, type ToolCallRow } from "../store/rows.ts";
import { actionHash } from "../tools/action-hash.ts";
import { change, type Change } from "./change.ts";
import { addEntryEvent, alreadyDecided, callIsGone } from "./decide-entry.ts";
import { lockEntry } from "./lock-entry.ts";
import type { CommandParts } from "./parts.ts";
import { touchRun } from "./run-writes.ts";

/**
 * Changes the arguments of a call that waits for a yes. The request stays, under the new action's hash, and
 * still waits: a yes to the old action is none to the new one.
 */
export async function editInboxEntry(
  parts: CommandParts,
  entryId: string,
  input: EditApproval & DecidedBy,
): Promise<InboxEntry> {
  return await change(parts, async (change) => {
    const { entry, run } = await lockEntry(change, entryId);
    if (entry.kind !== "approval") {
      throw new AppError("invalid", `"${entry.title}" is no approval; only an approval has arguments to edit.`);
    }
    if (entry.status !== "pending") throw alreadyDecided(entry);
    const { rows } = await change.transaction.query<ToolCallRow>("SELECT * FROM tool_calls WHERE id = $1", [
      entry.tool_call_id,
    ]);
    const call = rows[0];
    if (run === null || call === undefined || call.status !== "awaiting_approval") throw callIsGone(entry);
    if (isDeepStrictEqual(call.arguments, input.arguments)) return inboxEntryFromRow(entry);
    const hash = actionHash(call.name, input.arguments);
    await change.transaction.query("UPDATE tool_calls SET arguments = $2, action_hash = $3 WHERE id = $1", [
      call.id,
      JSON.stringify(input.arguments),
      hash,
    ]);
    const edited = await writeEntry(change, entry, { hash, arguments: input.arguments, by: input.by });
    addEntryEvent(change, "approval.requested", edited);
    await touchRun(change, run);
    return inboxEntryFromRow(edited);
  });
}

async function writeEntry(
  change: Change,
  entry: InboxRow,
  edit: { hash: string; arguments: Record<string, unknown>; by: string },
): Promise<InboxRow> {
  const detail = typeof entry.detail === "object" && entry.detail !== null ? entry.detail : {};
  const { rows } = await change.transaction.query<InboxRow>(
    "UPDATE inbox SET action_hash = $2, detail = $3 WHERE id = $1 RETURNING *",
    [entry.id, edit.hash, JSON.stringify({ ...detail, arguments: edit.arguments, editedBy: edit.by })],
  );
  return rows[0]!;
}
