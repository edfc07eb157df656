import type { DBOS as DbosClass } from "@dbos-inc/dbos-sdk";
import type { Clock } from "../clock.ts";
import type { DispatchedRun, Dispatcher } from "../commands/parts.ts";
import { type Database, openPool, type Queryable } from "../store/database.ts";
import { redispatchStranded } from "./executors.ts";
import { openQueue, type Queue } from "./queue.ts";

/** Pinned: a run is recovered only under the version it was dispatched under, and code may change under a run. */
const APPLICATION_VERSION = "bureau-1";
const APPLICATION_NAME = "bureau";
const WORKFLOW_NAME = "driveRun";
const QUEUE_NAME = "runs";
/** Of the queue where nobody kicks it: runs that another process enqueued, or that were while the database was away. */
const POLLING_INTERVAL_MS = 5_000;
/** A delay is looked at by the process that set it when it has run out; longer ones are found by the poll. */
const LONGEST_TIMER_MS = 24 * 60 * 60_000;
/** Time for the transaction that set the delay to be committed. */
const SHORTEST_TIMER_MS = 20;
const POOL_SIZE = 3;
/** Our own counter of crash loops decides; this only has to be out of its way. */
const MAX_RECOVERY_ATTEMPTS = 1_000;

/** Decides who runs what, and when. The journal decides what happened and what is next. */
export interface RunDispatcher extends Dispatcher {
  /** Hands the runs of a process that died to this one. Returns how many. */
  takeOver(executorId: string): Promise<number>;
  /**
   * Hands over again what no dispatch will start: its hand-over was lost, or was given to this process with the
   * answer lost. Returns how many. No drive begins here meanwhile, so none is taken for lost that has just begun.
   */
  redispatch(database: Pick<Database, "transaction">): Promise<number>;
  stop(): Promise<void>;
}

export interface DispatcherOptions {
  databaseUrl: string;
  clock: Clock;
  executorId: string;
  /** Runs at work at once in this process. */
  concurrency: number;
  drive: (runId: string, dispatch: number) => Promise<void>;
  log: (level: "warn" | "error", message: string) => void;
}

/**
 * The dispatcher on DBOS: one workflow drives one run until it must wait or ends, and holds no DBOS steps.
 *
 * Starting it recovers what this executor left at work when it died. One a process.
 */
export async function startDispatcher(options: DispatcherOptions): Promise<RunDispatcher> {
  const { DBOS } = await import("@dbos-inc/dbos-sdk");
  const pool = openPool(options.databaseUrl, POOL_SIZE);
  const state = { stopping: false, redispatching: Promise.resolve() as Promise<unknown> };
  const atWork = new Set<string>();
  DBOS.setConfig({
    name: APPLICATION_NAME,
    systemDatabaseUrl: options.databaseUrl,
    systemDatabasePool: pool,
    applicationVersion: APPLICATION_VERSION,
    executorID: options.executorId,
    // Nobody waits for messages or events of DBOS, so it need not listen for them.
    useListenNotify: false,
    enableOTLP: false,
    logger: quietLogger((level, message) => {
      // That runs are still at work is no news then, and a thousand of them make a long line.
      if (!state.stopping || level === "error") options.log(level, message);
    }),
  });
  const drive = async (runId: string, dispatch: number) => {
    await state.redispatching;
    const id = workflowId(runId, dispatch);
    atWork.add(id);
    await options.drive(runId, dispatch).finally(() => atWork.delete(id));
  };
  DBOS.registerWorkflow(drive, { name: WORKFLOW_NAME, maxRecoveryAttempts: MAX_RECOVERY_ATTEMPTS });
  await DBOS.launch();
  await DBOS.registerQueue(QUEUE_NAME, {
    workerConcurrency: options.concurrency,
    minPollingIntervalMs: POLLING_INTERVAL_MS,
  });
  const queue = openQueue(QUEUE_NAME, options.log);
  queue.kick();
  return {
    enqueue: async (transaction, ...runs) => {
      await enqueueRuns(transaction, runs);
      for (const { delayUntil } of runs) if (delayUntil !== undefined) wakeAt(queue, options.clock, delayUntil);
    },
    kick: queue.kick,
    takeOver: (executorId) => takeOver(DBOS, executorId, queue),
    redispatch: async (database) => {
      const handingOver = state.redispatching.then(() =>
        redispatchStranded(database, { executorId: options.executorId, atWork: [...atWork] }, enqueueRuns),
      );
      state.redispatching = handingOver.catch(() => undefined);
      const count = await handingOver;
      if (count > 0) queue.kick();
      return count;
    },
    // Runs at work are left as they are: the next start goes on with them.
    stop: async () => {
      state.stopping = true;
      await DBOS.shutdown({ deregister: true });
      await pool.end();
    },
  };
}

/** Only hastens what the poll would find: nothing is lost with the timer. */
function wakeAt(queue: Queue, clock: Clock, at: number): void {
  const delay = Math.max(SHORTEST_TIMER_MS, at - clock.now());
  if (delay > LONGEST_TIMER_MS) return;
  const timer = setTimeout(() => {
    // Timers count from the start of the event loop's turn, and so may come before their time by the clock.
    if (clock.now() < at) wakeAt(queue, clock, at);
    else queue.kickDelayed();
  }, delay);
  timer.unref();
}

/** As `enqueueRuns` and `redispatchStranded` make it. */
function workflowId(runId: string, dispatch: number): string {
  return `${runId}:${dispatch}`;
}

async function enqueueRuns(transaction: Queryable, runs: DispatchedRun[]): Promise<void> {
  await transaction.query({
    name: "enqueue_runs",
    text: `SELECT count(dbos.enqueue_workflow(
      workflow_name => $1, queue_name => $2, positional_args => ARRAY[to_json(run.id), to_json(run.dispatch)],
      workflow_id => run.id || ':' || run.dispatch, app_version => $3, priority => run.priority,
      delay_until_epoch_ms => run."delayUntil", application_name => $4))
      FROM jsonb_to_recordset($5::jsonb) AS run(id text, dispatch int, priority int, "delayUntil" bigint)`,
    values: [WORKFLOW_NAME, QUEUE_NAME, APPLICATION_VERSION, APPLICATION_NAME, JSON.stringify(runs)],
  });
}

async function takeOver(DBOS: typeof DbosClass, executorId: string, queue: Queue): Promise<number> {
  const left = await DBOS.listWorkflows({ status: "PENDING", executorId, loadInput: false });
  const ids = left.map((workflow) => workflow.workflowID);
  await DBOS.resumeWorkflows(ids, { queueName: QUEUE_NAME });
  if (left.length > 0) queue.kick();
  return left.length;
}

function quietLogger(log: DispatcherOptions["log"]) {
  const text = (entry: unknown) =>
    entry instanceof Error ? entry.message : typeof entry === "string" ? entry : JSON.stringify(entry);
  return {
    info() {},
    debug() {},
    warn: (entry: unknown) => log("warn", text(entry)),
    error: (entry: unknown) => log("error", text(entry)),
  };
}
