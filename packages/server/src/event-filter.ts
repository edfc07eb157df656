import type { BureauEvent, LiveDelta } from "@bureau/protocol";

/** Which events a reader wants; null is any. */
export interface EventFilter {
  runId: string | null;
  threadId: string | null;
  goal: { id: string; threadId: string } | null;
  /** Runs whose deltas are wanted; grows with the events. */
  runs: Set<string>;
}

/** True when the reader wants the event. A run that begins is added to those whose deltas are wanted. */
export function wantsEvent(filter: EventFilter, event: BureauEvent): boolean {
  const isWanted =
    (filter.runId === null || filter.runId === event.runId) &&
    (filter.threadId === null || filter.threadId === event.threadId) &&
    (filter.goal === null || isOfGoal(filter.goal, filter.runs, event));
  if (isWanted && event.runId !== null && event.type === "run.created") filter.runs.add(event.runId);
  return isWanted;
}

export function wantsDelta(filter: EventFilter, delta: LiveDelta): boolean {
  const isAny = filter.runId === null && filter.threadId === null && filter.goal === null;
  return isAny || filter.runs.has(delta.runId);
}

/** Events of items name their thread and run alone. */
function isOfGoal(goal: { id: string; threadId: string }, runs: ReadonlySet<string>, event: BureauEvent): boolean {
  return (
    event.goalId === goal.id || event.threadId === goal.threadId || (event.runId !== null && runs.has(event.runId))
  );
}
