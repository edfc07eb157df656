import type { GoalSpec, GoalStatus, Item, StepKind, ToolCallStatus, ToolEffect, Usage } from "@bureau/protocol";
import { REPEAT_WINDOW, SIGNED_RESULT_LENGTH } from "../domain/progress.ts";
import { type ContentBlobs, unpackContent } from "./content.ts";
import type { Queryable } from "./database.ts";
import { ISO_TIME } from "./events.ts";
import { IS_HALTED } from "./halt.ts";

/** Ended calls that the repetition guard looks at. */
const RECENT_CALLS = REPEAT_WINDOW;

export interface LoadedRun {
  id: string;
  threadId: string;
  agentId: string;
  goalId: string | null;
  goalVersion: number | null;
  taskId: string | null;
  trigger: string;
  priority: number;
  epoch: number;
  control: number;
  commits: number;
  dispatch: number;
  attempts: number;
  cancelRequested: boolean;
  pauseRequested: boolean;
  /** It is paused because everything is stopped. */
  halted: boolean;
  stepCount: number;
  turn: number;
  seenPosition: number;
  state: Record<string, unknown>;
  usage: Usage;
  limits: Record<string, number>;
  model: string | null;
  contextHash: string | null;
  /** The context's blob on its way to the disk; the row names it once it is there. */
  contextPut?: Promise<string> | null;
  /** What a person should know of the context files that the run begins with. */
  notices?: string[];
  createdAt: string;
}

export interface LoadedGoal {
  id: string;
  name: string;
  status: GoalStatus;
  version: number;
  spec: GoalSpec;
  usage: Usage;
  parentId: string | null;
  /** There is a goal above or below it: a budget may hold for several. */
  hasFamily: boolean;
  fingerprint: string | null;
  idleCount: number;
  /** Decisions on this version's sign-offs, by check. */
  signOffs: { checkIndex: number; approved: boolean; by: string; note: string | null }[];
  /** Sign-offs of this version that wait for a person, by check. */
  askedSignOffs: number[];
}

export interface LoadedCall {
  id: string;
  providerCallId: string;
  position: number;
  name: string;
  arguments: unknown;
  actionHash: string;
  status: ToolCallStatus;
  effect: ToolEffect;
  idempotent: boolean;
  approvalReason: string | null;
  approved: boolean;
  stepId: string | null;
  result: string | null;
  createdAt: string;
  /** Of a write outside: a person can still stop it until then. Milliseconds since 1970. */
  heldUntil: number | null;
}

export interface RunJournal {
  run: LoadedRun;
  agent: { id: string; name: string; folder: string };
  goal: LoadedGoal | null;
  /** Calls of the last model answer, and any other that is still open. */
  calls: LoadedCall[];
  /** The run's latest ended calls, oldest first. */
  recentCalls: { name: string; arguments: unknown; result: string | null }[];
  openSteps: { id: string; kind: StepKind; number: number }[];
  /** Items that the model's input is made of: what follows the last summary's cut, and the summary. */
  items: Item[];
  /** Position of the thread's last item. */
  itemCount: number;
}

export interface Claim {
  runId: string;
  dispatch: number;
}

/**
 * Takes runs up for this process, under a new epoch: writes of a process that had one before change nothing.
 *
 * Returns their journals by id. A run that is over, waits for something else, or was dispatched anew since has none.
 */
export async function claimRuns(
  database: Queryable,
  blobs: ContentBlobs,
  claims: Claim[],
  by: { executorId: string; rehearsal: boolean },
): Promise<Map<string, Promise<RunJournal>>> {
  const { rows } = await database.query<JournalRow>({
    name: "claim_runs",
    text: CLAIM_RUNS,
    values: [claims.map((claim) => claim.runId), claims.map((claim) => claim.dispatch), by.executorId, by.rehearsal],
  });
  return new Map(rows.map((row) => [row.run.id, journalOf(row, blobs)]));
}

