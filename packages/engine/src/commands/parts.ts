import type { Clock } from "../clock.ts";
import type { OpenedDatabase, Queryable } from "../store/database.ts";
import type { NewEvent } from "../store/events.ts";
import type { Tool } from "../tools/tool.ts";

/** What the dispatcher is told of a run: its id and how many times it was handed over. */
export interface DispatchedRun {
  id: string;
  dispatch: number;
  /** A lower number goes first. */
  priority: number;
  /** Milliseconds since 1970; absent means now. */
  delayUntil?: number;
}

export interface Dispatcher {
  /** Hands runs over in the caller's transaction: they are taken up only if that commits. */
  enqueue(transaction: Queryable, ...runs: DispatchedRun[]): Promise<void>;
  /** Says that something was enqueued and committed. */
  kick(): void;
}

export interface Signals {
  /** Ends the step that this process has in flight for the run, if it drives it. */
  interrupt(runId: string): void;
}

/** What the use cases stand on. Nothing else reaches them. */
export interface CommandParts {
  database: OpenedDatabase;
  clock: Clock;
  /** Absolute, real path of the workspace's folder. */
  workspace: { folder: string };
  dispatcher: Dispatcher;
  signals: Signals;
  /** The tool that an agent calls by that name, to check changed arguments by; null when there is none now. */
  toolNamed(name: string, agent: { folder: string }): Promise<Tool | null>;
  /** Called with the events of each change that was committed here. Must not throw. */
  onEvents?: (events: readonly NewEvent[]) => void;
}

/** What starts a run. */
export type Trigger = "person" | "message" | "goal" | "resume" | "check" | "task";

/** Runs that a person waits for go before work that goes on by itself. */
export const PRIORITY: Record<Trigger, number> = {
  person: 10,
  message: 10,
  check: 50,
  resume: 100,
  goal: 100,
  task: 100,
};
