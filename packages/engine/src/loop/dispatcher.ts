import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { DBOS as DbosClass } from "@dbos-inc/dbos-sdk";
import { AppError } from "@bureau/protocol";
import type { DispatchedRun, Dispatcher } from "../commands/parts.ts";
import { openPool, type Queryable } from "../store/database.ts";

/** Pinned: a run is recovered only under the version it was dispatched under, and code may change under a run. */
const APPLICATION_VERSION = "bureau-1";
const APPLICATION_NAME = "bureau";
const WORKFLOW_NAME = "driveRun";
const QUEUE_NAME = "runs";
/** Of the queue where nobody kicks it: runs that another process enqueued, and delays that ran out. */
const POLLING_INTERVAL_MS = 1_000;
const POOL_SIZE = 3;
/** Our own counter of crash loops decides; this only has to be out of its way. */
const MAX_RECOVERY_ATTEMPTS = 1_000;

/** Decides who runs what, and when. The journal decides what happened and what is next. */
export interface RunDispatcher extends Dispatcher {
  /** Hands the runs of a process that died to this one. Returns how many. */
  takeOver(executorId: string): Promise<number>;
  stop(): Promise<void>;
}

export interface DispatcherOptions {
  databaseUrl: string;
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
  DBOS.setConfig({
    name: APPLICATION_NAME,
    systemDatabaseUrl: options.databaseUrl,
    systemDatabasePool: pool,
    applicationVersion: APPLICATION_VERSION,
    executorID: options.executorId,
    // Nobody waits for messages or events of DBOS, so it need not listen for them.
    useListenNotify: false,
    enableOTLP: false,
    logger: quietLogger(options.log),
  });
  DBOS.registerWorkflow(async (runId: string, dispatch: number) => options.drive(runId, dispatch), {
    name: WORKFLOW_NAME,
    maxRecoveryAttempts: MAX_RECOVERY_ATTEMPTS,
  });
  await DBOS.launch();
  await DBOS.registerQueue(QUEUE_NAME, {
    workerConcurrency: options.concurrency,
    minPollingIntervalMs: POLLING_INTERVAL_MS,
  });
  const kick = queueKick(options.log);
  kick();
  return {
    enqueue: enqueueRuns,
    kick,
    takeOver: (executorId) => takeOver(DBOS, executorId, kick),
    // Runs at work are left as they are: the next start goes on with them.
    stop: async () => {
      await DBOS.shutdown({ deregister: true });
      await pool.end();
    },
  };
}

async function enqueueRuns(transaction: Queryable, ...runs: DispatchedRun[]): Promise<void> {
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

async function takeOver(DBOS: typeof DbosClass, executorId: string, kick: () => void): Promise<number> {
  const left = await DBOS.listWorkflows({ status: "PENDING", executorId, loadInput: false });
  await DBOS.resumeWorkflows(left.map((workflow) => workflow.workflowID));
  if (left.length > 0) kick();
  return left.length;
}

interface QueueRunner {
  states: Map<string, { queue: unknown }>;
  pollQueue(executor: unknown, queue: unknown): Promise<boolean>;
  refreshDbQueues(executor: unknown, now: number): Promise<void>;
}

/**
 * A poll of the queue at once, under all its limits, instead of after up to a second.
 *
 * DBOS 5.3 has no public call for it, so this reaches for the runner that its own loop uses; the version is
 * pinned, and a test fails if a new one moves it. Kicks that come during a poll lead to one more.
 */
function queueKick(log: DispatcherOptions["log"]): () => void {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve("@dbos-inc/dbos-sdk"));
  const { wfQueueRunner } = require(join(folder, "wfqueue.js")) as { wfQueueRunner?: QueueRunner };
  const { DBOSExecutor } = require(join(folder, "dbos-executor.js")) as { DBOSExecutor?: { globalInstance: unknown } };
  if (typeof wfQueueRunner?.pollQueue !== "function" || !DBOSExecutor) {
    throw new AppError("internal", "The installed DBOS has no queue runner where 5.3 has it.", {
      hint: "Run `npm ci` to get the pinned version.",
    });
  }
  let polling = false;
  let again = false;
  const poll = async () => {
    polling = true;
    try {
      do {
        again = false;
        const executor = DBOSExecutor.globalInstance;
        if (!executor) return;
        if (!wfQueueRunner.states.has(QUEUE_NAME)) await wfQueueRunner.refreshDbQueues(executor, 0);
        const state = wfQueueRunner.states.get(QUEUE_NAME);
        if (state) await wfQueueRunner.pollQueue(executor, state.queue);
      } while (again);
    } catch (error) {
      log("warn", `The queue could not be looked at: ${String(error)}. It is polled again within a second.`);
    } finally {
      polling = false;
    }
  };
  return () => {
    again = true;
    if (!polling) void poll();
  };
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