/** Reads all that the next step of a run is decided from, in one query. */
export async function loadRun(database: Queryable, blobs: ContentBlobs, runId: string): Promise<RunJournal | null> {
  const { rows } = await database.query({ name: "load_run", text: LOAD_RUN, values: [runId] });
  return rows[0] ? journalOf(rows[0], blobs) : null;
}

interface JournalRow extends Omit<RunJournal, "calls" | "items" | "openSteps" | "recentCalls"> {
  calls: LoadedCall[] | null;
  recent: RunJournal["recentCalls"] | null;
  open_steps: RunJournal["openSteps"] | null;
  items: Item[] | null;
  item_count: number;
}

async function journalOf(row: JournalRow, blobs: ContentBlobs): Promise<RunJournal> {
  return {
    run: row.run,
    agent: row.agent,
    goal: row.goal,
    calls: row.calls ?? [],
    recentCalls: (row.recent ?? []).toReversed(),
    openSteps: row.open_steps ?? [],
    items: await Promise.all(
      (row.items ?? []).map(async (item) => ({ ...item, content: await unpackContent(blobs, item.content) })),
    ),
    itemCount: row.item_count,
  };
}

/** The journal of the run `r`, all of it as of one moment. */
const JOURNAL_COLUMNS = `
  t.item_count,
  jsonb_build_object('id', r.id, 'threadId', r.thread_id, 'agentId', r.agent_id, 'goalId', r.goal_id,
    'goalVersion', r.goal_version, 'taskId', r.task_id, 'trigger', r.trigger, 'priority', r.priority,
    'epoch', r.epoch, 'control', r.control, 'commits', r.commits, 'dispatch', r.dispatch, 'attempts', r.attempts,
    'cancelRequested', r.cancel_requested, 'pauseRequested', r.pause_requested,
    'halted', r.pause_requested AND ${IS_HALTED}, 'stepCount', r.step_count,
    'turn', r.turn, 'seenPosition', r.seen_position, 'state', r.state, 'usage', r.usage, 'limits', r.limits,
    'model', r.model, 'contextHash', r.context_hash,
    'createdAt', to_char(r.created_at AT TIME ZONE 'UTC', '${ISO_TIME}')) AS run,
  jsonb_build_object('id', a.id, 'name', a.name, 'folder', a.folder) AS agent,
  CASE WHEN g.id IS NULL THEN NULL ELSE jsonb_build_object('id', g.id, 'name', g.name, 'status', g.status,
    'version', g.version, 'spec', g.spec, 'usage', g.usage, 'parentId', g.parent_id,
    'hasFamily', g.parent_id IS NOT NULL OR EXISTS (SELECT 1 FROM goals child WHERE child.parent_id = g.id),
    'fingerprint', g.fingerprint,
    'idleCount', g.idle_count,
    'signOffs', COALESCE((SELECT jsonb_agg(jsonb_build_object('checkIndex', i.check_index,
        'approved', i.status = 'approved', 'by', i.decided_by, 'note', i.answer) ORDER BY i.decided_at)
      FROM inbox i WHERE i.goal_id = g.id AND i.kind = 'sign_off' AND i.goal_version = g.version
        AND i.status IN ('approved', 'denied')), '[]'),
    'askedSignOffs', COALESCE((SELECT jsonb_agg(i.check_index) FROM inbox i WHERE i.goal_id = g.id
      AND i.kind = 'sign_off' AND i.goal_version = g.version AND i.status = 'pending'), '[]')) END AS goal,
  (SELECT jsonb_agg(jsonb_build_object('id', c.id, 'providerCallId', c.provider_call_id, 'position', c.position,
      'name', c.name, 'arguments', c.arguments, 'actionHash', c.action_hash, 'status', c.status, 'effect', c.effect,
      'idempotent', c.idempotent, 'approvalReason', c.approval_reason, 'approved', c.approved,
      'stepId', c.step_id, 'result', left(c.result, 2000),
      'heldUntil', CASE WHEN c.effect = 'write_outside' THEN (SELECT extract(epoch FROM e.undo_until) * 1000
        FROM effects e WHERE e.tool_call_id = c.id) END,
      'createdAt', to_char(c.created_at AT TIME ZONE 'UTC', '${ISO_TIME}')) ORDER BY c.position)
    FROM tool_calls c WHERE c.run_id = r.id
      AND (c.status IN ('pending', 'awaiting_approval', 'running')
        OR c.asked_by = (SELECT s.id FROM steps s WHERE s.run_id = r.id AND s.kind = 'model_call'
                         ORDER BY s.number DESC LIMIT 1))) AS calls,
  (SELECT jsonb_agg(x.call) FROM (
    SELECT jsonb_build_object('name', c.name, 'arguments', c.arguments,
      'result', left(c.result, ${SIGNED_RESULT_LENGTH})) AS call
    FROM tool_calls c WHERE c.run_id = r.id AND c.ended_at IS NOT NULL
    ORDER BY c.position DESC LIMIT ${RECENT_CALLS}) x) AS recent,
  (SELECT jsonb_agg(jsonb_build_object('id', s.id, 'kind', s.kind, 'number', s.number))
    FROM steps s WHERE s.run_id = r.id AND s.status = 'running' AND s.kind <> 'tool_call') AS open_steps,
  (SELECT jsonb_agg(jsonb_build_object('id', i.id, 'threadId', i.thread_id, 'runId', i.run_id, 'stepId', i.step_id,
      'position', i.position, 'turn', i.turn, 'content', i.content,
      'createdAt', to_char(i.created_at AT TIME ZONE 'UTC', '${ISO_TIME}')) ORDER BY i.position)
    FROM items i WHERE i.thread_id = r.thread_id AND i.position >= COALESCE((
      SELECT (s.content->>'before')::int FROM items s
      WHERE s.thread_id = r.thread_id AND s.type = 'summary' ORDER BY s.position DESC LIMIT 1), 0)) AS items`;

