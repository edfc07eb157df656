import { Worker } from "node:worker_threads";
import { AppError } from "@bureau/protocol";
import type { Clock } from "../clock.ts";
import type { ThreadMessage } from "./serve-jobs.ts";

/** Threads of tools that work at once; more wait their turn. */
const MAX_WORKERS = 2;
const MAX_WAITING = 1000;
const MAX_HEAP_MB = 256;
const MAX_STACK_MB = 8;
const IDLE_MS = 10_000;

export interface WorkerJob {
  /** The program; it calls `serveJobs`. */
  file: URL;
  data: unknown;
  timeMs: number;
  clock: Clock;
  signal: AbortSignal;
  onMessage(message: unknown): void;
}

export type WorkerOutcome = "ended" | "out_of_time" | "failed";

let working = 0;
const queue: (() => void)[] = [];

/**
 * Does a job in a thread of its own, which is ended for certain when its time is over: for work on foreign input that may
 * take forever. Returns how it ended; what it found arrives by `onMessage`. Rejects when the signal is aborted.
 */
export async function runWorker(job: WorkerJob): Promise<WorkerOutcome> {
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
    throw new AppError(
      "limit_reached",
      "Too many searches and pages are being worked on at once. Try again in a moment.",
    );
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

async function runToEnd(job: WorkerJob): Promise<WorkerOutcome> {
  job.signal.throwIfAborted();
  const worker = idleWorker(job.file) ?? startWorker(job.file);
  const ended = new AbortController();
  let reusable = false;
  worker.ref();
  try {
    const outcome = await outcomeOf(worker, job, ended.signal);
    reusable = outcome === "ended";
    return outcome;
  } finally {
    ended.abort();
    if (reusable) keepIdle(job.file, worker);
    else await worker.terminate();
  }
}

function outcomeOf(worker: Worker, job: WorkerJob, ended: AbortSignal): Promise<WorkerOutcome> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: ThreadMessage) => {
      if ("done" in message) resolve("ended");
      else job.onMessage(message.found);
    };
    const onFailure = () => resolve("failed");
    worker.on("message", onMessage);
    worker.once("exit", onFailure);
    // Its own listeners one by one: removing all would also remove those by which a thread's port works.
    ended.addEventListener("abort", () => {
      worker.off("message", onMessage);
      worker.off("exit", onFailure);
    });
    job.clock.sleep(job.timeMs, AbortSignal.any([ended, job.signal])).then(
      () => resolve("out_of_time"),
      () => job.signal.aborted && reject(job.signal.reason),
    );
    worker.postMessage(job.data);
  });
}

function startWorker(file: URL): Worker {
  const resourceLimits = { maxOldGenerationSizeMb: MAX_HEAP_MB, stackSizeMb: MAX_STACK_MB };
  const worker = new Worker(file, { resourceLimits, stdout: true, stderr: true, env: {} });
  // An error is followed by the exit, which the job hears; without a listener it would end this process.
  worker.on("error", () => undefined);
  return worker;
}

/** Threads that have done a job and wait a little for the next: starting one takes longer than most jobs. */
const idle: { file: string; worker: Worker; timer: NodeJS.Timeout; drop: () => void }[] = [];

function idleWorker(file: URL): Worker | null {
  const at = idle.findIndex((entry) => entry.file === file.href);
  const [entry] = at === -1 ? [] : idle.splice(at, 1);
  if (!entry) return null;
  clearTimeout(entry.timer);
  entry.worker.off("exit", entry.drop);
  return entry.worker;
}

function keepIdle(file: URL, worker: Worker): void {
  const drop = () => {
    clearTimeout(timer);
    const at = idle.indexOf(entry);
    if (at !== -1) idle.splice(at, 1);
    void worker.terminate();
  };
  const timer = setTimeout(drop, IDLE_MS).unref();
  const entry = { file: file.href, worker, timer, drop };
  worker.once("exit", drop);
  worker.unref();
  idle.push(entry);
}
