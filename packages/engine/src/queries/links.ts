import { createHash } from "node:crypto";
import { AppError, type GuestView, type Link, type LinkList, type ListLinks } from "@bureau/protocol";
import { nameByLink } from "../domain/decider.ts";
import type { Queryable } from "../store/database.ts";
import { LINK_HOLDS, type LinkRow } from "../store/links.ts";
import type { InboxRow } from "../store/rows.ts";
import { partOf } from "./page.ts";

const REF_CHARACTERS = 22;

/** Newest first. */
export async function listLinks(database: Queryable, now: number, query: ListLinks): Promise<LinkList> {
  const { rows } = await database.query<LinkRow>(
    `SELECT * FROM links
     WHERE (CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN used_at IS NOT NULL THEN 'used'
                 WHEN expires_at <= $1 THEN 'expired' ELSE 'open' END) = ANY($2)
       AND ($3::text IS NULL OR id < $3)
     ORDER BY id DESC LIMIT $4`,
    [new Date(now), query.status, query.cursor ?? null, query.limit + 1],
  );
  const part = partOf(rows, query.limit, (row) => row.id);
  return { links: part.rows.map((row) => linkFromRow(row, now)), nextCursor: part.nextCursor };
}

export async function findLink(database: Queryable, id: string): Promise<LinkRow> {
  const { rows } = await database.query<LinkRow>("SELECT * FROM links WHERE id = $1", [id]);
  if (rows[0] !== undefined) return rows[0];
  throw new AppError("not_found", `There is no link ${id}.`, { hint: "`bureau link list` shows them." });
}

/** The link that has the secret, while it holds. Throws `unauthenticated`, in the same words for all others. */
export async function linkOfSecret(database: Queryable, secretHash: string, now: number): Promise<LinkRow> {
  const { rows } = await database.query<LinkRow>({
    name: "link_of_secret",
    text: `SELECT l.* FROM links l WHERE ${LINK_HOLDS} AND l.secret_hash = $2`,
    values: [new Date(now), secretHash],
  });
  return rows[0] ?? linkIsOver();
}

export function linkIsOver(): never {
  throw new AppError("unauthenticated", "This link does not hold: it has ended, or never was.", {
    hint: "Ask whoever sent it for a new one.",
  });
}

/** What a link asks now: its one entry, or the oldest open question of its thread; null when nothing is asked. */
export async function entryOfLink(database: Queryable, link: LinkRow): Promise<InboxRow | null> {
  if (link.entry_id !== null) {
    const { rows } = await database.query<InboxRow>("SELECT * FROM inbox WHERE id = $1", [link.entry_id]);
    return rows[0] ?? null;
  }
  const { rows } = await database.query<InboxRow>(
    `SELECT * FROM inbox WHERE thread_id = $1 AND kind = 'question' AND status = 'pending' AND assignee = $2
       AND tool_call_id IS NOT NULL
     ORDER BY created_at, id LIMIT 1`,
    [link.thread_id, nameByLink(link.name)],
  );
  return rows[0] ?? null;
}

/** Stands for an entry as it is: another action, or another question, has another one. */
export function refOf(entry: Pick<InboxRow, "id" | "action_hash">): string {
  const text = `${entry.id} ${entry.action_hash ?? ""}`;
  return createHash("sha256").update(text).digest("base64url").slice(0, REF_CHARACTERS);
}

/** All that a guest is shown. No id of ours is in it, and nothing of why it is asked or what else was read. */
export function guestView(link: LinkRow, entry: InboxRow | null): GuestView {
  const isOpen = entry !== null && entry.status === "pending";
  return {
    name: link.name,
    kind: link.entry_id === null ? "interview" : "decision",
    asked: isOpen ? askedOf(entry) : null,
    decided: link.entry_id === null || entry === null || isOpen ? null : entry.status,
    expiresAt: link.expires_at.toISOString(),
  };
}

function askedOf(entry: InboxRow): GuestView["asked"] {
  const detail = (entry.detail ?? {}) as Record<string, unknown>;
  const what = entry.kind === "approval" || entry.kind === "sign_off" ? entry.kind : "question";
  const words = [detail["requirement"], detail["done"]].filter((text) => typeof text === "string");
  return {
    ref: refOf(entry),
    what,
    title: what === "approval" && typeof detail["summary"] === "string" ? detail["summary"] : entry.title,
    text: what === "sign_off" && words.length > 0 ? words.join("\n\n") : null,
    action:
      what === "approval"
        ? {
            tool: typeof detail["tool"] === "string" ? detail["tool"] : "",
            targets: Array.isArray(detail["targets"]) ? detail["targets"].map(String) : [],
            arguments: detail["arguments"] ?? {},
            reversible: detail["reversible"] === true,
          }
        : null,
    choices: entry.choices,
    expiresAt: entry.expires_at?.toISOString() ?? null,
  };
}

export function linkFromRow(row: LinkRow, now: number): Link {
  return {
    id: row.id,
    kind: row.entry_id === null ? "interview" : "decision",
    status: statusOf(row, now),
    name: row.name,
    entryId: row.entry_id,
    threadId: row.thread_id,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  };
}

function statusOf(row: LinkRow, now: number): Link["status"] {
  if (row.revoked_at !== null) return "revoked";
  if (row.used_at !== null) return "used";
  return row.expires_at.getTime() <= now ? "expired" : "open";
}
