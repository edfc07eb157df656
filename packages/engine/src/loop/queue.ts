import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { AppError } from "@bureau/protocol";

/** What DBOS looks at again and again by itself, and how often; its own second each would cost an idle process more. */
const RECONCILE_MS = 10_000;
const DELAYED_MS = 5_000;
const INTERNAL_QUEUE_MS = 10_000;

export interface Queue {
  /** Has the queue looked at now, under all its limits. Kicks that come during a look lead to one more. */
  kick(): void;
  /** The same, after runs whose delay has run out were put into the queue. */
  kickDelayed(): void;
}

interface QueueRunner {
  states: Map<string, { queue: unknown }>;
  internalQueues: Map<string, { minPollingIntervalMs?: number }>;
  pollQueue(executor: unknown, queue: unknown): Promise<boolean>;
  refreshDbQueues(executor: unknown, now: number): Promise<void>;
  constructor: { reconcileIntervalMs?: number; transitionIntervalMs?: number };
}

interface Executor {
  systemDatabase: { transitionDelayedWorkflows(): Promise<unknown> };
}

/**
 * The queue of the dispatcher, to be looked at when there is something instead of again and again.
 *
 * DBOS 5.3 has no public call for it, so this reaches for the runner that its own loop uses; the version is
 * pinned, and a test fails if a new one moves it.
 */
export function openQueue(name: string, log: (level: "warn" | "error", message: string) => void): Queue {
  const { runner, executorOf } = findRunner();
  let polling = false;
  let again = false;
  let delayed = false;
  const poll = async () => {
    polling = true;
    try {
      do {
        const withDelayed = delayed;
        again = delayed = false;
        const executor = executorOf();
        if (!executor) return;
        if (withDelayed) await executor.systemDatabase.transitionDelayedWorkflows();
        if (!runner.states.has(name)) await runner.refreshDbQueues(executor, 0);
        const state = runner.states.get(name);
        if (state) await runner.pollQueue(executor, state.queue);
      } while (again);
    } catch (error) {
      log("warn", `The queue could not be looked at: ${String(error)}. It is polled again within seconds.`);
    } finally {
      polling = false;
    }
  };
  const kick = () => {
    again = true;
    if (!polling) void poll();
  };
  return {
    kick,
    kickDelayed: () => {
      delayed = true;
      kick();
    },
  };
}

function findRunner(): { runner: QueueRunner; executorOf: () => Executor | undefined } {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve("@dbos-inc/dbos-sdk"));
  const { wfQueueRunner: runner } = require(join(folder, "wfqueue.js")) as { wfQueueRunner?: QueueRunner };
  const { DBOSExecutor } = require(join(folder, "dbos-executor.js")) as {
    DBOSExecutor?: { globalInstance: Executor | undefined };
  };
  const isKnown =
    typeof runner?.pollQueue === "function" &&
    typeof runner.constructor.reconcileIntervalMs === "number" &&
    typeof runner.constructor.transitionIntervalMs === "number";
  if (!runner || !DBOSExecutor || !isKnown) {
    throw new AppError("internal", "The installed DBOS has no queue runner where 5.3 has it.", {
      hint: "Run `npm ci` to get the pinned version.",
    });
  }
  runner.constructor.reconcileIntervalMs = RECONCILE_MS;
  runner.constructor.transitionIntervalMs = DELAYED_MS;
  for (const internal of runner.internalQueues.values()) internal.minPollingIntervalMs = INTERNAL_QUEUE_MS;
  return { runner, executorOf: () => DBOSExecutor.globalInstance };
}
