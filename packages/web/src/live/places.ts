import type { Run, Step, ToolCall, View } from "@bureau/protocol";

/** Places of the view that hold things by their id. */
export const PLACES = [
  "agents",
  "goals",
  "evidence",
  "tasks",
  "threads",
  "runs",
  "steps",
  "toolCalls",
  "inbox",
] as const;
export type Place = (typeof PLACES)[number];

/** Which field of an event's data goes into which place, as in `applyEvent`. */
export const PLACE_OF_FIELD: Readonly<Record<string, Place>> = {
  agent: "agents",
  goal: "goals",
  evidence: "evidence",
  task: "tasks",
  thread: "threads",
  run: "runs",
  step: "steps",
  toolCall: "toolCalls",
  entry: "inbox",
};

/** A field that only whole things have. An event's part of a thing that was never seen whole lacks it. */
export const MARK_OF_WHOLE: Record<Place, string> = {
  agents: "folder",
  goals: "threadId",
  evidence: "requirement",
  tasks: "agentId",
  threads: "title",
  runs: "threadId",
  steps: "runId",
  toolCalls: "runId",
  inbox: "kind",
};

/**
 * How many things a place may hold before those that are over and were not touched for longest are let go. Each event
 * copies its places, so this is also what bounds the time that an event takes.
 */
const MOST_HELD: Record<Place, number> = {
  agents: Number.POSITIVE_INFINITY,
  goals: 1_000,
  evidence: 2_000,
  tasks: 1_000,
  threads: 1_000,
  runs: 1_000,
  steps: 2_000,
  toolCalls: 2_000,
  inbox: 1_000,
};
/** So that letting go is not done at each event. */
const SLACK = 1.1;

const OPEN_STATUSES = new Set(["queued", "running", "waiting", "pending", "awaiting_approval", "open", "in_progress"]);
const OPEN_GOALS = new Set(["draft", "active", "waiting", "paused", "blocked"]);

interface Held {
  /** When each thing was told of or fetched last; a thing that is not in here is the oldest. */
  touchedAt: ReadonlyMap<string, number>;
  /** What is on the screen. */
  isThreadHeld: (threadId: string) => boolean;
}

/**
 * The view without the oldest of what is over, where there is more of it than a place may hold.
 *
 * Whatever is open stays, and so does all that belongs to a thread that is held. Gives the same view when there is
 * nothing to let go.
 */
export function withoutOldest(view: View, held: Held, most: Record<Place, number> = MOST_HELD): View {
  let next = view;
  for (const place of PLACES) {
    const things: Readonly<Record<string, unknown>> = view[place];
    const ids = Object.keys(things);
    if (ids.length <= most[place] * SLACK) continue;
    const goes = ids
      .filter((id) => !isOpen(place, things[id]) && !isHeld(view, place, things[id], held))
      .toSorted((one, other) => (held.touchedAt.get(one) ?? 0) - (held.touchedAt.get(other) ?? 0))
      .slice(0, ids.length - most[place]);
    const gone = new Set(goes);
    const left = Object.fromEntries(Object.entries(things).filter(([id]) => !gone.has(id)));
    next = { ...next, [place]: left };
  }
  return next;
}

function isOpen(place: Place, thing: unknown): boolean {
  if (place === "threads" || place === "evidence") return false;
  const status = fieldOf(thing, "status");
  return place === "goals" ? OPEN_GOALS.has(status) : OPEN_STATUSES.has(status);
}

function isHeld(view: View, place: Place, thing: unknown, { isThreadHeld }: Held): boolean {
  if (place === "threads") return isThreadHeld(fieldOf(thing, "id"));
  if (place !== "steps" && place !== "toolCalls") return isThreadHeld(fieldOf(thing, "threadId"));
  const run: Run | undefined = view.runs[fieldOf(thing, "runId" satisfies keyof Step & keyof ToolCall)];
  return run !== undefined && isThreadHeld(run.threadId);
}

function fieldOf(thing: unknown, field: string): string {
  const value = typeof thing === "object" && thing !== null ? Reflect.get(thing, field) : undefined;
  return typeof value === "string" ? value : "";
}

/** Things touched later than these many others are the only ones whose order matters. */
const MAX_TOUCHES = 50_000;
/** Touches between two looks at what can be let go. */
const SWEEP_EVERY = 500;

/** Remembers what was told of or fetched last, and lets go of the oldest of what is over from time to time. */
export function createSweeper(isThreadHeld: (threadId: string) => boolean) {
  const touchedAt = new Map<string, number>();
  let touches = 0;
  let sweptAt = 0;
  return {
    touch(id: string): void {
      touches += 1;
      touchedAt.delete(id);
      touchedAt.set(id, touches);
    },
    sweep(view: View): View {
      if (touches - sweptAt < SWEEP_EVERY) return view;
      sweptAt = touches;
      for (const id of touchedAt.keys()) {
        if (touchedAt.size <= MAX_TOUCHES) break;
        touchedAt.delete(id);
      }
      return withoutOldest(view, { touchedAt, isThreadHeld });
    },
  };
}
