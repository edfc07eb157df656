import { AppError, newId, NO_USAGE, type AgentId, type Budget, type RunId, type ThreadId } from "@bureau/protocol";
import { settleLost } from "../store/spending.ts";
import type { InboxRow, RunRow, StepRow, ThreadRow, ToolCallRow } from "../store/rows.ts";
import { inboxEntryFromRow, runFromRow, stepFromRow, threadFromRow, toolCallFromRow } from "../store/rows.ts";
import { closeEffects } from "./settle-effect.ts";
import { HALTED_SENTENCE, IS_HALTED } from "../store/halt.ts";
import { addItems, sqlState, type Change, type NewItem } from "./change.ts";
import { PRIORITY, type Trigger } from "./parts.ts";

const MAX_TITLE_CHARACTERS = 100;
const UNIQUE_VIOLATION = "23505";

/** Adds a thread. Its title is the first line of `text`. */
export async function insertThread(
  change: Change,
  thread: { id?: ThreadId; agentId: AgentId; goalId: string | null; text: string },
): Promise<ThreadRow> {
  const id = thread.id ?? newId("thread");
  const { rows } = await change.transaction.query<ThreadRow>(
    `INSERT INTO threads (id, agent_id, goal_id, title, status, created_at, updated_at)
     VALUES ($1, $2, $3, $4, 'open', $5, $5) RETURNING *`,
    [id, thread.agentId, thread.goalId, titleOf(thread.text), change.now],
  );
  const row = rows[0]!;
  change.addEvent({
    type: "thread.created",
    threadId: id,
    goalId: thread.goalId,
    data: { thread: threadFromRow(row) },
  });
  return row;
}