const JOURNAL_JOINS = `
JOIN agents a ON a.id = r.agent_id JOIN threads t ON t.id = r.thread_id LEFT JOIN goals g ON g.id = r.goal_id`;

const LOAD_RUN = `SELECT ${JOURNAL_COLUMNS} FROM runs r ${JOURNAL_JOINS} WHERE r.id = $1`;

const CLAIM_RUNS = `
WITH held AS (
  SELECT t.id FROM unnest($1::text[], $2::int[]) AS claim(id, dispatch)
  JOIN runs t ON t.id = claim.id AND t.dispatch = claim.dispatch
    AND (t.status IN ('queued', 'running') OR (t.status = 'waiting' AND t.wait_reason = 'timer'))
  ORDER BY t.id FOR UPDATE OF t
), r AS (
  UPDATE runs SET status = 'running', epoch = epoch + 1, attempts = attempts + 1, executor_id = $3,
    started_at = COALESCE(started_at, now()), wait_reason = NULL, wait_until = NULL, rehearsal = $4,
    pause_requested = runs.pause_requested OR ${IS_HALTED}
  FROM held WHERE runs.id = held.id
  RETURNING runs.*
), event AS (
  INSERT INTO events (type, at, thread_id, run_id, goal_id, data)
  SELECT 'run.started', now(), r.thread_id, r.id, r.goal_id, jsonb_build_object('run',
    jsonb_build_object('id', r.id, 'status', 'running', 'epoch', r.epoch, 'waitReason', NULL,
                       'waitUntil', NULL, 'startedAt', to_char(r.started_at AT TIME ZONE 'UTC', '${ISO_TIME}'), 'rehearsal', r.rehearsal))
  FROM r
)
SELECT ${JOURNAL_COLUMNS} FROM r ${JOURNAL_JOINS}`;
