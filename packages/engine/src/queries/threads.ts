import type { AfterOrBefore, ItemList, ListThreads, Thread, ThreadList } from "@bureau/protocol";
import { findAgent, findGoal, findThread } from "./lookup.ts";
import type { Queryable } from "../store/database.ts";
import { itemFromRow, threadFromRow, type ItemRow, type ThreadRow } from "../store/rows.ts";
import { afterPart, partOf } from "./page.ts";

/** Newest first. */
export async function listThreads(database: Queryable, query: ListThreads): Promise<ThreadList> {
  const agent = query.agent === undefined ? null : await findAgent(database, query.agent);
  const goal = query.goal === undefined ? null : await findGoal(database, query.goal);
  const { rows } = await database.query<ThreadRow>({
    name: "list_threads",
    text: `SELECT * FROM threads
           WHERE ($1::text[] IS NULL OR status = ANY($1)) AND ($2::text IS NULL OR agent_id = $2)
             AND ($3::text IS NULL OR goal_id = $3) AND ($4::text IS NULL OR id < $4)
           ORDER BY id DESC LIMIT $5`,
    values: [query.status ?? null, agent?.id ?? null, goal?.id ?? null, query.cursor ?? null, query.limit + 1],
  });
  const part = partOf(rows, query.limit, (row) => row.id);
  return { threads: part.rows.map(threadFromRow), nextCursor: part.nextCursor };
}

export async function getThread(database: Queryable, thread: string): Promise<Thread> {
  return threadFromRow(await findThread(database, thread));
}

/**
 * Items with a position after `after`, oldest first; or before `before`, newest first, so that a long thread can be
 * opened at its end.
 */
export async function listItems(database: Queryable, thread: string, query: AfterOrBefore): Promise<ItemList> {
  await findThread(database, thread);
  if (query.before !== undefined) return await itemsBefore(database, thread, query.before, query.limit);
  const { rows } = await database.query<ItemRow>({
    name: "list_items",
    text: "SELECT * FROM items WHERE thread_id = $1 AND position > $2::bigint ORDER BY position LIMIT $3",
    values: [thread, query.after, query.limit + 1],
  });
  const part = afterPart(rows, query.limit, (row) => row.position);
  return { items: part.rows.map(itemFromRow), nextAfter: part.nextAfter, nextBefore: null };
}

async function itemsBefore(database: Queryable, thread: string, before: number, limit: number): Promise<ItemList> {
  const { rows } = await database.query<ItemRow>({
    name: "list_items_before",
    text: `SELECT * FROM items WHERE thread_id = $1 AND ($2::bigint = 0 OR position < $2::bigint)
           ORDER BY position DESC LIMIT $3`,
    values: [thread, before, limit + 1],
  });
  const part = afterPart(rows, limit, (row) => row.position);
  return { items: part.rows.map(itemFromRow), nextAfter: null, nextBefore: part.nextAfter };
}
