import { newId, NO_USAGE, type Budget, type Run, type StartRun, type ThreadId } from "@bureau/protocol";
import { agentFor } from "../queries/lookup.ts";
import { isConnectionError, type Queryable } from "../store/database.ts";
import { HALTED_SENTENCE, IS_HALTED } from "../store/halt.ts";
import { type AgentRow, runFromRow, type RunRow, threadFromRow } from "../store/rows.ts";
import { together } from "../together.ts";
import { change, type Change } from "./change.ts";
import { type CommandParts, PRIORITY } from "./parts.ts";
import { addRunEvent, runStart, titleOf } from "./run-writes.ts";

/** Most runs that are started in one transaction. */
const MAX_RUNS_PER_TRANSACTION = 256;

export type NewStart = Pick<StartRun, "text" | "agent" | "limits">;

/**
 * Starts a run on a new thread.
 *
 * Starts that arrive while one is on its way share the next transaction and its flush to disk. Each succeeds or
 * fails by itself.
 */
export const startOnNewThread: (parts: CommandParts, start: NewStart) => Promise<Run> = together(
  MAX_RUNS_PER_TRANSACTION,
  startTogether,
);

/** Has the statements of a start planned, on one connection, before the first one is needed. */
export async function prepareStarts(parts: CommandParts): Promise<void> {
  await change(parts, (change) => insertStarts(change, parts, []));
}

async function startTogether(parts: CommandParts, starts: NewStart[]): Promise<(Run | Promise<Run>)[]> {
  try {
    const results = await change(parts, (change) => insertStarts(change, parts, starts));
    return results.map((result) => (result instanceof Error ? Promise.reject(result) : result));
  } catch (error) {
    if (starts.length === 1 || isConnectionError(error)) throw error;
    // Nothing was written: each is tried alone, so that one bad start fails no other.
    return starts.map(async (start) => (await startTogether(parts, [start]))[0]!);
  }
}

/** Adds what can be started; a start whose agent is not found adds nothing. */
async function insertStarts(change: Change, { workspace }: CommandParts, starts: NewStart[]): Promise<(Run | Error)[]> {
  const agents = await lockAgents(change.transaction, workspace, starts);
  const rows = starts.map((start, index): NewRows | Error => {
    const agent = agents[index]!;
    return agent instanceof Error ? agent : newRows(agent, start);
  });
  const runs = await insertRows(
    change,
    rows.filter((row): row is NewRows => !(row instanceof Error)),
  );
  const queued = [...runs.values()].filter((run) => run.status === "queued");
  if (queued.length > 0) await change.enqueue(...queued);
  return rows.map((row) => {
    if (row instanceof Error) return row;
    const run = runs.get(row.run_id)!;
    addEvents(change, row, run);
    return runFromRow(run);
  });
}

/** Locks agents against being paused until commit; without a reference, the workspace's own agent. */
async function lockAgents(
  transaction: Queryable,
  workspace: { folder: string },
  starts: NewStart[],
): Promise<(AgentRow | Error)[]> {
  const references = [...new Set(starts.map(({ agent }) => agent ?? workspace.folder))];
  const { rows } = await transaction.query<AgentRow>({
    name: "lock_agents",
    text: "SELECT * FROM agents WHERE id = ANY($1) OR name = ANY($1) OR folder = ANY($1) ORDER BY id FOR SHARE",
    values: [references],
  });
  const found: (AgentRow | Error)[] = [];
  for (const { agent } of starts) {
    const own =
      agent === undefined
        ? rows.find((row) => row.folder === workspace.folder)
        : (rows.find((row) => row.id === agent) ?? rows.find((row) => row.name === agent));
    found.push(own ?? (await agentFor(transaction, workspace, agent).catch((error: Error) => error)));
  }
  return found;
}

type NewRows = ReturnType<typeof newRows>;

function newRows(agent: AgentRow, { text, limits }: NewStart) {
  return {
    thread_id: newId("thread") as ThreadId,
    item_id: newId("item"),
    run_id: newId("run"),
    agent_id: agent.id,
    title: titleOf(text),
    content: { type: "message", role: "person", text },
    limits: limits ?? ({} as Budget),
    ...runStart(agent),
  };
}

async function insertRows(change: Change, rows: NewRows[]): Promise<Map<string, RunRow>> {
  const inserted = await change.transaction.query<RunRow>({
    name: "start_runs",
    text: `
      WITH x AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset($1::jsonb) AS x(thread_id text, item_id text, run_id text, agent_id text,
          title text, content jsonb, limits jsonb, status text, dispatch int, pause_requested boolean,
          wait_reason text, sentence text)
      ), thread AS (
        INSERT INTO threads (id, agent_id, title, status, item_count, created_at, updated_at)
        SELECT thread_id, agent_id, title, 'open', 1, $2, $2 FROM x
      ), item AS (
        INSERT INTO items (id, thread_id, run_id, position, turn, type, content, created_at)
        SELECT item_id, thread_id, run_id, 1, 0, content->>'type', content, $2 FROM x
      )
      INSERT INTO runs (id, thread_id, agent_id, status, trigger, priority, dispatch, pause_requested, wait_reason,
                        sentence, seen_position, usage, limits, created_at)
      SELECT run_id, thread_id, agent_id, status, 'person', $3, dispatch, pause_requested, wait_reason,
             CASE WHEN sentence = '' AND ${IS_HALTED} THEN '${HALTED_SENTENCE}' ELSE sentence END, 0, $4::jsonb, limits, $2
      FROM x RETURNING *`,
    values: [JSON.stringify(rows), change.now, PRIORITY.person, JSON.stringify(NO_USAGE)],
  });
  return new Map(inserted.rows.map((row) => [row.id, row]));
}

function addEvents(change: Change, rows: NewRows, run: RunRow): void {
  const { thread_id: threadId, agent_id, title } = rows;
  const thread = threadFromRow({
    id: threadId,
    agent_id,
    goal_id: null,
    title,
    status: "open",
    item_count: 0,
    created_at: change.now,
    updated_at: change.now,
  });
  change.addEvent({ type: "thread.created", threadId, goalId: null, data: { thread } });
  change.addEvent({ type: "item.added", threadId, runId: run.id, data: { itemId: rows.item_id } });
  addRunEvent(change, "run.created", run);
}
