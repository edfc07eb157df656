import type {
  CheckKind,
  EvidenceStatus,
  InboxKind,
  ItemContent,
  RunStatus,
  StepKind,
  StepStatus,
  ToolCallStatus,
  ToolEffect,
  Usage,
} from "@bureau/protocol";
import type { Queryable } from "./database.ts";
import type { NewEvent } from "./events.ts";

/** Columns of a run that its driver may set; absent ones stay. `state` is merged key by key. */
export interface RunPatch {
  status?: RunStatus;
  wait_reason?: string | null;
  wait_until?: string | null;
  outcome?: string | null;
  failure?: string | null;
  sentence?: string;
  step_count?: number;
  turn?: number;
  seen_position?: number;
  attempts?: number;
  dispatch?: number;
  state?: object;
  usage?: Usage;
  model?: string;
  context_hash?: string;
  ended_at?: string;
}

/** Columns of the run's goal that its driver may set; absent ones stay. */
export interface GoalPatch {
  status?: string;
  sentence?: string;
  usage?: Usage;
  reserved_tokens?: number;
  reserved_micros?: number;
  fingerprint?: string | null;
  idle_count?: number;
  ended_at?: string;
}

export interface NewStep {
  id: string;
  number: number;
  kind: StepKind;
  turn: number;
  name: string;
  reserved_tokens?: number;
  reserved_micros?: number;
  started_at: string;
}

export interface StepPatch {
  id: string;
  status: StepStatus;
  attempts?: number;
  usage?: Usage | null;
  detail?: Record<string, unknown>;
  error?: string | null;
  ended_at: string | null;
}

export interface NewToolCall {
  id: string;
  asked_by: string;
  provider_call_id: string;
  position: number;
  name: string;
  arguments: unknown;
  action_hash: string;
  status: ToolCallStatus;
  effect: ToolEffect;
  idempotent: boolean;
  approval_reason: string | null;
  result: string | null;
  created_at: string;
}

export interface ToolCallPatch {
  id: string;
  status: ToolCallStatus;
  step_id?: string;
  result?: string | null;
  started_at?: string;
  ended_at?: string;
}

export interface NewItem {
  id: string;
  thread_id: string;
  step_id: string | null;
  turn: number;
  content: ItemContent;
  created_at: string;
}

export interface NewEvidence {
  id: string;
  goal_id: string;
  goal_version: number;
  step_id: string | null;
  check_index: number;
  kind: CheckKind;
  requirement: string;
  status: EvidenceStatus;
  detail: string;
  artifact: string | null;
  checked_at: string;
}

export interface NewInboxEntry {
  id: string;
  kind: InboxKind;
  agent_id: string;
  goal_id: string | null;
  goal_version: number | null;
  thread_id: string;
  tool_call_id: string | null;
  check_index: number | null;
  title: string;
  detail: unknown;
  choices: string[];
  action_hash: string | null;
  created_at: string;
}

/** What one decision changes. All of it becomes true together, with its events, or none. */
export interface Changes {
  run?: RunPatch;
  goal?: GoalPatch;
  steps?: NewStep[];
  stepPatches?: StepPatch[];
  toolCalls?: NewToolCall[];
  toolCallPatches?: ToolCallPatch[];
  items?: NewItem[];
  evidence?: NewEvidence[];
  inbox?: NewInboxEntry[];
  events?: NewEvent[];
}

/**
 * One write on behalf of a run: what the last step came to, and what is begun next.
 *
 * `outcome` is written if the run's epoch is still ours. `intent` is written only if, besides, no command has
 * touched the run since (`control`): a call never begins under an old version. `commits` recognises a write
 * whose answer was lost with the connection.
 */
export interface RunWrite {
  runId: string;
  goalId: string | null;
  epoch: number;
  control: number;
  commits: number;
  outcome: Changes;
  intent: Changes;
}

export interface WriteResult {
  /** False: another process has the run, or it is gone. Nothing was written; the driver must stop. */
  owned: boolean;
  /** False: a command came in between. The outcome was written, the intent was not. */
  current: boolean;
  /** Position in the thread of each item written, by its id. */
  positions: Record<string, number>;
}

