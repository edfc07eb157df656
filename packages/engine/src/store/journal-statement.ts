import { addSpending, SPENDING_COLUMNS } from "./spending.ts";

/** The kinds of rows that one write may hold, in the order of the statement's parameters. */
export const JOURNAL_LISTS = [
  "runs",
  "goals",
  "steps",
  "stepPatches",
  "toolCalls",
  "toolCallPatches",
  "items",
  "evidence",
  "inbox",
  "events",
  "spending",
] as const;
export type JournalList = (typeof JOURNAL_LISTS)[number];

export interface JournalStatement {
  name: string;
  text: string;
  /** The lists that are its parameters, in their order. */
  lists: readonly JournalList[];
}

const statements = new Map<string, JournalStatement>();

/**
 * The statement that writes these lists. Parts that have nothing to write are left out: starting each of them costs
 * more than most writes. Few combinations come up, and each is prepared once a connection.
 */
export function journalStatement(used: ReadonlySet<JournalList>, endsRun: boolean): JournalStatement {
  const lists = JOURNAL_LISTS.filter((list) => used.has(list));
  const name = `write_journal_${lists.map((list) => JOURNAL_LISTS.indexOf(list)).join("")}${endsRun ? "e" : ""}`;
  const known = statements.get(name) ?? { name, lists, text: textOf(lists, endsRun) };
  statements.set(name, known);
  return known;
}

/*
 * Runs are locked first, in the order of their ids, then threads and goals: the same order as in every command, so
 * that no two transactions wait for each other.
 *
 * Ids are looked up as arrays: the planner takes a list from JSON for long, and would read whole tables for it.
 *
 * No part of a statement sees the rows of another: a call that is asked for and begun in one write is inserted as
 * begun, since an update would not find it.
 */
function textOf(lists: readonly JournalList[], endsRun: boolean): string {
  const held: Held = (list, columns) => heldRows(lists.indexOf(list) + 1, columns);
  const has = (list: JournalList) => lists.includes(list);
  const parts = [
    LOCKED,
    RUN_UPDATES,
    ...(endsRun ? [TASK_UPDATES] : []),
    ...(has("goals") ? [goalUpdates(held)] : []),
    ...(has("steps") ? [stepInserts(held)] : []),
    ...(has("stepPatches") ? [stepUpdates(held)] : []),
    ...(has("toolCallPatches") ? [callPatches(held)] : []),
    ...(has("toolCalls") ? [callInserts(held, has("toolCallPatches"))] : []),
    ...(has("items") ? [itemInserts(lists.indexOf("items") + 1)] : []),
    ...(has("evidence") ? [evidenceInserts(held)] : []),
    ...(has("inbox") ? [inboxInserts(held)] : []),
    ...(has("spending") ? [spendingUpdates(held, has("goals"))] : []),
    ...(has("events") ? [eventInserts(lists.indexOf("events") + 1)] : []),
  ];
  const positions = has("items")
    ? "(SELECT jsonb_object_agg(i.id, i.position) FROM item_inserts i WHERE i.run_id = l.run_id)"
    : "NULL::jsonb";
  return `WITH ${parts.join(", ")} SELECT l.run_id, l.owned, l.current, ${positions} AS positions FROM locked l`;
}

type Held = (list: JournalList, columns: string) => string;

/** Whose write a row belongs to must be ours; what is begun must not follow a command that came in between. */
const HOLDS = "l.run_id = x.run_id AND l.owned AND (NOT x.intent OR l.current)";

/** Rows of a list whose write holds: outcomes of runs we own, intents of runs no command has touched. */
function heldRows(parameter: number, columns: string): string {
  return `SELECT x.* FROM jsonb_to_recordset($${parameter}::jsonb) AS x(run_id text, intent boolean, ${columns})
  JOIN locked l ON ${HOLDS}`;
}

/** The same with their place in the list, for rows whose order counts. */
function heldInOrder(parameter: number, columns: string): string {
  return `FROM ROWS FROM (jsonb_to_recordset($${parameter}::jsonb) AS (run_id text, intent boolean, ${columns}))
    WITH ORDINALITY AS x JOIN locked l ON ${HOLDS}`;
}

const column = (name: string, type: string) =>
  `${name} = CASE WHEN p ? '${name}' THEN (p->>'${name}')::${type} ELSE t.${name} END`;

