import type { SearchKind } from "@bureau/protocol";

/** Characters of a text that are looked through; of a longer one its beginning. */
const BODY_CHARACTERS = 8_000;

/** Where entries of one kind come from. A kind is added by its name in the protocol and an entry here. */
export interface SearchSource {
  table: string;
  /** SQL over an event `e`: the id of the thing that it changed, or null. */
  changedId: string;
  /**
   * SQL over a row `x` of the table; an absent one is null. `shown` is a title that is not looked through, because
   * it is that of another thing.
   */
  columns: {
    at: string;
    agent?: string;
    goal?: string;
    run?: string;
    thread?: string;
    position?: string;
    title?: string;
    body?: string;
    shown?: string;
  };
  /** SQL joined to `x`. */
  join?: string;
  /** SQL that is true of rows that can be found; all where absent. */
  where?: string;
  /** How much more it counts than an item with the same words. */
  boost: number;
}

/** All texts within a JSON value, one a line. */
function textsIn(json: string): string {
  return `(SELECT string_agg(t.value #>> '{}', E'\\n') FROM jsonb_path_query(${json}, 'strict $.** ? (@.type() == "string")', '{}', true) AS t(value))`;
}

const OF_THREAD = "LEFT JOIN threads h ON h.id = x.thread_id";

export const SEARCH_SOURCES: Record<SearchKind, SearchSource> = {
  goal: {
    table: "goals",
    changedId: "e.data->'goal'->>'id'",
    columns: {
      at: "x.updated_at",
      agent: "x.agent_id",
      goal: "x.id",
      thread: "x.thread_id",
      title: "x.spec->>'title'",
      body: `concat_ws(E'\\n', x.name, x.spec->>'brief', x.spec->>'done', x.sentence, ${textsIn("x.spec->'constraints'")}, ${textsIn("x.spec->'checks'")})`,
    },
    boost: 4,
  },
  agent: {
    table: "agents",
    changedId: "e.data->'agent'->>'id'",
    columns: { at: "x.created_at", agent: "x.id", title: "x.name", body: "x.folder" },
    boost: 4,
  },
  thread: {
    table: "threads",
    changedId: "e.data->'thread'->>'id'",
    columns: { at: "x.created_at", agent: "x.agent_id", goal: "x.goal_id", thread: "x.id", title: "x.title" },
    boost: 3,
  },
  task: {
    table: "tasks",
    changedId: "e.data->'task'->>'id'",
    columns: { at: "x.updated_at", agent: "x.agent_id", goal: "x.goal_id", thread: "x.thread_id", title: "x.title" },
    boost: 3,
  },
  item: {
    table: "items",
    changedId: "e.data->>'itemId'",
    columns: {
      at: "x.created_at",
      agent: "h.agent_id",
      goal: "h.goal_id",
      run: "x.run_id",
      thread: "x.thread_id",
      position: "x.position",
      body: "coalesce(x.content->>'text', x.content->>'title')",
      shown: "h.title",
    },
    join: OF_THREAD,
    where: "x.type IN ('message', 'tool_result', 'question', 'artifact', 'notice')",
    boost: 1,
  },
  run: {
    table: "runs",
    changedId: "CASE WHEN e.type LIKE 'run.%' THEN e.run_id END",
    columns: {
      at: "coalesce(x.ended_at, x.created_at)",
      agent: "x.agent_id",
      goal: "x.goal_id",
      run: "x.id",
      thread: "x.thread_id",
      body: "x.sentence",
      shown: "h.title",
    },
    join: OF_THREAD,
    boost: 1,
  },
  inbox: {
    table: "inbox",
    changedId: "e.data->'entry'->>'id'",
    columns: {
      at: "x.created_at",
      agent: "x.agent_id",
      goal: "x.goal_id",
      run: "x.run_id",
      thread: "x.thread_id",
      title: "x.title",
      body: `concat_ws(E'\\n', ${textsIn("x.detail")}, ${textsIn("x.choices")}, x.answer)`,
    },
    boost: 2,
  },
  effect: {
    table: "effects",
    // Runs tell of the call by which they act outside, not of the effect.
    changedId: `coalesce(e.data->'effect'->>'id', CASE WHEN e.type IN ('approval.requested', 'approval.decided')
      OR e.type LIKE 'tool_call.%' THEN (SELECT f.id FROM effects f
      WHERE f.tool_call_id = coalesce(e.data->'toolCall'->>'id', e.data->'entry'->>'toolCallId') LIMIT 1) END)`,
    columns: {
      at: "x.proposed_at",
      agent: "x.agent_id",
      goal: "x.goal_id",
      run: "x.run_id",
      thread: "x.thread_id",
      title: "x.title",
      body: `concat_ws(E'\\n', x.tool, ${textsIn("x.targets")}, ${textsIn("x.arguments")}, x.error)`,
    },
    boost: 2,
  },
};

/** SQL that reads rows of a source as entries; `condition` is over the row `x`. */
export function readSource(source: SearchSource, condition: string): string {
  const { at, agent, goal, run, thread, position, title, body, shown } = source.columns;
  return `
    SELECT x.id, ${at} AS at, ${agent ?? "NULL"} AS agent_id, ${goal ?? "NULL"} AS goal_id, ${run ?? "NULL"} AS run_id,
      ${thread ?? "NULL"} AS thread_id, ${position ?? "NULL::int"} AS position,
      left(coalesce(${title ?? "NULL"}, ''), ${BODY_CHARACTERS}) AS title,
      left(coalesce(${body ?? "NULL"}, ''), ${BODY_CHARACTERS}) AS body, left(coalesce(${shown ?? "NULL"}, ''), 500) AS shown
    FROM ${source.table} x ${source.join ?? ""}
    WHERE ${condition}${source.where === undefined ? "" : ` AND ${source.where}`}`;
}
