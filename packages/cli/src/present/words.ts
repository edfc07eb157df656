import type { Goal, GoalStatus, Run, RunStatus, TaskStatus } from "@bureau/protocol";
import type { Terminal } from "../terminal.ts";
import { paint, type Tone } from "./text.ts";

const GOAL_TONES: Record<GoalStatus, Tone> = {
  draft: "dim",
  active: "blue",
  waiting: "yellow",
  paused: "yellow",
  blocked: "red",
  done: "green",
  abandoned: "dim",
};

const RUN_TONES: Record<RunStatus, Tone> = {
  queued: "dim",
  running: "blue",
  waiting: "yellow",
  completed: "green",
  failed: "red",
  canceled: "dim",
};

const TASK_TONES: Record<TaskStatus, Tone> = {
  open: "blue",
  in_progress: "blue",
  blocked: "red",
  done: "green",
  canceled: "dim",
};

export function goalStatus(terminal: Terminal, status: GoalStatus): string {
  return paint(terminal, GOAL_TONES[status], status);
}

export function runStatus(terminal: Terminal, status: RunStatus): string {
  return paint(terminal, RUN_TONES[status], status);
}

export function taskStatus(terminal: Terminal, status: TaskStatus): string {
  return paint(terminal, TASK_TONES[status], status.replace("_", " "));
}

/** How a goal ended, or that it goes on, as an exit code. */
export const GOAL_EXITS: Record<GoalStatus, number> = {
  draft: 0,
  active: 0,
  waiting: 7,
  paused: 6,
  blocked: 6,
  done: 0,
  abandoned: 6,
};

/** A run that ended without having done or answered anything did not reach done. */
export function runExit(run: Pick<Run, "status" | "outcome" | "waitReason">): number {
  switch (run.status) {
    case "completed":
      return run.outcome === "nothing_done" ? 6 : 0;
    case "failed":
    case "canceled":
      return 6;
    case "waiting":
      return 7;
    case "queued":
    case "running":
      return 0;
  }
}

/** What one call to the goal does is said in the goal's own sentence. */
export function goalLine(terminal: Terminal, goal: Goal): string {
  return `${goal.name}: ${goalStatus(terminal, goal.status)}. ${goal.sentence}\n`;
}
