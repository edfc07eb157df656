import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Job, Place, RunningSubject } from "./subject.ts";

const STOP_MS = 5000;

export interface NodeProgram {
  pid: number;
  send(value: unknown): void;
  /** The next line of its output, as JSON. Rejects when it has ended. */
  nextLine(): Promise<unknown>;
  /** Ends it by closing its input, by force after a while. */
  stop(): Promise<void>;
}

/** Starts a TypeScript program that speaks lines of JSON over its input and output. */
export async function startNode(path: string, environment: Record<string, string>): Promise<NodeProgram> {
  const child = spawn(process.execPath, [path], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...environment },
  });
  await once(child, "spawn");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    pid: child.pid ?? 0,
    send: (value) => void child.stdin.write(`${JSON.stringify(value)}\n`),
    nextLine: async () => {
      const next = await lines.next();
      if (next.done) throw new Error(`${path} ended with code ${child.exitCode} before it answered.`);
      return JSON.parse(next.value) as unknown;
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      child.stdin.end();
      await ended;
      clearTimeout(timer);
    },
  };
}

/** A subject that is one Node program built with `serveJobs`. */
export async function startProgramSubject(path: string, place: Place): Promise<RunningSubject> {
  const program = await startNode(path, { BENCH_PLACE: JSON.stringify(place) });
  await program.nextLine();
  return {
    pids: () => [program.pid],
    submit: async (job) => {
      program.send(job);
      await program.nextLine();
    },
    stop: () => program.stop(),
  };
}

/** The other end: says that it is ready, then runs the jobs that come, one after the other, until its input ends. */
export async function serveJobs(runAgent: (prompt: string, job: Job) => Promise<void>): Promise<void> {
  process.stdout.write('{"ready":true}\n');
  for await (const line of createInterface({ input: process.stdin })) {
    const job = JSON.parse(line) as Job;
    await Promise.all(job.prompts.map((prompt) => runAgent(prompt, job)));
    process.stdout.write('{"done":true}\n');
  }
  process.exit(0);
}

export function placeOfProgram(): Place {
  return JSON.parse(process.env["BENCH_PLACE"] ?? "null") as Place;
}