/** Writes for many runs as one statement, which is one transaction and one flush to disk. */
export async function writeJournal(database: Queryable, writes: RunWrite[]): Promise<Map<string, WriteResult>> {
  const rows = flatten(writes);
  const { rows: results } = await database.query({
    name: "write_journal",
    text: WRITE_JOURNAL,
    values: LISTS.map((list) => storableJson(rows[list])),
  });
  const found = new Map<string, WriteResult>();
  for (const row of results) {
    found.set(row.run_id, { owned: row.owned, current: row.current, positions: row.positions ?? {} });
  }
  return found;
}

/** JSON that the database accepts: it holds no NUL and no half of a surrogate pair. */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!/\\u(0000|d[89a-f])/i.test(text)) return text;
  return text.replace(/(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/gi, "$1\\ufffd");
}

const LISTS = [
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
] as const;
type List = (typeof LISTS)[number];

function flatten(writes: RunWrite[]): Record<List, unknown[]> {
  const rows = Object.fromEntries(LISTS.map((list) => [list, []])) as unknown as Record<List, unknown[]>;
  for (const write of writes) {
    const { runId, goalId } = write;
    rows.runs.push({
      run_id: runId,
      epoch: write.epoch,
      control: write.control,
      commits: write.commits,
      outcome: write.outcome.run ?? {},
      intent: write.intent.run ?? {},
    });
    for (const part of ["outcome", "intent"] as const) {
      const changes = write[part];
      const mark = { run_id: runId, intent: part === "intent" };
      if (changes.goal && goalId) rows.goals.push({ ...mark, goal_id: goalId, patch: changes.goal });
      for (const list of [
        "steps",
        "stepPatches",
        "toolCalls",
        "toolCallPatches",
        "items",
        "evidence",
        "inbox",
      ] as const) {
        for (const row of changes[list] ?? []) rows[list].push({ ...mark, ...row });
      }
      for (const event of changes.events ?? []) rows.events.push({ ...mark, runId, goalId, ...event });
    }
  }
  return rows;
}

/** Rows of a list whose write holds: outcomes of runs we own, intents of runs no command has touched. */
const held = (list: List, columns: string) => `
  SELECT x.* FROM jsonb_to_recordset($${LISTS.indexOf(list) + 1}::jsonb) AS x(run_id text, intent boolean, ${columns})
  JOIN locked l ON l.run_id = x.run_id AND l.owned AND (NOT x.intent OR l.current)`;

const column = (name: string, type: string) =>
  `${name} = CASE WHEN p ? '${name}' THEN (p->>'${name}')::${type} ELSE t.${name} END`;

/*
 * Runs are locked first, in the order of their ids, then threads and goals: the same order as in every command, so
 * that no two transactions wait for each other.
 *
 * No part of a statement sees the rows of another: a call that is asked for and begun in one write is inserted as
 * begun, since an update would not find it.
 */
