import { INBOX_KINDS, type Hey, type InboxEntry, type InboxList, type ListInbox } from "@bureau/protocol";
import { findGoal, findInboxEntry } from "./lookup.ts";
import type { Queryable } from "../store/database.ts";
import { readHalt } from "../store/halt.ts";
import { inboxEntryFromRow, type InboxRow } from "../store/rows.ts";
import { countAll } from "./counts.ts";
import { decodeCursor, encodeCursor, partOf } from "./page.ts";

/** Most entries that one look at what needs a person shows. */
const MAX_HEY_ENTRIES = 100;

/** Bounds of an entry in a summary: three hundred of them stay below half a megabyte. */
const SUMMARY_TITLE = 200;
const SUMMARY_TEXT = 160;
const SUMMARY_CHARACTERS = 500;
const SUMMARY_ENTRIES = 6;
const SUMMARY_DEPTH = 4;

/** The kinds are listed in their ranking; within a kind the oldest comes first. */
const RANK = `array_position(ARRAY[${INBOX_KINDS.map((kind) => `'${kind}'`).join(", ")}], i.kind)`;

interface RankedRow extends InboxRow {
  rank: number;
  /** With the database's own precision, which a date has not. */
  created: string;
}

/** When it was decided, or asked, with the database's own precision. */
const LATEST = "to_char(COALESCE(i.decided_at, i.created_at) AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS')";

/** Whose part of the inbox is asked for: what is given to them, and what is given to nobody where `unassigned`. */
export interface InboxView {
  name: string;
  unassigned: boolean;
  /** Milliseconds since 1970: what a link that is over had asked is given to nobody again. */
  now: number;
}

/** True of an entry `i` that belongs to a view: its name, whether unassigned ones do, and now; all when it is null. */
const inView = (name: string, unassigned: string, now: string) => `(${name}::text IS NULL
  OR lower(i.assignee) = lower(${name}) OR (${unassigned}::boolean AND (i.assignee IS NULL OR (right(i.assignee, 10) = ' (by link)'
    AND NOT EXISTS (SELECT 1 FROM links l WHERE l.revoked_at IS NULL AND l.expires_at > ${now}::timestamptz
      AND (l.entry_id = i.id OR l.thread_id = i.thread_id))))))`;

const viewValues = (view: InboxView | undefined) => [
  view?.name ?? null,
  view?.unassigned ?? true,
  view === undefined ? null : new Date(view.now),
];

/** Ranked, unless the latest are asked for: the first needs a person most. */
export async function listInbox(database: Queryable, query: ListInbox, view?: InboxView): Promise<InboxList> {
  const goal = query.goal === undefined ? null : await findGoal(database, query.goal);
  return query.order === "latest"
    ? await listLatest(database, query, goal?.id ?? null, view)
    : await listRanked(database, query, goal?.id ?? null, view);
}

async function listLatest(
  database: Queryable,
  query: ListInbox,
  goalId: string | null,
  view: InboxView | undefined,
): Promise<InboxList> {
  const after = query.cursor === undefined ? null : decodeCursor(query.cursor, ["string", "string"]);
  const { rows } = await database.query<InboxRow & { at: string }>({
    name: "list_inbox_latest",
    text: `SELECT i.*, ${LATEST} AS at FROM inbox i
           WHERE i.status = ANY($1) AND ($2::text[] IS NULL OR i.kind = ANY($2))
             AND ($3::text IS NULL OR i.goal_id = $3) AND ($4::text IS NULL OR i.run_id = $4)
             AND ${inView("$8", "$9", "$10")}
             AND ($5::text IS NULL OR (${LATEST}, i.id) < ($5, $6::text))
           ORDER BY at DESC, i.id DESC LIMIT $7`,
    values: [
      query.status,
      query.kind ?? null,
      goalId,
      query.run ?? null,
      after?.[0] ?? null,
      after?.[1] ?? null,
      query.limit + 1,
      ...viewValues(view),
    ],
  });
  const part = partOf(rows, query.limit, (row) => encodeCursor([row.at, row.id]));
  return { entries: part.rows.map(inboxEntryFromRow), nextCursor: part.nextCursor };
}