/** The first line of a text, cut to a title's length. */
export function titleOf(text: string): string {
  const line = text
    .trim()
    .split("\n", 1)[0]!
    .replace(/^#+\s*/, "")
    .trim();
  return line.length <= MAX_TITLE_CHARACTERS ? line : `${line.slice(0, MAX_TITLE_CHARACTERS - 1).trimEnd()}…`;
}

export interface NewRun {
  threadId: ThreadId;
  agent: { id: AgentId; name: string; status: "enabled" | "paused" };
  goal?: { id: string; version: number };
  taskId?: string;
  trigger: Trigger;
  /** Added to the thread before the run; null adds nothing. */
  message: { role: "person" | "runtime"; text: string } | null;
  /** Added before the message, in the run's own name. */
  before?: readonly NewItem[];
  limits?: Budget;
  checkRequested?: boolean;
}

/**
 * Adds a run and hands it to the dispatcher. The run of a paused agent waits at once.
 *
 * Throws `conflict` when the thread has a run that is not over; the database decides which of two is first.
 */
export async function insertRun(change: Change, run: NewRun): Promise<RunRow> {
  const id = newId("run");
  const start = runStart(run.agent);
  const seen = await itemCount(change, run.threadId);
  const before = (run.before ?? []).map((item) => ({ ...item, runId: id }));
  await addItems(change, run.threadId, before);
  if (run.message !== null) {
    await addItems(change, run.threadId, [{ content: { type: "message", ...run.message }, runId: id, turn: 0 }]);
  }
  const { rows } = await change.transaction
    .query<RunRow>(
      `INSERT INTO runs (id, thread_id, agent_id, goal_id, goal_version, task_id, status, trigger, priority, dispatch,
                         pause_requested, wait_reason, sentence, seen_position, state, usage, limits, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
               CASE WHEN $13::text = '' AND ${IS_HALTED} THEN '${HALTED_SENTENCE}' ELSE $13 END, $14,
               -- What runs before it in the thread have read from outside, it has read.
               $15::jsonb || COALESCE((SELECT jsonb_build_object('taint', r.state->'taint') FROM runs r
                 WHERE r.thread_id = $2 AND r.state ? 'taint' ORDER BY r.created_at DESC LIMIT 1), '{}'),
               $16, $17, $18) RETURNING *`,
      [
        id,
        run.threadId,
        run.agent.id,
        run.goal?.id ?? null,
        run.goal?.version ?? null,
        run.taskId ?? null,
        start.status,
        run.trigger,
        PRIORITY[run.trigger],
        start.dispatch,
        start.pause_requested,
        start.wait_reason,
        start.sentence,
        seen,
        JSON.stringify(run.checkRequested === true ? { checkRequested: true } : {}),
        JSON.stringify(NO_USAGE),
        JSON.stringify(run.limits ?? {}),
        change.now,
      ],
    )
    .catch((error: unknown) => {
      throw sqlState(error) === UNIQUE_VIOLATION ? stillAtWork(run.threadId, error) : error;
    });
  const row = rows[0]!;
  addRunEvent(change, "run.created", row);
  if (row.status === "queued") await change.enqueue(row);
  return row;
}

/** How a run begins: that of a paused agent waits. */
export function runStart(agent: { name: string; status: "enabled" | "paused" }) {
  if (agent.status === "enabled")
    return { status: "queued", dispatch: 1, pause_requested: false, wait_reason: null, sentence: "" };
  const sentence = `Waits: the agent ${agent.name} is paused.`;
  return { status: "waiting", dispatch: 0, pause_requested: true, wait_reason: "paused", sentence };
}

/** Locks the thread until commit. */
async function itemCount(change: Change, threadId: ThreadId): Promise<number> {
  const { rows } = await change.transaction.query<{ item_count: number }>(
    "SELECT item_count FROM threads WHERE id = $1 FOR NO KEY UPDATE",
    [threadId],
  );
  return rows[0]?.item_count ?? 0;
}

function stillAtWork(threadId: string, cause: unknown): AppError {
  return new AppError("conflict", `A run of thread ${threadId} is still at work; a thread has one at a time.`, {
    hint: "Post a message to the thread to steer that run, or cancel it first.",
    cause,
  });
}

export function addRunEvent(
  change: Change,
  type: "run.created" | "run.queued" | "run.waiting" | "run.canceled",
  row: RunRow,
): void {
  change.addEvent({
    type,
    threadId: row.thread_id,
    runId: row.id,
    goalId: row.goal_id,
    data: { run: runFromRow(row) },
  });
}

/** Has a run see a command before its next call. What it has in flight goes on. */
export async function touchRun(change: Change, run: RunRow): Promise<RunRow> {
  return await updateRun(change, run.id, "control = control + 1", []);
}

/** Hands a waiting run back to the dispatcher. */
export async function requeueRun(change: Change, run: RunRow): Promise<RunRow> {
  const row = await updateRun(
    change,
    run.id,
    `status = 'queued', wait_reason = NULL, wait_until = NULL, sentence = '', pause_requested = false,
     dispatch = dispatch + 1, control = control + 1`,
    [],
  );
  addRunEvent(change, "run.queued", row);
  await change.enqueue(row);
  return row;
}

/** The same for many locked runs at once. */
export async function requeueRuns(change: Change, runs: RunRow[]): Promise<void> {
  if (runs.length === 0) return;
  const { rows } = await change.transaction.query<RunRow>(
    `UPDATE runs SET status = 'queued', wait_reason = NULL, wait_until = NULL, sentence = '', pause_requested = false,
       dispatch = dispatch + 1, control = control + 1
     WHERE id = ANY($1) RETURNING *`,
    [runs.map((run) => run.id)],
  );
  for (const row of rows) addRunEvent(change, "run.queued", row);
  await change.enqueue(...rows);
}

/** What a decision does to its run: a waiting one goes on, a paused one goes on when it is resumed. */
export async function wakeRun(change: Change, run: RunRow): Promise<RunRow> {
  if (run.status === "waiting" && run.pause_requested) {
    if (run.wait_reason === "paused") return await touchRun(change, run);
    return await parkRun(change, run);
  }
  if (run.status === "waiting") return await requeueRun(change, run);
  return await touchRun(change, run);
}

/** Pauses a run: one at work is told to stop, a queued one waits, a waiting one stays when its wait is over. */
export async function pauseRun(change: Change, run: RunRow): Promise<RunRow> {
  if (run.status === "queued") return await parkRun(change, run);
  const row = await updateRun(change, run.id, "pause_requested = true, control = control + 1", []);
  if (run.status === "running") change.interrupt(run.id);
  return row;
}

/**
 * Lets a paused run go on, unless it waits for something else as well or everything is stopped. A cancel that has not
 * held yet is withdrawn.
 */
export async function resumeRun(change: Change, run: RunRow): Promise<RunRow> {
  if (run.status === "waiting" && run.wait_reason === "paused") return await requeueRun(change, run);
  return await updateRun(
    change,
    run.id,
    `pause_requested = ${IS_HALTED}, cancel_requested = false, control = control + 1`,
    [],
  );
}

async function parkRun(change: Change, run: RunRow): Promise<RunRow> {
  const row = await updateRun(
    change,
    run.id,
    `status = 'waiting', wait_reason = 'paused', wait_until = NULL, sentence = 'Paused.', pause_requested = true,
     control = control + 1`,
    [],
  );
  addRunEvent(change, "run.waiting", row);
  return row;
}

/** Cancels a run: one at work is told to stop and ends itself, any other ends here. */
export async function endRun(change: Change, run: RunRow, sentence: string): Promise<RunRow> {
  if (run.status === "running") {
    const row = await updateRun(change, run.id, "cancel_requested = true, control = control + 1", []);
    change.interrupt(run.id);
    return row;
  }
  await closeOpenCalls(change, run, ["pending", "awaiting_approval", "running"], "Canceled before it ended.");
  await closeOpenSteps(change, run);
  const row = await updateRun(
    change,
    run.id,
    `status = 'canceled', cancel_requested = true, wait_reason = NULL, wait_until = NULL, sentence = $2,
     control = control + 1, ended_at = $3`,
    [sentence, change.now],
  );
  addRunEvent(change, "run.canceled", row);
  return row;
}

/** Sets columns of a locked run. `assignments` is ours, never a caller's text; its values begin at `$2`. */
export async function updateRun(change: Change, runId: RunId, assignments: string, values: unknown[]): Promise<RunRow> {
  const { rows } = await change.transaction.query<RunRow>(`UPDATE runs SET ${assignments} WHERE id = $1 RETURNING *`, [
    runId,
    ...values,
  ]);
  return rows[0]!;
}

/** Ends steps that a dead process left open, and frees what they had set aside in the goal's budget. */
async function closeOpenSteps(change: Change, run: RunRow): Promise<void> {
  const { rows } = await change.transaction.query<StepRow & { reserved_tokens: string; reserved_micros: string }>(
    `UPDATE steps t SET status = 'interrupted', ended_at = $2, reserved_tokens = 0, reserved_micros = 0
     FROM (SELECT id, reserved_tokens, reserved_micros FROM steps WHERE run_id = $1 AND status = 'running') old
     WHERE t.id = old.id RETURNING t.*, old.reserved_tokens, old.reserved_micros`,
    [run.id, change.now],
  );
  if (rows.length === 0) return;
  for (const row of rows) {
    change.addEvent({
      type: "step.interrupted",
      threadId: run.thread_id,
      runId: run.id,
      goalId: run.goal_id,
      data: { step: stepFromRow(row) },
    });
  }
  const sum = (key: "reserved_tokens" | "reserved_micros") => rows.reduce((total, row) => total + Number(row[key]), 0);
  await change.transaction.query(
    `UPDATE goals SET reserved_tokens = greatest(0, reserved_tokens - $2),
       reserved_micros = greatest(0, reserved_micros - $3) WHERE id = $1`,
    [run.goal_id, sum("reserved_tokens"), sum("reserved_micros")],
  );
  await settleLost(change.transaction, run.id);
}

/**
 * Ends calls that will not run, each with a result, so that the thread stays one that a provider takes, and
 * closes what was asked of a person for them. One that a dead process had begun is marked interrupted.
 */
export async function closeOpenCalls(
  change: Change,
  run: RunRow,
  statuses: ToolCallRow["status"][],
  reason: string,
): Promise<void> {
  const { rows } = await change.transaction.query<ToolCallRow>(
    `UPDATE tool_calls SET status = CASE status WHEN 'running' THEN 'interrupted' ELSE 'canceled' END,
       result = CASE status WHEN 'running' THEN 'Interrupted: whether it took effect is not known.' ELSE $3 END,
       ended_at = $4
     WHERE run_id = $1 AND status = ANY($2) RETURNING *`,
    [run.id, statuses, reason, change.now],
  );
  const calls = rows.toSorted((one, other) => one.position - other.position);
  const items = calls.map((call): NewItem => ({
    content: {
      type: "tool_result",
      toolCallId: call.id,
      name: call.name,
      status: call.status,
      text: call.result ?? reason,
    },
    runId: run.id,
    turn: run.turn,
  }));
  await addItems(change, run.thread_id, items);
  for (const call of calls) {
    change.addEvent({
      type: call.status === "interrupted" ? "tool_call.interrupted" : "tool_call.canceled",
      threadId: run.thread_id,
      runId: run.id,
      goalId: run.goal_id,
      data: { toolCall: toolCallFromRow(call) },
    });
  }
  if (calls.some((call) => call.effect === "write_outside")) await closeEffects(change, run, reason);
  await dismissEntries(change, "run_id = $1 AND kind IN ('approval', 'question')", [run.id]);
}

/** Closes pending entries that nobody needs to decide any more. `condition` is ours, never a caller's text. */
export async function dismissEntries(change: Change, condition: string, values: unknown[]): Promise<void> {
  const { rows } = await change.transaction.query<InboxRow>(
    `UPDATE inbox SET status = 'dismissed', decided_at = $${values.length + 1}
     WHERE status = 'pending' AND ${condition} RETURNING *`,
    [...values, change.now],
  );
  for (const row of rows) {
    change.addEvent({
      type: "inbox.closed",
      threadId: row.thread_id,
      runId: row.run_id,
      goalId: row.goal_id,
      data: { entry: inboxEntryFromRow(row) },
    });
  }
}
