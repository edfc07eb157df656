import type { BrokerMessage, CommandPlan } from "./broker-protocol.ts";
import { COMMAND_MARK, type CommandProcess } from "./command-process.ts";
import { createDiskWatch, type DiskWatch } from "./disk-watch.ts";
import { createOutputBuffer, type OutputBuffer } from "./output-buffer.ts";
import { listMarked, listProcesses, treeOf, type ProcessRow } from "./process-tree.ts";
import type { CommandResult, NetworkUse } from "./sandbox.ts";

/** Called with everything that happens to a job. */
export type Listener = (message: BrokerMessage) => void;

/** One running command. */
export interface Job {
  id: string;
  plan: CommandPlan;
  process: CommandProcess;
  root: number;
  startedMs: number;
  listeners: Set<Listener>;
  output: OutputBuffer;
  setupErrors: string;
  limit: CommandResult["limit"];
  ending: "SIGTERM" | "SIGKILL" | null;
  ended: boolean;
  timers: NodeJS.Timeout[];
  network: NetworkUse | null;
  disk: DiskWatch;
  isLookingAtDisk: boolean;
}

/** From the request to end until every process is killed. */
const GRACE_MS = 300;
/** How long output is waited for once the command has ended and its children are killed. */
const DRAIN_MS = 1000;
/** Output beyond this many times what is kept is taken for a runaway. */
const ABSURD_OUTPUT_FACTOR = 100;
const MIN_ABSURD_OUTPUT_BYTES = 64 * 1024 * 1024;
const MAX_SETUP_ERROR_CHARACTERS = 2000;
/** What a shell reports when a signal ended the command: 128 and the signal's number. */
const EXIT_AFTER_CPU_SIGNAL = 128 + 24;

export function newJob(
  id: string,
  plan: CommandPlan,
  parts: { process: CommandProcess; listener: Listener; now: number },
): Job {
  const { process: commandProcess, listener } = parts;
  const { workingFolder: folder, hiddenFolders: hidden, limits } = plan;
  return {
    id,
    plan,
    process: commandProcess,
    root: commandProcess.child.pid ?? -1,
    startedMs: performance.now(),
    listeners: new Set([listener]),
    output: createOutputBuffer(plan.limits.outputBytes),
    setupErrors: "",
    limit: null,
    ending: null,
    ended: false,
    timers: [],
    network: null,
    disk: createDiskWatch({ folder, hidden, limits, since: parts.now }),
    isLookingAtDisk: false,
  };
}

/** Collects output, and calls `finish` once when the command and its children are gone and their output is read. */
export function followJob(
  job: Job,
  finish: (job: Job, code: number | null, signal: NodeJS.Signals | null) => void,
): void {
  const { child } = job.process;
  const absurd = Math.max(MIN_ABSURD_OUTPUT_BYTES, job.plan.limits.outputBytes * ABSURD_OUTPUT_FACTOR);
  const decoder = new TextDecoder();
  child.stdout?.on("data", (chunk: Buffer) => {
    job.output.add(chunk);
    tell(job, { type: "output", id: job.id, text: decoder.decode(chunk, { stream: true }) });
    if (job.output.totalBytes() > absurd) endJob(job, "output");
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    const room = MAX_SETUP_ERROR_CHARACTERS - job.setupErrors.length;
    if (room > 0) job.setupErrors += chunk.toString("utf8").slice(0, room);
  });
  child.once("error", (error) => {
    job.setupErrors = error.message;
    finish(job, null, null);
  });
  child.once("exit", (code, signal) => {
    endStrays(job);
    const timer = setTimeout(() => {
      child.stdout?.destroy();
      finish(job, code, signal);
    }, DRAIN_MS);
    job.timers.push(timer);
  });
  child.once("close", (code, signal) => finish(job, code, signal));
  job.timers.push(setTimeout(() => endJob(job, "time"), Math.max(1, job.plan.limits.timeMs)));
}

