import { Worker } from "node:worker_threads";

/** A pattern or schema that takes longer is ended: one written without care can take years. */
const WORK_MS = 2000;
/** For the thread to begin, on a machine that is busy. */
const START_MS = 30_000;
const MEMORY_MB = 256;

export interface ContentJob {
  text: string;
  pattern: string | null;
  schema: unknown;
}

/** What the thread says. */
export type ContentReport =
  | { type: "ready" }
  | { type: "done"; problems: string[] }
  | { type: "failed"; reason: string };

/**
 * What a text lacks against a pattern and a schema, in words; empty when it fits. Rejects when that cannot be told,
 * with the reason.
 */
export async function contentProblems(job: ContentJob, signal: AbortSignal): Promise<string[]> {
  const worker = new Worker(new URL("./check-content-main.ts", import.meta.url), {
    workerData: job,
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  try {
    return await reportOf(worker, signal);
  } finally {
    await worker.terminate();
  }
}

function reportOf(worker: Worker, signal: AbortSignal): Promise<string[]> {
  const { promise, resolve, reject } = Promise.withResolvers<string[]>();
  let timer = setTimeout(() => reject(new Error("it did not begin in time.")), START_MS);
  const onAbort = () => reject(new Error("it was stopped"));
  signal.addEventListener("abort", onAbort, { once: true });
  worker.on("message", (report: ContentReport) => {
    if (report.type === "done") return resolve(report.problems);
    if (report.type === "failed") return reject(new Error(report.reason));
    clearTimeout(timer);
    timer = setTimeout(() => resolve([`Comparing took longer than ${WORK_MS / 1000} s and was stopped.`]), WORK_MS);
  });
  worker.once("error", reject);
  worker.once("exit", () => reject(new Error("it ended without a result.")));
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  });
}
