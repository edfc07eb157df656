import { applyEvent, type BureauEvent, EMPTY_VIEW, isDelta, type Run, type View } from "@bureau/protocol";
import type { Call } from "./command-line.ts";
import type { Connection, EventFilter } from "./connect.ts";
import { createPrinter } from "./present/printer.ts";

export interface FollowOptions {
  call: Pick<Call, "terminal" | "options">;
  connection: Connection;
  filter: EventFilter;
  /** The last sequence number that is already known. */
  after: number;
  /** What is known when it begins: things of events that come are laid over it. */
  view?: View;
  /** Leaves out what the person says, who has just written it. */
  hidesPerson?: boolean;
  /** The exit code when this event is the last one to wait for, else null. */
  end(event: BureauEvent, view: View): number | null;
  /** Steps that had begun before. */
  begun?: readonly string[];
  /** Ends it early; it then returns null. */
  signal: AbortSignal;
}

export interface Followed {
  /** Null when it was ended early. */
  exitCode: number | null;
  view: View;
}

/** Kinds of waiting that only a person ends. */
const PERSON_WAITS: readonly Run["waitReason"][] = ["approval", "question", "sign_off", "paused"];

/** Writes what happens as it happens, until the event that ends it. In JSON: one event or delta a line. */
export async function follow(options: FollowOptions): Promise<Followed> {
  const { terminal, options: flags } = options.call;
  const printer =
    flags.json === true
      ? null
      : createPrinter(terminal, { hidesPerson: options.hidesPerson === true, begun: options.begun ?? [] });
  let view = options.view ?? { ...EMPTY_VIEW, lastSeq: options.after };
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  try {
    for await (const message of options.connection.events(options.after, options.filter, signal)) {
      if (printer === null) terminal.out(`${JSON.stringify(message)}\n`);
      if (isDelta(message)) {
        printer?.delta(message);
        continue;
      }
      view = applyEvent(view, message);
      printer?.event(message, view);
      const exitCode = options.end(message, view);
      if (exitCode !== null) return { exitCode, view };
    }
    return { exitCode: null, view };
  } finally {
    stop.abort();
    printer?.close();
  }
}

/** Ends with the run: 0 done, 6 not done, 7 when it waits for a person. */
export function endOfRun(runId: string): FollowOptions["end"] {
  return (event) => {
    if (event.runId !== runId) return null;
    const run = event.data["run"] as Partial<Run> | undefined;
    switch (event.type) {
      case "run.completed":
        return run?.outcome === "nothing_done" ? 6 : 0;
      case "run.failed":
      case "run.canceled":
        return 6;
      case "run.waiting":
        return waitsForPerson(run) ? 7 : null;
      default:
        return null;
    }
  };
}

/** Ends with the goal, whatever number of runs it takes; also when it needs a person or is held. */
export function endOfGoal(goalId: string): FollowOptions["end"] {
  return (event, view) => {
    if (event.goalId !== goalId) return null;
    if (event.type === "run.waiting") return waitsForPerson(event.data["run"] as Partial<Run> | undefined) ? 7 : null;
    if (event.type !== "goal.updated") return null;
    switch (view.goals[goalId]?.status) {
      case "done":
        return 0;
      case "blocked":
      case "paused":
      case "abandoned":
        return 6;
      default:
        return null;
    }
  };
}

function waitsForPerson(run: Partial<Run> | undefined): boolean {
  return run?.waitReason != null && PERSON_WAITS.includes(run.waitReason);
}
