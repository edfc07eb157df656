import { type SearchHit, SEARCH_KINDS, type SearchQuery, type SearchResult } from "@bureau/protocol";
import { matchesIn, parseQuery, type ParsedQuery, snippetOf, tsQuery } from "../domain/search-words.ts";
import type { Queryable } from "../store/database.ts";
import { catchUp, type CatchUpParts } from "../store/search-index.ts";
import { SEARCH_SOURCES } from "../store/search-sources.ts";
import { decodeCursor, encodeCursor, partOf } from "./page.ts";

/** After so many days an entry must fit e times as well to stand where it stood. */
const FADE_DAYS = 60;
const FADE_SECONDS = FADE_DAYS * 24 * 60 * 60;
/** Where more fit than this, words are nearly everywhere, and not every entry with them is compared. */
const MANY = 3_000;
/** Then the newest entries are looked through, */
const NEWEST = 6_000;
/** and of the kinds that count for more, so many that fit. */
const MAX_OF_KINDS = 3_000;
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
  score: number;
}

const BOOST = `CASE s.kind ${SEARCH_KINDS.map((kind) => `WHEN '${kind}' THEN ${SEARCH_SOURCES[kind].boost}`).join(" ")} ELSE 1 END`;

const LEADING_KINDS = SEARCH_KINDS.filter((kind) => SEARCH_SOURCES[kind].boost > 1);
const SCORE = `ln(ts_rank(${WEIGHTS}, s.words, $1::tsquery) * ${BOOST} + 1e-6)
  + extract(epoch FROM s.at)::float8 / ${FADE_SECONDS}`;

/** The entries that are compared. `$1` are the words with the kinds that are wanted. */
const FITTING = `SELECT s.id, ${SCORE} AS score FROM search_entries s WHERE s.words @@ $1::tsquery`;
const FITTING_OF_MANY = `
  SELECT s.id, ${SCORE} AS score FROM (SELECT * FROM search_entries ORDER BY at DESC, id DESC LIMIT ${NEWEST}) s
  WHERE s.words @@ $1::tsquery
  UNION
  SELECT s.id, ${SCORE} FROM (
    SELECT * FROM search_entries WHERE words @@ $5::tsquery LIMIT ${MAX_OF_KINDS}) s`;

/**
 * What fits the words, the best first, after catching up with what happened for a bounded while.
 *
 * The order does not depend on when it is asked, so that parts of a list fit together.
 */
export async function search(parts: CatchUpParts, input: SearchQuery): Promise<SearchResult> {
  const index = await catchUp(parts);
  const query = parseQuery(input.q);
  const wanted = tsQuery(query, input.kinds ?? null);
  const after = input.cursor === undefined ? null : decodeCursor(input.cursor, ["number", "string"]);
  if (wanted === null) return { hits: [], nextCursor: null, index };
  const leading = (input.kinds ?? SEARCH_KINDS).filter((kind) => LEADING_KINDS.includes(kind));
  const isMany = await fitsMany(parts.database, wanted);
  const { rows } = await parts.database.query<EntryRow>({
    name: isMany ? "search_many" : "search",
    text: `
      WITH fitting AS MATERIALIZED (${isMany ? FITTING_OF_MANY : FITTING}), best AS (
        SELECT id, score FROM fitting
        WHERE $2::float8 IS NULL OR (score, id) < ($2, $3) ORDER BY score DESC, id DESC LIMIT $4
      )
      SELECT s.id, s.kind, s.at, s.agent_id, s.goal_id, s.run_id, s.thread_id, s.position, s.title, s.body, b.score
      FROM best b JOIN search_entries s ON s.id = b.id ORDER BY b.score DESC, b.id DESC`,
    values: [
      wanted,
      after?.[0] ?? null,
      after?.[1] ?? null,
      input.limit + 1,
      ...(isMany ? [tsQuery(query, leading)] : []),
    ],
  });
  const part = partOf(rows, input.limit, (row) => encodeCursor([row.score, row.id]));
  return { hits: part.rows.map((row) => hitFrom(row, query)), nextCursor: part.nextCursor, index };
}

async function fitsMany(database: Queryable, wanted: string): Promise<boolean> {
  const { rows } = await database.query<{ count: number }>({
    name: "search_count",
    text: `SELECT count(*)::int AS count FROM (
             SELECT 1 FROM search_entries WHERE words @@ $1::tsquery LIMIT ${MANY + 1}) s`,
    values: [wanted],
  });
  return (rows[0]?.count ?? 0) > MANY;
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