const LOCKED = `input AS (
  SELECT * FROM jsonb_to_recordset($1::jsonb)
    AS x(run_id text, epoch int, control int, commits bigint, outcome jsonb, intent jsonb)
), rows AS (
  SELECT r.id, r.epoch, r.control, r.commits, r.status FROM runs r
  WHERE r.id = ANY (ARRAY(SELECT run_id FROM input)) ORDER BY r.id FOR UPDATE
), locked AS MATERIALIZED (
  SELECT i.run_id,
         r.epoch = i.epoch AND r.commits = i.commits AND r.status = 'running' AS owned,
         r.control = i.control AS current,
         i.outcome || CASE WHEN r.control = i.control THEN i.intent ELSE '{}'::jsonb END
           || jsonb_build_object('state', COALESCE(i.outcome->'state', '{}'::jsonb) ||
                CASE WHEN r.control = i.control THEN COALESCE(i.intent->'state', '{}'::jsonb) ELSE '{}'::jsonb END) AS p
  FROM input i JOIN rows r ON r.id = i.run_id
)`;

const RUN_UPDATES = `run_updates AS (
  UPDATE runs t SET commits = t.commits + 1,
    ${column("status", "text")}, ${column("wait_reason", "text")}, ${column("wait_until", "timestamptz")},
    ${column("outcome", "text")}, ${column("failure", "text")}, ${column("sentence", "text")},
    ${column("step_count", "int")}, ${column("turn", "int")}, ${column("seen_position", "int")},
    ${column("attempts", "int")}, ${column("dispatch", "int")}, ${column("model", "text")},
    ${column("context_hash", "text")}, ${column("ended_at", "timestamptz")},
    usage = COALESCE(p->'usage', t.usage), state = t.state || (p->'state')
  FROM locked l WHERE t.id = l.run_id AND l.owned AND t.id = ANY (ARRAY(SELECT run_id FROM locked))
)`;

const TASK_UPDATES = `task_updates AS (
  UPDATE tasks t SET updated_at = now(), status = CASE l.p->>'status' WHEN 'completed' THEN 'done'
    WHEN 'failed' THEN 'blocked' WHEN 'canceled' THEN 'canceled' ELSE 'in_progress' END
  FROM locked l JOIN runs r ON r.id = l.run_id
  WHERE t.id = r.task_id AND l.owned AND l.p ? 'status' AND t.status NOT IN ('done', 'canceled')
)`;

const goalUpdates = (held: Held) => `goal_rows AS (${held("goals", "goal_id text, patch jsonb")}
), goal_patches AS (
  SELECT goal_id, COALESCE((array_agg(patch) FILTER (WHERE NOT intent))[1], '{}'::jsonb)
    || COALESCE((array_agg(patch) FILTER (WHERE intent))[1], '{}'::jsonb) AS p
  FROM goal_rows GROUP BY goal_id
), goal_updates AS (
  UPDATE goals t SET updated_at = now(),
    ${column("status", "text")}, ${column("sentence", "text")}, ${column("reserved_tokens", "bigint")},
    ${column("reserved_micros", "bigint")}, ${column("fingerprint", "text")}, ${column("idle_count", "int")},
    ${column("ended_at", "timestamptz")}, usage = COALESCE(p->'usage', t.usage)
  FROM goal_patches g WHERE t.id = g.goal_id RETURNING t.id
)`;

const stepInserts = (held: Held) => `step_inserts AS (
  INSERT INTO steps (id, run_id, number, kind, status, turn, name, reserved_tokens, reserved_micros, started_at)
  SELECT id, run_id, number, kind, 'running', turn, name, COALESCE(reserved_tokens, 0), COALESCE(reserved_micros, 0),
         started_at
  FROM (${held(
    "steps",
    `id text, number int, kind text, turn int, name text, reserved_tokens bigint, reserved_micros bigint,
     started_at timestamptz`,
  )}) s
)`;

const stepUpdates = (held: Held) => `step_updates AS (
  UPDATE steps t SET status = s.status, attempts = COALESCE(s.attempts, t.attempts), usage = COALESCE(s.usage, t.usage),
    detail = COALESCE(s.detail, t.detail), error = s.error, ended_at = s.ended_at, reserved_tokens = 0,
    reserved_micros = 0
  FROM (${held(
    "stepPatches",
    "id text, status text, attempts int, usage jsonb, detail jsonb, error text, ended_at timestamptz",
  )}) s
  WHERE t.id = s.id
)`;

const callPatches = (held: Held) => `call_patches AS MATERIALIZED (${held(
  "toolCallPatches",
  "id text, status text, step_id text, result text, started_at timestamptz, ended_at timestamptz",
)}
), call_updates AS (
  UPDATE tool_calls t SET status = c.status, step_id = COALESCE(c.step_id, t.step_id),
    result = COALESCE(c.result, t.result), started_at = COALESCE(c.started_at, t.started_at),
    ended_at = COALESCE(c.ended_at, t.ended_at)
  FROM call_patches c WHERE t.id = c.id
)`;