/** Asks the command's processes to end, and kills whatever is left a moment later. */
export function endJob(job: Job, limit: CommandResult["limit"]): void {
  if (job.ending !== null || job.ended) return;
  job.limit = limit;
  job.ending = "SIGTERM";
  job.timers.push(setTimeout(() => void killTree(job), GRACE_MS));
  void listProcesses().then((rows) => {
    // Parents first, as far as pids tell: a shell that lives on would remark on each child's end.
    const own = ownProcesses(job, rows).toSorted((a, b) => a.pid - b.pid);
    for (const row of own) signalProcess(row.pid, "SIGTERM");
  });
}

/** The first process of a namespace goes first: the kernel then ends all of it at once, however fast it forks. */
async function killTree(job: Job): Promise<void> {
  job.ending = "SIGKILL";
  if (job.plan.kind === "namespace") {
    const rows = await listProcesses();
    for (const row of rows) if (row.parent === job.root) signalProcess(row.pid, "SIGKILL");
    signalProcess(job.root, "SIGKILL");
    return;
  }
  const rows = await listProcesses();
  signalProcess(-job.root, "SIGKILL");
  for (const row of treeOf(job.root, rows)) signalProcess(row.pid, "SIGKILL");
  endStrays(job);
}

/** Without a namespace, what the command left behind is ended by its group and by the mark in its environment. */
function endStrays(job: Job): void {
  if (job.plan.kind === "namespace") return;
  signalProcess(-job.root, "SIGKILL");
  for (const pid of listMarked(`${COMMAND_MARK}=${job.id}`)) signalProcess(pid, "SIGKILL");
}

/** Holds a job to its limits, given what runs now. */
export function checkTree(job: Job, rows: ProcessRow[]): void {
  if (job.ended || job.ending === "SIGKILL") return;
  const tree = treeOf(job.root, rows);
  const { limits } = job.plan;
  let memory = 0;
  let cpu = 0;
  for (const row of tree) {
    memory += row.residentBytes;
    cpu += row.cpuSeconds;
  }
  const limit =
    tree.length - job.process.helpers > limits.processes
      ? "processes"
      : memory > limits.memoryBytes
        ? "memory"
        : cpu > limits.cpuSeconds
          ? "cpu"
          : null;
  if (limit !== null) endRunaway(job, limit);
}

/** The same for the disk; a look that takes long is not begun a second time. */
export async function checkDisk(job: Job, rows: ProcessRow[]): Promise<void> {
  if (job.ended || job.ending === "SIGKILL" || job.isLookingAtDisk) return;
  job.isLookingAtDisk = true;
  const inside = job.plan.kind === "namespace" ? ownProcesses(job, rows)[0]?.pid : undefined;
  const limit = await job.disk.look(inside ?? null).finally(() => (job.isLookingAtDisk = false));
  if (limit !== null && !job.ended) endRunaway(job, limit);
}

/** A runaway gets no grace: it would use it. */
function endRunaway(job: Job, limit: NonNullable<CommandResult["limit"]>): void {
  job.limit ??= limit;
  void killTree(job);
}

function ownProcesses(job: Job, rows: ProcessRow[]): ProcessRow[] {
  const tree = treeOf(job.root, rows);
  if (job.plan.kind === "group") return tree;
  const first = new Set([job.root, ...tree.filter((row) => row.parent === job.root).map((row) => row.pid)]);
  return tree.filter((row) => !first.has(row.pid));
}

export function resultOf(job: Job, code: number | null, signal: NodeJS.Signals | null): CommandResult {
  const { output, droppedBytes } = job.output.finish();
  const cpu = job.limit === null && job.ending === null && (code === EXIT_AFTER_CPU_SIGNAL || signal === "SIGXCPU");
  const limit = cpu ? "cpu" : job.limit;
  const killed = job.ending !== null;
  return {
    exitCode: killed ? null : code,
    signal: killed ? job.ending : signal,
    limit,
    output,
    droppedBytes,
    durationMs: Math.round(performance.now() - job.startedMs),
    ...(job.network === null ? {} : { network: job.network }),
  };
}

/** Adds a line of the sandbox's own to what the command wrote. */
export function remark(job: Job, line: string): void {
  job.output.add(Buffer.from(`${line}\n`));
  tell(job, { type: "output", id: job.id, text: `${line}\n` });
}

export function tell(job: Job, message: BrokerMessage): void {
  for (const listener of job.listeners) listener(message);
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  if (pid === 0 || pid === -1 || pid === 1) return;
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}
