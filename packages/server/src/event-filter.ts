import type { BureauEvent, LiveDelta } from "@bureau/protocol";

/** Which events a reader wants; null is any. */
export interface EventFilter {
  runId: string | null;
  threadId: string | null;
  goal: { id: string; threadId: string } | null;
  /** Runs whose deltas are wanted; grows with the events. */
  runs: Set<string>;
  /** The one thread whose deltas are wanted (`none` is no thread's id) and its open runs; null: as the rest says. */
  deltas: { threadId: string; runs: Set<string> } | null;
}

/** True when the reader wants the event. A run that begins is added to those whose deltas are wanted. */
export function wantsEvent(filter: EventFilter, event: BureauEvent): boolean {
  const isWanted =
    (filter.runId === null || filter.runId === event.runId) &&
    (filter.threadId === null || filter.threadId === event.threadId) &&
    (filter.goal === null || isOfGoal(filter.goal, filter.runs, event));
  if (event.runId !== null && event.type === "run.created") {
    if (isWanted) filter.runs.add(event.runId);
    if (filter.deltas?.threadId === event.threadId) filter.deltas?.runs.add(event.runId);
  }
  return isWanted;
}

export function wantsDelta(filter: EventFilter, delta: LiveDelta): boolean {
  if (filter.deltas !== null) return filter.deltas.runs.has(delta.runId);
  const isAny = filter.runId === null && filter.threadId === null && filter.goal === null;
  return isAny || filter.runs.has(delta.runId);
}

/** Events of items name their thread and run alone. */
function isOfGoal(goal: { id: string; threadId: string }, runs: ReadonlySet<string>, event: BureauEvent): boolean {
  return (
    event.goalId === goal.id || event.threadId === goal.threadId || (event.runId !== null && runs.has(event.runId))
  );
}