const callInserts = (held: Held, begun: boolean) => `call_inserts AS (
  INSERT INTO tool_calls (id, run_id, asked_by, provider_call_id, position, name, arguments, action_hash, status,
    effect, idempotent, approval_reason, result, created_at, step_id, started_at, ended_at)
  SELECT c.id, c.run_id, c.asked_by, c.provider_call_id, c.position, c.name, c.arguments, c.action_hash,
    COALESCE(p.status, c.status), c.effect, c.idempotent, c.approval_reason, COALESCE(p.result, c.result), c.created_at,
    p.step_id, p.started_at, COALESCE(p.ended_at, CASE WHEN c.status <> 'pending' THEN c.created_at END)
  FROM (${held(
    "toolCalls",
    `id text, asked_by text, provider_call_id text, position int, name text, arguments jsonb, action_hash text,
     status text, effect text, idempotent boolean, approval_reason text, result text, created_at timestamptz`,
  )}) c LEFT JOIN ${begun ? "call_patches" : NO_PATCHES} p ON p.id = c.id
)`;

const NO_PATCHES = `(SELECT NULL::text AS id, NULL::text AS status, NULL::text AS step_id, NULL::text AS result,
    NULL::timestamptz AS started_at, NULL::timestamptz AS ended_at WHERE false)`;

const itemInserts = (parameter: number) => `item_rows AS MATERIALIZED (
  SELECT x.*, row_number() OVER (PARTITION BY x.thread_id ORDER BY x.ordinality) AS place
  ${heldInOrder(parameter, "id text, thread_id text, step_id text, turn int, content jsonb, created_at timestamptz")}
), thread_updates AS (
  UPDATE threads t SET item_count = t.item_count + n.count, updated_at = now()
  FROM (SELECT thread_id, count(*) AS count FROM item_rows GROUP BY thread_id) n
  WHERE t.id = n.thread_id AND t.id = ANY (ARRAY(SELECT thread_id FROM item_rows)) RETURNING t.id, t.item_count - n.count AS base
), item_inserts AS (
  INSERT INTO items (id, thread_id, run_id, step_id, position, turn, type, content, created_at)
  SELECT x.id, x.thread_id, x.run_id, x.step_id, t.base + x.place, x.turn, x.content->>'type', x.content, x.created_at
  FROM item_rows x JOIN thread_updates t ON t.id = x.thread_id
  RETURNING id, run_id, position
)`;

const evidenceInserts = (held: Held) => `evidence_inserts AS (
  INSERT INTO evidence (id, goal_id, goal_version, run_id, step_id, check_index, kind, requirement, status, detail,
    artifact, checked_at)
  SELECT id, goal_id, goal_version, run_id, step_id, check_index, kind, requirement, status, detail, artifact,
    checked_at
  FROM (${held(
    "evidence",
    `id text, goal_id text, goal_version int, step_id text, check_index int, kind text, requirement text, status text,
     detail text, artifact text, checked_at timestamptz`,
  )}) e
)`;

const inboxInserts = (held: Held) => `inbox_inserts AS (
  INSERT INTO inbox (id, kind, status, agent_id, goal_id, goal_version, run_id, thread_id, tool_call_id, check_index,
    title, detail, choices, action_hash, assignee, remind_at, expires_at, on_expiry, created_at)
  SELECT id, kind, 'pending', agent_id, goal_id, goal_version, run_id, thread_id, tool_call_id, check_index, title,
    detail, choices, action_hash, assignee, remind_at, expires_at, on_expiry, created_at
  FROM (${held(
    "inbox",
    `id text, kind text, agent_id text, goal_id text, goal_version int, thread_id text, tool_call_id text,
     check_index int, title text, detail jsonb, choices jsonb, action_hash text, assignee text, remind_at timestamptz,
     expires_at timestamptz, on_expiry text, created_at timestamptz`,
  )}) b
)`;

const eventInserts = (parameter: number) => `event_inserts AS (
  INSERT INTO events (type, at, thread_id, run_id, goal_id, data)
  SELECT x.type, now(), x."threadId", x."runId", x."goalId", x.data
  ${heldInOrder(parameter, `type text, "threadId" text, "runId" text, "goalId" text, data jsonb`)}
  ORDER BY x.ordinality
)`;

/** Its rows are locked after those of goals, as everywhere: reading what was updated there makes it wait for that. */
const spendingUpdates = (held: Held, hasGoals: boolean) => `spending_rows AS (
  SELECT * FROM (${held("spending", SPENDING_COLUMNS)}) s
  ${hasGoals ? "WHERE (SELECT count(*) FROM goal_updates) >= 0" : ""}
), spending_updates AS (${addSpending("spending_rows")}
)`;