const WRITE_JOURNAL = `
WITH input AS (
  SELECT * FROM jsonb_to_recordset($1::jsonb)
    AS x(run_id text, epoch int, control int, commits bigint, outcome jsonb, intent jsonb)
), rows AS (
  SELECT r.id, r.epoch, r.control, r.commits, r.status FROM runs r
  WHERE r.id IN (SELECT run_id FROM input) ORDER BY r.id FOR UPDATE
), locked AS MATERIALIZED (
  SELECT i.run_id,
         r.epoch = i.epoch AND r.commits = i.commits AND r.status = 'running' AS owned,
         r.control = i.control AS current,
         i.outcome || CASE WHEN r.control = i.control THEN i.intent ELSE '{}'::jsonb END
           || jsonb_build_object('state', COALESCE(i.outcome->'state', '{}'::jsonb) ||
                CASE WHEN r.control = i.control THEN COALESCE(i.intent->'state', '{}'::jsonb) ELSE '{}'::jsonb END) AS p
  FROM input i JOIN rows r ON r.id = i.run_id
), run_updates AS (
  UPDATE runs t SET commits = t.commits + 1,
    ${column("status", "text")}, ${column("wait_reason", "text")}, ${column("wait_until", "timestamptz")},
    ${column("outcome", "text")}, ${column("failure", "text")}, ${column("sentence", "text")},
    ${column("step_count", "int")}, ${column("turn", "int")}, ${column("seen_position", "int")},
    ${column("attempts", "int")}, ${column("dispatch", "int")}, ${column("model", "text")},
    ${column("context_hash", "text")}, ${column("ended_at", "timestamptz")},
    usage = COALESCE(p->'usage', t.usage), state = t.state || (p->'state')
  FROM locked l WHERE t.id = l.run_id AND l.owned
  RETURNING t.id
), task_updates AS (
  UPDATE tasks t SET updated_at = now(), status = CASE l.p->>'status' WHEN 'completed' THEN 'done'
    WHEN 'failed' THEN 'blocked' WHEN 'canceled' THEN 'canceled' ELSE 'in_progress' END
  FROM locked l JOIN runs r ON r.id = l.run_id
  WHERE t.id = r.task_id AND l.owned AND l.p ? 'status' AND t.status NOT IN ('done', 'canceled')
), goal_rows AS (${held("goals", "goal_id text, patch jsonb")}
), goal_patches AS (
  SELECT goal_id, COALESCE((array_agg(patch) FILTER (WHERE NOT intent))[1], '{}'::jsonb)
    || COALESCE((array_agg(patch) FILTER (WHERE intent))[1], '{}'::jsonb) AS p
  FROM goal_rows GROUP BY goal_id
), goal_updates AS (
  UPDATE goals t SET updated_at = now(),
    ${column("status", "text")}, ${column("sentence", "text")}, ${column("reserved_tokens", "bigint")},
    ${column("reserved_micros", "bigint")}, ${column("fingerprint", "text")}, ${column("idle_count", "int")},
    ${column("ended_at", "timestamptz")}, usage = COALESCE(p->'usage', t.usage)
  FROM goal_patches g WHERE t.id = g.goal_id
), step_inserts AS (
  INSERT INTO steps (id, run_id, number, kind, status, turn, name, reserved_tokens, reserved_micros, started_at)
  SELECT id, run_id, number, kind, 'running', turn, name, COALESCE(reserved_tokens, 0), COALESCE(reserved_micros, 0),
         started_at
  FROM (${held(
    "steps",
    "id text, number int, kind text, turn int, name text, reserved_tokens bigint, reserved_micros bigint, started_at timestamptz",
  )}) s
), step_updates AS (
  UPDATE steps t SET status = s.status, attempts = COALESCE(s.attempts, t.attempts), usage = COALESCE(s.usage, t.usage),
    detail = COALESCE(s.detail, t.detail), error = s.error, ended_at = s.ended_at, reserved_tokens = 0, reserved_micros = 0
  FROM (${held("stepPatches", "id text, status text, attempts int, usage jsonb, detail jsonb, error text, ended_at timestamptz")}) s
  WHERE t.id = s.id
), call_patches AS MATERIALIZED (${held(
  "toolCallPatches",
  "id text, status text, step_id text, result text, started_at timestamptz, ended_at timestamptz",
)}
), call_inserts AS (
  -- A call may be asked for and begun in one write; an update would not see a row of the same statement.
  INSERT INTO tool_calls (id, run_id, asked_by, provider_call_id, position, name, arguments, action_hash, status,
    effect, idempotent, approval_reason, result, created_at, step_id, started_at, ended_at)
  SELECT c.id, c.run_id, c.asked_by, c.provider_call_id, c.position, c.name, c.arguments, c.action_hash,
    COALESCE(p.status, c.status), c.effect, c.idempotent, c.approval_reason, COALESCE(p.result, c.result), c.created_at,
    p.step_id, p.started_at, COALESCE(p.ended_at, CASE WHEN c.status = 'failed' THEN c.created_at END)
  FROM (${held(
    "toolCalls",
    `id text, asked_by text, provider_call_id text, position int, name text, arguments jsonb, action_hash text,
     status text, effect text, idempotent boolean, approval_reason text, result text, created_at timestamptz`,
  )}) c LEFT JOIN call_patches p ON p.id = c.id
), call_updates AS (
  UPDATE tool_calls t SET status = c.status, step_id = COALESCE(c.step_id, t.step_id),
    result = COALESCE(c.result, t.result), started_at = COALESCE(c.started_at, t.started_at),
    ended_at = COALESCE(c.ended_at, t.ended_at)
  FROM call_patches c WHERE t.id = c.id
), item_rows AS MATERIALIZED (
  SELECT x.*, row_number() OVER (PARTITION BY x.thread_id ORDER BY x.ordinality) AS place
  FROM ROWS FROM (jsonb_to_recordset($7::jsonb) AS (run_id text, intent boolean, id text, thread_id text,
    step_id text, turn int, content jsonb, created_at timestamptz)) WITH ORDINALITY AS x
  JOIN locked l ON l.run_id = x.run_id AND l.owned AND (NOT x.intent OR l.current)
), thread_updates AS (
  UPDATE threads t SET item_count = t.item_count + n.count, updated_at = now()
  FROM (SELECT thread_id, count(*) AS count FROM item_rows GROUP BY thread_id) n
  WHERE t.id = n.thread_id RETURNING t.id, t.item_count - n.count AS base
), item_inserts AS (
  INSERT INTO items (id, thread_id, run_id, step_id, position, turn, type, content, created_at)
  SELECT x.id, x.thread_id, x.run_id, x.step_id, t.base + x.place, x.turn, x.content->>'type', x.content, x.created_at
  FROM item_rows x JOIN thread_updates t ON t.id = x.thread_id
  RETURNING id, run_id, position
), evidence_inserts AS (
  INSERT INTO evidence (id, goal_id, goal_version, run_id, step_id, check_index, kind, requirement, status, detail,
    artifact, checked_at)
  SELECT id, goal_id, goal_version, run_id, step_id, check_index, kind, requirement, status, detail, artifact, checked_at
  FROM (${held(
    "evidence",
    `id text, goal_id text, goal_version int, step_id text, check_index int, kind text, requirement text, status text,
     detail text, artifact text, checked_at timestamptz`,
  )}) e
), inbox_inserts AS (
  INSERT INTO inbox (id, kind, status, agent_id, goal_id, goal_version, run_id, thread_id, tool_call_id, check_index,
    title, detail, choices, action_hash, created_at)
  SELECT id, kind, 'pending', agent_id, goal_id, goal_version, run_id, thread_id, tool_call_id, check_index, title,
    detail, choices, action_hash, created_at
  FROM (${held(
    "inbox",
    `id text, kind text, agent_id text, goal_id text, goal_version int, thread_id text, tool_call_id text,
     check_index int, title text, detail jsonb, choices jsonb, action_hash text, created_at timestamptz`,
  )}) b
), event_inserts AS (
  INSERT INTO events (type, at, thread_id, run_id, goal_id, data)
  SELECT x.type, now(), x."threadId", x."runId", x."goalId", x.data
  FROM ROWS FROM (jsonb_to_recordset($10::jsonb) AS (run_id text, intent boolean, type text, "threadId" text,
    "runId" text, "goalId" text, data jsonb)) WITH ORDINALITY AS x
  JOIN locked l ON l.run_id = x.run_id AND l.owned AND (NOT x.intent OR l.current)
  ORDER BY x.ordinality
)
SELECT l.run_id, l.owned, l.current,
       (SELECT jsonb_object_agg(i.id, i.position) FROM item_inserts i WHERE i.run_id = l.run_id) AS positions
FROM locked l`;

/** What became of a write whose answer was lost: whether it was made, and if so its result. */
export async function resolveWrite(database: Queryable, write: RunWrite): Promise<WriteResult | "not_written"> {
  const { rows } = await database.query("SELECT epoch, control, commits::text, status FROM runs WHERE id = $1", [
    write.runId,
  ]);
  const run = rows[0];
  if (!run || run.epoch !== write.epoch) return { owned: false, current: false, positions: {} };
  if (Number(run.commits) === write.commits) return "not_written";
  const begun = write.intent.steps?.[0]?.id;
  const current =
    begun === undefined
      ? run.control === write.control
      : (await database.query("SELECT 1 FROM steps WHERE id = $1", [begun])).rows.length > 0;
  const ids = [...(write.outcome.items ?? []), ...(write.intent.items ?? [])].map((item) => item.id);
  const items = await database.query("SELECT id, position FROM items WHERE id = ANY($1)", [ids]);
  return { owned: true, current, positions: Object.fromEntries(items.rows.map((row) => [row.id, row.position])) };
}
