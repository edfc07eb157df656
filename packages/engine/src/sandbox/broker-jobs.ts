import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { jobFolder, type BrokerMessage, type CommandPlan, type JobRecord } from "./broker-protocol.ts";
import {
  checkDisk,
  checkTree,
  endJob,
  followJob,
  newJob,
  remark,
  resultOf,
  tell,
  type Job,
  type Listener,
} from "./command-job.ts";
import { createCommandNetworks } from "./command-network.ts";
import { startCommandProcess, type CommandProcess } from "./command-process.ts";
import { listProcesses, processStart } from "./process-tree.ts";
import type { CommandResult, NetworkUse } from "./sandbox.ts";
import { createSpareSandboxes } from "./spare-sandboxes.ts";

/** The commands of one broker. */
export interface Jobs {
  start(id: string, plan: CommandPlan, listener: Listener): void;
  attach(id: string, listener: Listener): void;
  cancel(id: string): void;
  detach(listener: Listener): void;
  running(): number;
  /** Ends what was prepared and never used. */
  close(): void;
}

const WATCH_INTERVAL_MS = 50;
const ROUNDS_PER_DISK_LOOK = 5;
/** Of a command whose proxy died: it may have been anywhere. */
const UNKNOWN_USE: NetworkUse = { connections: 1, refused: 0, bytes: 0 };

export function createJobs(stateFolder: string, wallClock: () => number, onIdle: () => void): Jobs {
  const jobs = new Map<string, Job>();
  const spares = createSpareSandboxes();
  const networks = createCommandNetworks();
  const watch = createWatch(jobs);

  /** For a command that comes alone; of many at once, each would pay for a spare that it cannot wait for. */
  const prepareNext = (plan: CommandPlan, others: number) =>
    void setImmediate(() => {
      if (jobs.size <= others) spares.prepare(plan);
    });

  const finish = (job: Job, code: number | null, signal: NodeJS.Signals | null) => {
    if (job.ended) return;
    job.ended = true;
    for (const timer of job.timers) clearTimeout(timer);
    if (job.process.door === null) return conclude(job, code, signal);
    // What the proxy refused last is in the output before the result is.
    void networks.close(job.id).then((use) => {
      job.network = use ?? UNKNOWN_USE;
      conclude(job, code, signal);
    });
  };

  const conclude = (job: Job, code: number | null, signal: NodeJS.Signals | null) => {
    jobs.delete(job.id);
    tell(job, leave(stateFolder, job, code, signal));
    if (jobs.size > 0) return;
    prepareNext(job.plan, 0);
    onIdle();
  };

  const attach = (id: string, listener: Listener) => {
    const job = jobs.get(id);
    if (job !== undefined) job.listeners.add(listener);
    else listener(readLeft(stateFolder, id));
  };

  return {
    start(id, plan, listener) {
      if (jobs.has(id) || !claim(stateFolder, id, wallClock())) return attach(id, listener);
      let commandProcess: CommandProcess;
      try {
        commandProcess = spares.take(plan) ?? startCommandProcess(plan, id);
      } catch (error) {
        rmSync(jobFolder(stateFolder, id), { recursive: true, force: true });
        return listener({ type: "refused", id, reason: "failed", message: (error as Error).message });
      }
      const job = newJob(id, plan, { process: commandProcess, listener, now: wallClock() });
      jobs.set(id, job);
      followJob(job, finish);
      const { door } = commandProcess;
      if (door !== null && plan.network !== null) {
        networks.open(id, door, plan.network.rules, (line) => remark(job, line));
      }
      commandProcess.begin(plan.command);
      prepareNext(plan, 1);
      watch();
    },
    attach,
    cancel(id) {
      const job = jobs.get(id);
      if (job !== undefined) endJob(job, null);
    },
    detach(listener) {
      for (const job of jobs.values()) job.listeners.delete(listener);
    },
    running: () => jobs.size,
    close: () => {
      spares.close();
      networks.stop();
    },
  };
}

/** Holds all jobs to their limits while there are any; one look at the machine serves them all. */
function createWatch(jobs: Map<string, Job>): () => void {
  let watching = false;
  const look = async () => {
    for (let round = 0; jobs.size > 0; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, WATCH_INTERVAL_MS));
      const rows = await listProcesses();
      for (const job of jobs.values()) checkTree(job, rows);
      if (round % ROUNDS_PER_DISK_LOOK === 0) for (const job of jobs.values()) void checkDisk(job, rows);
    }
  };
  return () => {
    if (watching) return;
    watching = true;
    void look().finally(() => (watching = false));
  };
}

/** Makes the job's folder: only one request with this id can, whatever process it came to. */
function claim(stateFolder: string, id: string, now: number): boolean {
  const folder = jobFolder(stateFolder, id);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  const brokerStart = processStart(process.pid) ?? "";
  const record: JobRecord = { id, brokerPid: process.pid, brokerStart, startedAt: new Date(now).toISOString() };
  writeFileSync(`${folder}/request.json`, JSON.stringify(record), { mode: 0o600 });
  return true;
}

/** Writes the result where a later process finds it, and says it. */
function leave(stateFolder: string, job: Job, code: number | null, signal: NodeJS.Signals | null): BrokerMessage {
  const folder = jobFolder(stateFolder, job.id);
  const nothingRan = job.output.totalBytes() === 0 && job.limit === null && job.ending === null;
  if (job.setupErrors !== "" && nothingRan) {
    // Only the sandbox itself writes there: the command never began, so it may be started again.
    rmSync(folder, { recursive: true, force: true });
    return { type: "refused", id: job.id, reason: "failed", message: job.setupErrors.trim() };
  }
  const result = resultOf(job, code, signal);
  try {
    writeFileSync(`${folder}/result.part`, JSON.stringify(result), { mode: 0o600 });
    renameSync(`${folder}/result.part`, `${folder}/result.json`);
  } catch {
    // A full disk, or a folder that was removed: whoever listens still gets the result; a later process finds none.
  }
  return { type: "result", id: job.id, result };
}

/** What a job that does not run here has left. */
function readLeft(stateFolder: string, id: string): BrokerMessage {
  try {
    const text = readFileSync(`${jobFolder(stateFolder, id)}/result.json`, "utf8");
    return { type: "result", id, result: JSON.parse(text) as CommandResult };
  } catch {
    return { type: "refused", id, reason: "lost", message: "It was started before and left no result." };
  }
}
