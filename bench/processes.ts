import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks a second in /proc/PID/stat; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const KIB = 1024;

interface ProcessStat {
  pid: number;
  parent: number;
  cpuMs: number;
}

/** The processes with these ids and all their living descendants. */
export function processTree(roots: number[]): number[] {
  const children = new Map<number, number[]>();
  for (const { pid, parent } of allProcesses()) children.set(parent, [...(children.get(parent) ?? []), pid]);
  const found = new Set<number>();
  const open = [...roots];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    if (found.has(pid)) continue;
    found.add(pid);
    open.push(...(children.get(pid) ?? []));
  }
  return [...found];
}

/** Processor time of the trees in milliseconds, children that have ended and were waited for included. */
export function cpuMs(roots: number[]): number {
  return processTree(roots).reduce((sum, pid) => sum + (readStat(pid)?.cpuMs ?? 0), 0);
}

/** Memory of the trees in bytes: shared pages counted by share where the kernel tells, else resident pages. */
export function memoryBytes(roots: number[]): number {
  return processTree(roots).reduce((sum, pid) => sum + (proportionalBytes(pid) ?? residentBytes(pid) ?? 0), 0);
}

function allProcesses(): ProcessStat[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)) ?? []);
}

function readStat(pid: number): ProcessStat | null {
  const text = readProc(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The second field is the program's name in brackets and may itself hold spaces and brackets.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3]);
  const ticks = field(14) + field(15) + field(16) + field(17);
  return { pid, parent: field(4), cpuMs: (ticks * 1000) / TICKS_PER_SECOND };
}

function proportionalBytes(pid: number): number | null {
  const match = /^Pss:\s+(\d+) kB$/m.exec(readProc(`/proc/${pid}/smaps_rollup`) ?? "");
  return match ? Number(match[1]) * KIB : null;
}

function residentBytes(pid: number): number | null {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(`/proc/${pid}/status`) ?? "");
  return match ? Number(match[1]) * KIB : null;
}

/** A process may end between listing and reading; then there is nothing to count. */
function readProc(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
