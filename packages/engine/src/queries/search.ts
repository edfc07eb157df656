import { SEARCH_KINDS, type SearchHit, type SearchKind, type SearchQuery, type SearchResult } from "@bureau/protocol";
import { matchesIn, parseQuery, type ParsedQuery, snippetOf, tsQuery } from "../domain/search-words.ts";
import type { Queryable } from "../store/database.ts";
import { catchUp, type CatchUpParts } from "../store/search-index.ts";
import { SEARCH_SOURCES } from "../store/search-sources.ts";
import { decodeCursor, encodeCursor, partOf } from "./page.ts";

/** After so many days an entry must fit e times as well to stand where it stood. */
const FADE_DAYS = 60;
const FADE_SECONDS = FADE_DAYS * 24 * 60 * 60;
/** Where more fit than this, words are nearly everywhere, and not every entry with them is compared. */
const MANY = 1_500;
/** Then the newest entries are looked through, */
const NEWEST = 3_000;
/** and of the kinds that count for more, so many that fit. */
const MAX_OF_KINDS = 1_500;
/** Of a word in the body, its beginning, and in the title. */
const WEIGHTS = "'{0.1, 0.2, 0.4, 1.0}'";

interface EntryRow {
  id: string;
  kind: SearchHit["kind"];
  at: Date;
  agent_id: string | null;
  goal_id: string | null;
  run_id: string | null;
  thread_id: string | null;
  position: number | null;
  title: string;
  body: string;
}

const BOOST = `CASE s.kind ${SEARCH_KINDS.map((kind) => `WHEN '${kind}' THEN ${SEARCH_SOURCES[kind].boost}`).join(" ")} ELSE 1 END`;

const LEADING_KINDS = SEARCH_KINDS.filter((kind) => SEARCH_SOURCES[kind].boost > 1);
const SCORE = `ln(ts_rank(${WEIGHTS}, s.words, $1::tsquery) * ${BOOST} + 1e-6)
  + extract(epoch FROM s.at)::float8 / ${FADE_SECONDS}`;

const FITTING = `
  SELECT s.id, ${SCORE} AS score FROM search_entries s WHERE s.words @@ $1::tsquery LIMIT ${MANY + 1}`;
const FITTING_OF_MANY = `
  SELECT s.id, ${SCORE} AS score FROM (SELECT * FROM search_entries ORDER BY at DESC, id DESC LIMIT ${NEWEST}) s
  WHERE s.words @@ $1::tsquery
  UNION
  SELECT s.id, ${SCORE} FROM (
    SELECT * FROM search_entries WHERE words @@ $2::tsquery LIMIT ${MAX_OF_KINDS}) s`;

/**
 * What fits the words, the best first, after catching up with what happened for a bounded while.
 *
 * The order does not depend on when it is asked, so that parts of a list fit together.
 */
export async function search(parts: CatchUpParts, input: SearchQuery): Promise<SearchResult> {
  const after = input.cursor === undefined ? null : decodeCursor(input.cursor, ["number", "string"]);
  const index = await catchUp(parts);
  const query = parseQuery(input.q);
  const fitting = await fittingEntries(parts.database, query, input.kinds ?? null);
  const left = after === null ? fitting : fitting.filter((entry) => isBehind(entry, { score: after[0], id: after[1] }));
  const part = partOf(left.slice(0, input.limit + 1), input.limit, ({ score, id }) => encodeCursor([score, id]));
  const { rows } = await parts.database.query<EntryRow>({
    name: "search_entries",
    text: `SELECT id, kind, at, agent_id, goal_id, run_id, thread_id, position, title, body FROM search_entries
           WHERE id = ANY($1)`,
    values: [part.rows.map((entry) => entry.id)],
  });
  const found = new Map(rows.map((row) => [row.id, row]));
  const hits = part.rows.flatMap(({ id }) => {
    const row = found.get(id);
    return row === undefined ? [] : [hitFrom(row, query)];
  });
  return { hits, nextCursor: part.nextCursor, index };
}

interface Scored {
  id: string;
  score: number;
}

/** All entries that fit, where they are not many, the best first. */
async function fittingEntries(
  database: Queryable,
  query: ParsedQuery,
  kinds: readonly SearchKind[] | null,
): Promise<Scored[]> {
  const wanted = tsQuery(query, kinds);
  if (wanted === null) return [];
  const { rows } = await database.query<Scored>({ name: "search", text: FITTING, values: [wanted] });
  if (rows.length <= MANY) return ranked(rows);
  const leading = (kinds ?? SEARCH_KINDS).filter((kind) => LEADING_KINDS.includes(kind));
  const values = [wanted, tsQuery(query, leading)];
  return ranked((await database.query<Scored>({ name: "search_many", text: FITTING_OF_MANY, values })).rows);
}

function ranked(entries: Scored[]): Scored[] {
  return entries.toSorted((one, other) => (isBehind(one, other) ? 1 : -1));
}

function isBehind(one: Scored, other: Scored): boolean {
  return one.score === other.score ? one.id < other.id : one.score < other.score;
}

function hitFrom(row: EntryRow, query: ParsedQuery): SearchHit {
  return {
    kind: row.kind,
    id: row.id,
    title: row.title,
    titleRanges: matchesIn(row.title, query),
    ...snippetOf(row.body, query),
    at: row.at.toISOString(),
    agentId: row.agent_id,
    goalId: row.goal_id,
    runId: row.run_id,
    threadId: row.thread_id,
    position: row.position,
  };
}
