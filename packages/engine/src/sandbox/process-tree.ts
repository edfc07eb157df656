import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** One process as the system shows it. */
export interface ProcessRow {
  pid: number;
  parent: number;
  group: number;
  residentBytes: number;
  /** Processor time of the process and of its children that have ended, in seconds. */
  cpuSeconds: number;
}

const TICKS_PER_SECOND = 100;
const PAGE_BYTES = process.arch === "arm64" && process.platform === "darwin" ? 16384 : 4096;
const PS_TIMEOUT_MS = 2000;
const PS_MAX_BYTES = 4 * 1024 * 1024;

/** Every process that can be seen. One pass serves all commands. */
export async function listProcesses(): Promise<ProcessRow[]> {
  return process.platform === "linux" ? listFromProc() : listFromPs();
}

/** The root and everything that descends from it, or that is in the process group it leads. */
export function treeOf(root: number, rows: ProcessRow[]): ProcessRow[] {
  const children = new Map<number, ProcessRow[]>();
  for (const row of rows) {
    const siblings = children.get(row.parent);
    if (siblings === undefined) children.set(row.parent, [row]);
    else siblings.push(row);
  }
  const found = new Map<number, ProcessRow>();
  const waiting = rows.filter((row) => row.pid === root || row.group === root);
  for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
    if (found.has(row.pid)) continue;
    found.set(row.pid, row);
    waiting.push(...(children.get(row.pid) ?? []));
  }
  return [...found.values()];
}

/** Processes whose environment names the command: those that left its group and its tree. Linux only. */
export function listMarked(marker: string): number[] {
  if (process.platform !== "linux") return [];
  const marked: number[] = [];
  for (const name of listNames("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const environment = readQuietly(`/proc/${name}/environ`);
    if (environment !== null && environment.split("\0").includes(marker)) marked.push(Number(name));
  }
  return marked;
}

/** When a process began, in the system's own words; with the pid it names a process for good. Null when it is gone. */
export function processStart(pid: number): string | null {
  if (process.platform !== "linux") return isAlive(pid) ? "alive" : null;
  const fields = statFields(pid);
  return fields === null || fields[0] === "Z" ? null : (fields[19] ?? null);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function listFromProc(): ProcessRow[] {
  const rows: ProcessRow[] = [];
  for (const name of listNames("/proc")) {
    const first = name.charCodeAt(0);
    if (first < 48 || first > 57) continue;
    const fields = statFields(Number(name));
    if (fields === null) continue;
    const ticks = Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14]);
    rows.push({
      pid: Number(name),
      parent: Number(fields[1]),
      group: Number(fields[2]),
      residentBytes: Number(fields[21]) * PAGE_BYTES,
      cpuSeconds: ticks / TICKS_PER_SECOND,
    });
  }
  return rows;
}

/** Fields of `/proc/<pid>/stat` from the third on: the second is a name that may hold spaces and brackets. */
function statFields(pid: number): string[] | null {
  const text = readQuietly(`/proc/${pid}/stat`);
  return text === null ? null : text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // Out of descriptors for a moment: the next look sees more.
  }
}

function readQuietly(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null; // The process ended meanwhile, or is not ours to read.
  }
}

function listFromPs(): Promise<ProcessRow[]> {
  return new Promise((resolve) => {
    const options = { timeout: PS_TIMEOUT_MS, maxBuffer: PS_MAX_BYTES };
    execFile("/bin/ps", ["-axo", "pid=,ppid=,pgid=,rss=,cputime="], options, (error, text) => {
      if (error) return resolve([]);
      resolve(
        text
          .trim()
          .split("\n")
          .map((line) => {
            const [pid, parent, group, kilobytes, time = "0"] = line.trim().split(/\s+/);
            const cpuSeconds = time.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
            return {
              pid: Number(pid),
              parent: Number(parent),
              group: Number(group),
              residentBytes: Number(kilobytes) * 1024,
              cpuSeconds,
            };
          }),
      );
    });
  });
}
