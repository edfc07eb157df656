import { parentPort } from "node:worker_threads";

/** What a thread says: something it found, or that the job is done. */
export type ThreadMessage = { found: unknown } | { done: true };

/** Makes this thread do one job after the other. A job that throws ends the thread, which the caller sees. */
export function serveJobs<Job>(run: (job: Job, tell: (found: unknown) => void) => void): void {
  const say = (message: ThreadMessage) => parentPort?.postMessage(message);
  parentPort?.on("message", (job: Job) => {
    run(job, (found) => say({ found }));
    say({ done: true });
  });
}
