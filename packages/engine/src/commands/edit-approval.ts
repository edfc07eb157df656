import { AppError, type EditApproval, type InboxEntry } from "@bureau/protocol";
import { isDeepStrictEqual } from "node:util";
import type { DecidedBy } from "../engine-api.ts";
import { inboxEntryFromRow, type InboxRow, type ToolCallRow } from "../store/rows.ts";
import { editEffect } from "../store/effects.ts";
import { actionHash } from "../tools/action-hash.ts";
import { actionOf } from "../tools/action-of.ts";
import { parseToolArguments } from "../tools/tool-arguments.ts";
import type { Tool } from "../tools/tool.ts";
import { change, type Change } from "./change.ts";
import {
  addEntryEvent,
  alreadyDecided,
  callIsGone,
  isRecord,
  requireInTime,
  requireMayDecide,
} from "./entry-writes.ts";
import { lockEntry } from "./lock-entry.ts";
import type { CommandParts } from "./parts.ts";
import { touchRun } from "./run-writes.ts";

/**
 * Changes the arguments of a call that waits for a yes. The request stays, under the new action's hash, and
 * still waits: a yes to the old action is none to the new one.
 *
 * Throws `invalid` when the tool would not take the arguments; nothing is changed.
 */
export async function editInboxEntry(
  parts: CommandParts,
  entryId: string,
  input: EditApproval & DecidedBy,
): Promise<InboxEntry> {
  // Found before anything is locked: a tool may be a server's, which takes its time to answer.
  const asked = await toolOfEntry(parts, entryId);
  return await change(parts, async (change) => {
    const { entry, run } = await lockEntry(change, entryId);
    requireMayDecide(entry, input.by, { what: "edit" });
    if (entry.kind !== "approval") {
      throw new AppError("invalid", `"${entry.title}" is no approval; only an approval has arguments to edit.`);
    }
    if (entry.status !== "pending") throw alreadyDecided(entry);
    requireInTime(change, entry);
    const { rows } = await change.transaction.query<ToolCallRow>("SELECT * FROM tool_calls WHERE id = $1", [
      entry.tool_call_id,
    ]);
    const call = rows[0];
    if (run === null || call === undefined || call.status !== "awaiting_approval") throw callIsGone(entry);
    const edit = checked(asked, call.name, input.arguments);
    if (isDeepStrictEqual(call.arguments, edit.arguments)) return inboxEntryFromRow(entry);
    const hash = actionHash(call.name, edit.arguments);
    await change.transaction.query("UPDATE tool_calls SET arguments = $2, action_hash = $3 WHERE id = $1", [
      call.id,
      JSON.stringify(edit.arguments),
      hash,
    ]);
    const { targets, summary } = edit.shown;
    const effect = { title: summary, targets, arguments: edit.arguments, action_hash: hash };
    if (call.effect === "write_outside") await editEffect(change.transaction, call.id, effect);
    const edited = await writeEntry(change, entry, { ...edit, hash, by: input.by.name });
    addEntryEvent(change, "approval.requested", edited);
    await touchRun(change, run);
    return inboxEntryFromRow(edited);
  });
}

interface AskedTool {
  tool: Tool | null;
  agent: string;
}

async function toolOfEntry(parts: CommandParts, entryId: string): Promise<AskedTool | null> {
  const { rows } = await parts.database.query<{ tool: string; agent: string; folder: string }>(
    `SELECT c.name AS tool, a.name AS agent, a.folder FROM inbox i JOIN tool_calls c ON c.id = i.tool_call_id
     JOIN runs r ON r.id = c.run_id JOIN agents a ON a.id = r.agent_id WHERE i.id = $1`,
    [entryId],
  );
  const found = rows[0];
  if (found === undefined) return null;
  return { tool: await parts.toolNamed(found.tool, { folder: found.folder }), agent: found.agent };
}

interface CheckedEdit {
  arguments: unknown;
  /** What the card shows of the new action besides its arguments. */
  shown: { kind: string; targets: string[]; reaches: string[]; summary: string; reversible: boolean };
}

/** The arguments as the tool takes them, which is how a call of the model's is kept too. */
function checked(asked: AskedTool | null, name: string, args: Record<string, unknown>): CheckedEdit {
  const tool = asked?.tool ?? null;
  if (asked === null || tool === null) {
    throw new AppError("invalid", `There is no tool ${name} now, so new arguments for it cannot be checked.`, {
      hint: "Approve or deny the call as it is.",
    });
  }
  const parsed = parseToolArguments(tool, JSON.stringify(args));
  if (!parsed.ok) {
    throw new AppError("invalid", `The changed arguments are not ones that ${name} takes. ${parsed.message}`, {
      hint: "Nothing was changed; the call waits as it was.",
    });
  }
  const { kind, targets, reaches, title, reversible } = actionOf(tool, parsed.args, { agent: asked.agent });
  return { arguments: parsed.args, shown: { kind, targets, reaches, summary: title, reversible } };
}

async function writeEntry(
  change: Change,
  entry: InboxRow,
  edit: CheckedEdit & { hash: string; by: string },
): Promise<InboxRow> {
  const detail = isRecord(entry.detail) ? entry.detail : {};
  const askedHash = detail["askedHash"] ?? entry.action_hash;
  const { rows } = await change.transaction.query<InboxRow>(
    "UPDATE inbox SET action_hash = $2, detail = $3 WHERE id = $1 RETURNING *",
    [
      entry.id,
      edit.hash,
      JSON.stringify({ ...detail, ...edit.shown, arguments: edit.arguments, editedBy: edit.by, askedHash }),
    ],
  );
  return rows[0]!;
}
