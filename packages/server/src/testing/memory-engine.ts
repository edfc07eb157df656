import type { AccessApi, EngineApi } from "@bureau/engine";
import { AppError, type BureauEvent, type Goal, type LiveDelta, newId, NO_USAGE, type Run } from "@bureau/protocol";

const AT = "2026-01-01T00:00:00.000Z";

/** An engine without a database, for tests of the HTTP side alone: goals and runs are lists, work is never done. */
export interface MemoryEngine extends EngineApi {
  readonly events: BureauEvent[];
  /** What each command was given, newest last. */
  readonly calls: { name: string; input: unknown[] }[];
  addEvent(part?: Partial<BureauEvent>): BureauEvent;
  /** Adds events that are in the table but are never announced. */
  addSilently(count: number): void;
  emitDelta(delta: LiveDelta): void;
  listenerCount(): number;
}

export function aGoal(part: Partial<Goal> = {}): Goal {
  return {
    id: newId("goal"),
    name: "goal",
    agentId: "agt_1",
    threadId: "thr_1",
    parentId: null,
    kind: "finish",
    status: "active",
    version: 1,
    sentence: "",
    file: null,
    usage: NO_USAGE,
    title: "Goal",
    brief: "Brief",
    done: null,
    checks: [],
    constraints: [],
    budget: {},
    cadence: null,
    on: null,
    effort: null,
    createdAt: AT,
    updatedAt: AT,
    endedAt: null,
    ...part,
  };
}

export function aRun(part: Partial<Run> = {}): Run {
  return {
    id: newId("run"),
    threadId: "thr_1",
    agentId: "agt_1",
    goalId: null,
    taskId: null,
    status: "queued",
    trigger: "person",
    waitReason: null,
    waitUntil: null,
    outcome: null,
    failure: null,
    sentence: "",
    epoch: 0,
    stepCount: 0,
    turn: 0,
    usage: NO_USAGE,
    model: null,
    rehearsal: false,
    createdAt: AT,
    startedAt: null,
    endedAt: null,
    ...part,
  };
}

/** `access` answers for devices and sessions; without it there are none. */
export function createMemoryEngine(access: Partial<AccessApi> = {}): MemoryEngine {
  const goals = new Map<string, Goal>();
  const runs = new Map<string, Run>();
  const feed = createFeed();
  const calls: MemoryEngine["calls"] = [];
  const counts = {
    agents: 1,
    goalsActive: 0,
    goalsBlocked: 0,
    runsQueued: 0,
    runsRunning: 2,
    runsWaiting: 0,
    inboxPending: 0,
  };
  const known: Partial<EngineApi> = {
    listGoals: async () => ({ goals: [...goals.values()], nextCursor: null }),
    getGoal: async (goal) => find(goals, goal, "goal"),
    createGoal: async (input) => {
      const goal = aGoal({ brief: input.text ?? "" });
      goals.set(goal.id, goal);
      feed.addEvent({ type: "goal.created", goalId: goal.id, data: { goal } });
      return goal;
    },
    startRun: async () => {
      const run = aRun();
      runs.set(run.id, run);
      return run;
    },
    getRun: async (run) => find(runs, run, "run"),
    listRuns: async () => ({ runs: [...runs.values()], nextCursor: null }),
    listInbox: async () => ({ entries: [], nextCursor: null }),
    status: async () => ({
      workspace: "/workspace",
      model: null,
      rehearsal: false,
      sentence: "Idle.",
      halted: null,
      counts,
      lastSeq: feed.events.length,
    }),
    ready: async () => undefined,
    eventsAfter: async (seq, limit) => feed.events.filter((event) => event.seq > seq).slice(0, limit),
    lastSequence: async () => feed.events.length,
    onEvents: feed.onEvents,
    onDelta: feed.onDelta,
  };
  const own = {
    ...feed,
    calls,
    ...known,
    openSession: async () => ({ id: newId("session"), secret: "x".repeat(43), expiresAt: Date.now() + 1_000 }),
    callerOfToken: async () => null,
    callerOfSession: async () => null,
    ...access,
  };
  // Whatever is asked of a thing that is not there ends as it does in the engine.
  return new Proxy(own as unknown as MemoryEngine, {
    get: (target, name: keyof EngineApi) => {
      const value = target[name] as unknown;
      if (name in feed || name === ("calls" as string) || name === "onEvents" || name === "onDelta") return value;
      return async (...input: unknown[]) => {
        calls.push({ name, input });
        if (typeof value === "function") return value(...input);
        throw new AppError("not_found", `There is no ${String(input[0]).slice(0, 50)}.`);
      };
    },
  });
}

function createFeed() {
  const events: BureauEvent[] = [];
  const eventListeners = new Set<(events: readonly BureauEvent[]) => void>();
  const deltaListeners = new Set<(delta: LiveDelta) => void>();
  const append = (part: Partial<BureauEvent>): BureauEvent => {
    const seq = events.length + 1;
    const event = {
      seq,
      type: "run.started" as const,
      at: AT,
      threadId: null,
      runId: null,
      goalId: null,
      data: {},
      ...part,
    };
    events.push(event);
    return event;
  };
  return {
    events,
    addEvent(part: Partial<BureauEvent> = {}): BureauEvent {
      const event = append(part);
      for (const listener of eventListeners) listener([event]);
      return event;
    },
    addSilently(count: number): void {
      for (let i = 0; i < count; i += 1) append({});
    },
    emitDelta(delta: LiveDelta): void {
      for (const listener of deltaListeners) listener(delta);
    },
    listenerCount: () => eventListeners.size + deltaListeners.size,
    onEvents(listener: (events: readonly BureauEvent[]) => void): () => void {
      eventListeners.add(listener);
      return () => eventListeners.delete(listener);
    },
    onDelta(listener: (delta: LiveDelta) => void): () => void {
      deltaListeners.add(listener);
      return () => deltaListeners.delete(listener);
    },
  };
}

function find<T>(things: Map<string, T>, id: string, noun: string): T {
  const thing = things.get(id);
  if (thing !== undefined) return thing;
  throw new AppError("not_found", `There is no ${noun} ${id.slice(0, 50)}.`);
}
