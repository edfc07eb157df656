import type { Run } from "@bureau/protocol";

const TRIGGERS: Readonly<Record<string, string>> = {
  person: "Asked for by a person",
  message: "Began with a message",
  goal: "Work on the goal",
  resume: "Resumed",
  check: "Checks were asked for",
  task: "A task",
  schedule: "Its time had come",
};

/** What started a run, in words. */
export function sayTrigger(trigger: string): string {
  return TRIGGERS[trigger] ?? trigger.replace(/[_.]/g, " ");
}

/** How long a run took from when it began, or has taken so far; null before it begins. */
export function runDurationMs(run: Pick<Run, "startedAt" | "endedAt">, now: number): number | null {
  if (run.startedAt === null) return null;
  const end = run.endedAt === null ? now : Date.parse(run.endedAt);
  return Math.max(0, end - Date.parse(run.startedAt));
}
