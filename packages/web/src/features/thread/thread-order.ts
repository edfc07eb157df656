import type { Run, View } from "@bureau/protocol";
import { TERMINAL_RUN_STATUSES } from "@bureau/protocol";

export interface ThreadLine {
  id: string;
  title: string;
  agentName: string;
  goalTitle: string | null;
  updatedAt: string;
  openRun: Run | null;
}

export const THREAD_FILTERS = ["all", "open", "waiting"] as const;
export type ThreadFilter = (typeof THREAD_FILTERS)[number];

type Known = Pick<View, "threads" | "runs" | "agents" | "goals">;

/** Threads, the last changed first, with the run that is not over. */
export function threadLines({ threads, runs, agents, goals }: Known): ThreadLine[] {
  const open = new Map<string, Run>();
  for (const run of Object.values(runs)) {
    const other = open.get(run.threadId);
    const isNewer = other === undefined || other.createdAt < run.createdAt;
    if (isNewer && !TERMINAL_RUN_STATUSES.includes(run.status)) open.set(run.threadId, run);
  }
  return Object.values(threads)
    .map((thread) => ({
      id: thread.id,
      title: thread.title,
      agentName: agents[thread.agentId]?.name ?? "",
      goalTitle: thread.goalId === null ? null : (goals[thread.goalId]?.title ?? "A goal"),
      updatedAt: thread.updatedAt,
      openRun: open.get(thread.id) ?? null,
    }))
    .toSorted((one, other) => (one.updatedAt < other.updatedAt ? 1 : one.updatedAt > other.updatedAt ? -1 : 0));
}

/** Lines that hold all the words, of the kind that is asked for. */
export function filterThreads(lines: readonly ThreadLine[], text: string, filter: ThreadFilter): ThreadLine[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return lines.filter((line) => {
    if (filter === "open" && line.openRun === null) return false;
    if (filter === "waiting" && line.openRun?.status !== "waiting") return false;
    const known = `${line.title} ${line.agentName} ${line.goalTitle ?? ""}`.toLowerCase();
    return words.every((word) => known.includes(word));
  });
}