async function listRanked(
  database: Queryable,
  query: ListInbox,
  goalId: string | null,
  view: InboxView | undefined,
): Promise<InboxList> {
  const after = query.cursor === undefined ? null : decodeCursor(query.cursor, ["number", "string", "string"]);
  const { rows } = await database.query<RankedRow>({
    name: "list_inbox",
    text: `SELECT i.*, ${RANK} AS rank, to_char(i.created_at AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS') AS created
           FROM inbox i
           WHERE i.status = ANY($1) AND ($2::text[] IS NULL OR i.kind = ANY($2))
             AND ($3::text IS NULL OR i.goal_id = $3) AND ($4::text IS NULL OR i.run_id = $4)
             AND ${inView("$9", "$10", "$11")}
             AND ($5::int IS NULL OR
                  (${RANK}, to_char(i.created_at AT TIME ZONE 'UTC', 'YYYYMMDDHH24MISSUS'), i.id) > ($5, $6, $7))
           ORDER BY rank, created, i.id LIMIT $8`,
    values: [
      query.status,
      query.kind ?? null,
      goalId,
      query.run ?? null,
      after?.[0] ?? null,
      after?.[1] ?? null,
      after?.[2] ?? null,
      query.limit + 1,
      ...viewValues(view),
    ],
  });
  const part = partOf(rows, query.limit, (row) => encodeCursor([row.rank, row.created, row.id]));
  const entries = part.rows.map(inboxEntryFromRow);
  const shown = query.view === "summary" ? entries.map(summaryOf) : entries;
  return { entries: shown, nextCursor: part.nextCursor };
}

/** What a list shows of an entry: texts of its details are cut, and long lists and depths left out. */
function summaryOf(entry: InboxEntry): InboxEntry {
  return {
    ...entry,
    title: entry.title.slice(0, SUMMARY_TITLE),
    detail: cutValue(entry.detail, { room: SUMMARY_CHARACTERS }, 0),
    choices: entry.choices.slice(0, SUMMARY_ENTRIES).map((choice) => choice.slice(0, SUMMARY_TEXT)),
  };
}

function cutValue(value: unknown, left: { room: number }, depth: number): unknown {
  if (typeof value === "string") {
    const text = value.slice(0, Math.max(0, Math.min(SUMMARY_TEXT, left.room))).toWellFormed();
    left.room -= text.length;
    return text.length < value.length ? `${text}…` : text;
  }
  if (typeof value !== "object" || value === null) return value;
  if (depth >= SUMMARY_DEPTH || left.room <= 0) return Array.isArray(value) ? [] : {};
  if (Array.isArray(value)) return value.slice(0, SUMMARY_ENTRIES).map((part) => cutValue(part, left, depth + 1));
  const entries = Object.entries(value).slice(0, SUMMARY_ENTRIES * 2);
  left.room -= entries.reduce((sum, [key]) => sum + key.length, 0);
  return Object.fromEntries(entries.map(([key, part]) => [key.slice(0, 100), cutValue(part, left, depth + 1)]));
}

export async function getInboxEntry(database: Queryable, entry: string): Promise<InboxEntry> {
  return inboxEntryFromRow(await findInboxEntry(database, entry));
}

interface HeyRow extends InboxRow {
  agent_name: string | null;
  goal_title: string | null;
}

/** What needs a person now, over everything: the same ranking as the inbox, in sentences. */
export async function hey(database: Queryable, view?: InboxView): Promise<Hey> {
  const [{ rows }, counts, halted] = await Promise.all([
    database.query<HeyRow>({
      name: "hey",
      text: `SELECT i.*, a.name AS agent_name, g.spec->>'title' AS goal_title
             FROM inbox i LEFT JOIN agents a ON a.id = i.agent_id LEFT JOIN goals g ON g.id = i.goal_id
             WHERE i.status = 'pending' AND ${inView("$2", "$3", "$4")} ORDER BY ${RANK}, i.created_at, i.id LIMIT $1`,
      values: [MAX_HEY_ENTRIES, ...viewValues(view)],
    }),
    countAll(database),
    readHalt(database),
  ]);
  const entries = rows.map((row, index) => ({
    number: index + 1,
    sentence: sentenceOf(row),
    agentName: row.agent_name,
    goalTitle: row.goal_title,
    entry: inboxEntryFromRow(row),
  }));
  return { entries, counts, halted };
}

function sentenceOf(row: HeyRow): string {
  const who = row.agent_name ?? "An agent";
  const goal = row.goal_title === null ? "" : `, for "${row.goal_title}"`;
  switch (row.kind) {
    case "approval":
      return `${who} asks for a yes${goal}: ${row.title}`;
    case "question":
      return `${who} asks${goal}: ${row.title}`;
    case "sign_off":
      return `${who} asks you to sign off${goal}: ${row.title}`;
    case "budget":
      return row.goal_title === null ? row.title : `For "${row.goal_title}": ${row.title}`;
    case "stopped":
      return `${who} has stopped${goal}: ${row.title}`;
    case "unknown_effect":
      return `${who} cannot tell whether this took place${goal}: ${row.title}`;
    case "failed_run":
      return `${who} failed${goal}: ${row.title}`;
    case "sign_in":
      return `A sign-in is needed: ${row.title}`;
  }
}
