import { AppError, type InboxKind, type Link, type MakeLink, newId } from "@bureau/protocol";
import { nameByLink } from "../domain/decider.ts";
import type { DecidedBy } from "../engine-api.ts";
import { textOfDecider } from "../domain/decider.ts";
import { findLink, linkFromRow } from "../queries/links.ts";
import { findThread } from "../queries/lookup.ts";
import { guestOfThread, type LinkRow } from "../store/links.ts";
import type { InboxRow } from "../store/rows.ts";
import { hashOf, newSecret } from "./access-parts.ts";
import { change, type Change } from "./change.ts";
import { addEntryEvent, alreadyDecided, requireInTime, requireMayDecide } from "./entry-writes.ts";
import { lockEntry } from "./lock-entry.ts";
import type { CommandParts } from "./parts.ts";

const LINK_MS = 7 * 24 * 60 * 60_000;
const MAX_OPEN = 200;
/** What is over for so long is forgotten when the next one is made. */
const KEPT_MS = 90 * 24 * 60 * 60_000;
/** What somebody outside can be asked. */
const ASKED: readonly InboxKind[] = ["approval", "question", "sign_off"];

/** Makes a link. Its secret is in the answer and nowhere else; what it asks waits for the guest from now on. */
export async function makeLink(
  parts: CommandParts,
  input: Omit<MakeLink, "url"> & DecidedBy,
): Promise<{ link: Link; secret: string }> {
  const secret = newSecret();
  return await change(parts, async (change) => {
    const name = input.name.normalize("NFC");
    if (input.entryId !== undefined) await askEntry(change, input.entryId, name, input);
    else await askThread(change, input.threadId ?? "", name, input);
    const { rows } = await change.transaction.query<LinkRow>(
      `INSERT INTO links (id, secret_hash, name, entry_id, thread_id, created_by, created_at, expires_at)
       SELECT $1, $2, $3, $4, $5, $6, $7, $8
       WHERE (SELECT count(*) FROM links WHERE revoked_at IS NULL AND used_at IS NULL AND expires_at > $7) < ${MAX_OPEN}
       RETURNING *`,
      [
        newId("link"),
        hashOf(secret),
        name,
        input.entryId ?? null,
        input.threadId ?? null,
        textOfDecider(input.by),
        change.now,
        new Date(change.now.getTime() + (input.expiresInSeconds ?? LINK_MS / 1000) * 1000),
      ],
    );
    await change.transaction.query("DELETE FROM links WHERE expires_at < $1", [
      new Date(change.now.getTime() - KEPT_MS),
    ]);
    if (rows[0] !== undefined) return { link: linkFromRow(rows[0], change.now.getTime()), secret };
    throw new AppError("limit_reached", `There are already ${MAX_OPEN} open links.`, {
      hint: "Revoke those that are not needed: `bureau link list`.",
    });
  });
}

async function askEntry(change: Change, entryId: string, name: string, { by }: DecidedBy): Promise<void> {
  const { entry } = await lockEntry(change, entryId);
  requireMayDecide(entry, by, { what: "assign" });
  if (entry.status !== "pending") throw alreadyDecided(entry);
  requireInTime(change, entry);
  if (!ASKED.includes(entry.kind) || isOfTheRun(entry)) {
    throw new AppError("invalid", `"${entry.title}" is for people of the workspace, and cannot be asked by a link.`, {
      hint: "A link asks for an approval, an answer to an agent's question, or a sign-off.",
    });
  }
  await give(change, [entry.id], nameByLink(name));
}

/** How a run goes on after denials: no call asked it, and the answer counts as a person's own words. */
function isOfTheRun(entry: InboxRow): boolean {
  return entry.kind === "question" && entry.tool_call_id === null;
}

/** From now on the thread's questions are the guest's, the one that waits as well. */
async function askThread(change: Change, threadId: string, name: string, { by }: DecidedBy): Promise<void> {
  const thread = await findThread(change.transaction, threadId, "update");
  const there = await guestOfThread(change.transaction, thread.id, change.now.getTime());
  if (there !== null) {
    throw new AppError("conflict", `${there} is interviewed in this thread already.`, {
      hint: "Revoke that link first: `bureau link list` shows it.",
    });
  }
  const { rows } = await change.transaction.query<InboxRow>(
    `SELECT * FROM inbox WHERE thread_id = $1 AND kind = 'question' AND status = 'pending' AND tool_call_id IS NOT NULL
     ORDER BY id FOR NO KEY UPDATE`,
    [thread.id],
  );
  for (const entry of rows) requireMayDecide(entry, by, { what: "assign" });
  await give(
    change,
    rows.map((entry) => entry.id),
    nameByLink(name),
  );
}

/** Ends a link; what it asked is everybody's to decide again. Again is no error. */
export async function revokeLink(parts: CommandParts, id: string): Promise<Link> {
  return await change(parts, async (change) => {
    const link = await findLink(change.transaction, id);
    const { rows } = await change.transaction.query<InboxRow>(
      `SELECT * FROM inbox WHERE status = 'pending' AND assignee = $1 AND (id = $2 OR thread_id = $3)
       ORDER BY id FOR NO KEY UPDATE`,
      [nameByLink(link.name), link.entry_id, link.thread_id],
    );
    await give(
      change,
      rows.map((entry) => entry.id),
      null,
    );
    const revoked = await change.transaction.query<LinkRow>(
      "UPDATE links SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1 RETURNING *",
      [link.id, change.now],
    );
    return linkFromRow(revoked.rows[0]!, change.now.getTime());
  });
}

async function give(change: Change, entryIds: readonly string[], assignee: string | null): Promise<void> {
  if (entryIds.length === 0) return;
  const { rows } = await change.transaction.query<InboxRow>(
    "UPDATE inbox SET assignee = $2 WHERE id = ANY($1) RETURNING *",
    [entryIds, assignee],
  );
  for (const row of rows) addEntryEvent(change, "inbox.assigned", row);
}
