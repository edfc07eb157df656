import { AppError } from "@bureau/protocol";
import { type Decider, nameByLink } from "../domain/decider.ts";
import { linkIsOver, refOf } from "../queries/links.ts";
import { LINK_HOLDS, type LinkRow } from "../store/links.ts";
import type { InboxRow } from "../store/rows.ts";
import type { Change } from "./change.ts";

/**
 * Refuses a guest whose link is over, is for something else, or was shown as something else: in the transaction that
 * writes the decision, so that a link that was revoked before it decides nothing.
 */
export async function requireLinkHolds(change: Change, entry: InboxRow, by: Decider): Promise<void> {
  if (by.role !== "link") return;
  const { rows } = await change.transaction.query<LinkRow>(
    `SELECT l.* FROM links l WHERE ${LINK_HOLDS} AND l.id = $2 FOR UPDATE`,
    [change.now, by.link?.id],
  );
  const link = rows[0];
  if (link === undefined || !isFor(link, entry)) linkIsOver();
  if (by.link?.ref !== refOf(entry)) {
    throw new AppError("conflict", "What you were shown has changed since, or is answered.", { hint: "Look again." });
  }
  if (link.entry_id === null) return;
  await change.transaction.query("UPDATE links SET used_at = coalesce(used_at, $2) WHERE id = $1", [
    link.id,
    change.now,
  ]);
}

function isFor(link: LinkRow, entry: InboxRow): boolean {
  if (link.entry_id !== null) return link.entry_id === entry.id;
  return link.thread_id === entry.thread_id && entry.kind === "question" && entry.assignee === nameByLink(link.name);
}
