import { readdirSync, readFileSync } from "node:fs";

/** A process of this trial. */
export interface Found {
  pid: number;
  parent: number;
  command: string;
}

/** Of these processes, those that are or stand below one whose command line names a program. */
export function below(found: Found[], program: string): Set<number> {
  const pids = new Set(found.filter(({ command }) => command.includes(program)).map(({ pid }) => pid));
  for (let size = -1; size !== pids.size;) {
    size = pids.size;
    for (const { pid, parent } of found) if (pids.has(parent)) pids.add(pid);
  }
  return pids;
}

/** Living processes whose command line names the trial's folder, and all below them. This one is none of them. */
export function processesOf(folder: string): Found[] {
  const all = listAll();
  const found = new Map<number, Found>();
  const take = (one: Found) => {
    if (found.has(one.pid) || one.pid === process.pid) return;
    found.set(one.pid, one);
    for (const child of all) if (child.parent === one.pid) take(child);
  };
  for (const one of all) if (one.command.includes(folder)) take(one);
  return [...found.values()];
}

export function isAlive(pid: number): boolean {
  return read(pid) !== null;
}

function listAll(): Found[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => read(Number(name)) ?? []);
}

/** Null when it is gone, or only the remains of a process that was not yet collected. */
function read(pid: number): Found | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [state = "", parent = "0"] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if ("ZXx".includes(state)) return null;
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return { pid, parent: Number(parent), command };
  } catch {
    return null;
  }
}
