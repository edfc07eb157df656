import type { LinkId, ThreadId } from "@bureau/protocol";
import { nameByLink } from "../domain/decider.ts";
import type { Queryable } from "./database.ts";

export interface LinkRow {
  id: LinkId;
  name: string;
  entry_id: string | null;
  thread_id: ThreadId | null;
  created_by: string;
  created_at: Date;
  expires_at: Date;
  revoked_at: Date | null;
  used_at: Date | null;
}

/** SQL that is true of a link `l` that holds; `$1` is now. */
export const LINK_HOLDS = "l.revoked_at IS NULL AND l.expires_at > $1";

/** Under which name a guest answers what is asked in a thread now; null when nobody is interviewed there. */
export async function guestOfThread(database: Queryable, threadId: string, now: number): Promise<string | null> {
  const { rows } = await database.query<Pick<LinkRow, "name">>({
    name: "guest_of_thread",
    text: `SELECT l.name FROM links l WHERE ${LINK_HOLDS} AND l.thread_id = $2 ORDER BY l.id LIMIT 1`,
    values: [new Date(now), threadId],
  });
  return rows[0] === undefined ? null : nameByLink(rows[0].name);
}
