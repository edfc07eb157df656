import { Worker } from "node:worker_threads";
import { AppError } from "@bureau/protocol";
import type { Clock } from "../clock.ts";

/** Threads of tools that work at once; more wait their turn. */
const MAX_WORKERS = 2;
const MAX_WAITING = 1000;
const MAX_HEAP_MB = 256;
const MAX_STACK_MB = 8;

export interface WorkerJob {
  /** The program. */
  file: URL;
  data: unknown;
  timeMs: number;
  clock: Clock;
  signal: AbortSignal;
  onMessage(message: unknown): void;
}

let working = 0;
const queue: (() => void)[] = [];

/**
 * Runs a program in a thread of its own and ends it for certain after its time: for work on foreign input that may
 * take forever. Returns how it ended; what it found arrives by `onMessage`. Rejects when the signal is aborted.
 */
export async function runWorker(job: WorkerJob): Promise<"ended" | "out_of_time" | "failed"> {
  await takeTurn(job.signal);
  try {
    return await runToEnd(job);
  } finally {
    passTurn();
  }
}

async function takeTurn(signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (working < MAX_WORKERS) {
    working += 1;
    return;
  }
  if (queue.length >= MAX_WAITING) {
    throw new AppError("limit_reached", "Too many searches and pages are being worked on at once. Try again in a moment.");
  }
  await new Promise<void>((resolve, reject) => {
    const mine = () => {
      signal.removeEventListener("abort", leave);
      resolve();
    };
    const leave = () => {
      queue.splice(queue.indexOf(mine), 1);
      reject(signal.reason);
    };
    signal.addEventListener("abort", leave, { once: true });
    queue.push(mine);
  });
}

/** Hands the turn to whoever waits, so that it is never given twice. */
function passTurn(): void {
  const next = queue.shift();
  if (next) next();
  else working -= 1;
}

async function runToEnd(job: WorkerJob): Promise<"ended" | "out_of_time" | "failed"> {
  job.signal.throwIfAborted();
  const worker = new Worker(job.file, {
    workerData: job.data,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB, stackSizeMb: MAX_STACK_MB },
    stdout: true,
    stderr: true,
    env: {},
  });
  const ended = new AbortController();
  try {
    return await new Promise((resolve, reject) => {
      worker.on("message", job.onMessage);
      worker.once("error", () => resolve("failed"));
      worker.once("exit", (code) => resolve(code === 0 ? "ended" : "failed"));
      job.clock.sleep(job.timeMs, AbortSignal.any([ended.signal, job.signal])).then(
        () => resolve("out_of_time"),
        () => job.signal.aborted && reject(job.signal.reason),
      );
    });
  } finally {
    ended.abort();
    await worker.terminate();
  }
}
