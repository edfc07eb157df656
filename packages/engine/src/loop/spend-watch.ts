import type { Clock } from "../clock.ts";
import type { Held } from "../commands/hold-spending.ts";
import {
  isMuch,
  judgeRate,
  MAX_IDLE_CALLS,
  RATE_WINDOW_MS,
  type SpendWindow,
  USUAL_WINDOWS,
} from "../domain/spend-rate.ts";
import type { Queryable } from "../store/database.ts";
import { spendWindows, type WatchedScope } from "../store/spend-windows.ts";

const MINUTE_MS = 60_000;
/** What is remembered of scopes that are not at work any more is dropped at this many. */
const MAX_REMEMBERED = 5_000;
/** After a look that found nothing wrong, so much more must be spent before the next one. */
const LOOK_AGAIN_FACTOR = 1.5;

/** What a step's model calls came to. */
export interface SettledCalls {
  runId: string;
  goalId: string | null;
  agent: { id: string; name: string };
  tokens: number;
  micros: number;
  /** Model calls that came to neither a tool call nor a word. */
  idleCalls: number;
}

export interface SpendWatchParts {
  /** Repeated during an outage. */
  reads: Queryable;
  clock: Clock;
  /** Pauses the work and asks a person whether it may go on. */
  hold(held: Held, title: string): Promise<void>;
  log: (level: "warn" | "error", message: string) => void;
}

interface Stretch extends SpendWindow {
  place: number;
  /** Sums at which it was compared with earlier ones last. */
  looked: SpendWindow;
}

interface Watched {
  scope: WatchedScope;
  held: Held;
  who: string;
}

/** Much was spent, and more than when it was looked at last. */
function isDue({ tokens, micros, looked }: Stretch): boolean {
  const isMore = tokens > looked.tokens * LOOK_AGAIN_FACTOR || micros > looked.micros * LOOK_AGAIN_FACTOR;
  return isMore && isMuch({ tokens, micros });
}

/**
 * Watches how fast a run, an agent and the workspace spend, and how often a goal calls a model for nothing.
 *
 * Sums are kept in memory and cost nothing; only when one is large is it compared with what is in the store. What is
 * judged is what was settled: nothing is looked at while nothing is spent.
 */
export class SpendWatch {
  readonly #parts: SpendWatchParts;
  readonly #stretches = new Map<string, Stretch>();
  readonly #idle = new Map<string, { minute: number; calls: number }>();
  #judging: Promise<void> = Promise.resolve();

  constructor(parts: SpendWatchParts) {
    this.#parts = parts;
  }

  settled(calls: SettledCalls): void {
    const { runId, goalId, agent } = calls;
    const own: Held = goalId === null ? { of: "run", id: runId } : { of: "goal", id: goalId };
    // The narrowest first: what it holds is no reason to hold more.
    const scopes: Watched[] = [
      { scope: { of: "run", id: runId }, held: own, who: goalId === null ? "A run" : "A goal's run" },
      { scope: { of: "agent", id: agent.id }, held: { of: "agent", id: agent.id }, who: `The agent ${agent.name}` },
      { scope: { of: "workspace", id: "" }, held: { of: "workspace", id: "" }, who: "The workspace" },
    ];
    const stretches = scopes.map(({ scope }) => this.#add(scope, calls));
    if (stretches.some(isDue)) this.#later(() => this.#judge(scopes, stretches));
    if (goalId !== null && calls.idleCalls > 0) this.#countIdle(goalId, calls.idleCalls);
  }

  /** Resolves when everything told so far is judged. */
  async judged(): Promise<void> {
    await this.#judging;
  }

  #add({ of, id }: WatchedScope, calls: SpendWindow): Stretch {
    const place = Math.floor(this.#parts.clock.now() / RATE_WINDOW_MS);
    const key = `${of}:${id}`;
    const known = this.#stretches.get(key);
    const stretch = known?.place === place ? known : { place, tokens: 0, micros: 0, looked: { tokens: 0, micros: 0 } };
    stretch.tokens += calls.tokens;
    stretch.micros += calls.micros;
    if (this.#stretches.size >= MAX_REMEMBERED && !known) this.#stretches.clear();
    this.#stretches.set(key, stretch);
    return stretch;
  }

  async #judge(scopes: Watched[], stretches: Stretch[]): Promise<void> {
    for (const [index, { scope, held, who }] of scopes.entries()) {
      const stretch = stretches[index]!;
      if (!isDue(stretch)) continue;
      const spent = { tokens: stretch.tokens, micros: stretch.micros };
      stretch.looked = spent;
      const since = { ms: (stretch.place - USUAL_WINDOWS) * RATE_WINDOW_MS, lengthMs: RATE_WINDOW_MS };
      const windows = await spendWindows(this.#parts.reads, scope, since);
      windows.delete(stretch.place);
      const verdict = judgeRate(spent, [...windows.values()]);
      if (verdict.ok) continue;
      for (const wider of stretches.slice(index + 1)) {
        wider.tokens -= spent.tokens;
        wider.micros -= spent.micros;
      }
      await this.#parts.hold(held, `${who} ${verdict.sentence}. Go on?`);
      return;
    }
  }

  #countIdle(goalId: string, calls: number): void {
    const minute = Math.floor(this.#parts.clock.now() / MINUTE_MS);
    const known = this.#idle.get(goalId);
    const count = (known?.minute === minute ? known.calls : 0) + calls;
    if (this.#idle.size >= MAX_REMEMBERED && !known) this.#idle.clear();
    this.#idle.set(goalId, { minute, calls: count });
    if (count <= MAX_IDLE_CALLS) return;
    this.#idle.delete(goalId);
    const title = `A goal called its model ${count} times in a minute without a tool call or a word. Go on?`;
    this.#later(() => this.#parts.hold({ of: "goal", id: goalId }, title));
  }

  /** One after another, so that a burst of calls asks the store once at a time. */
  #later(work: () => Promise<void>): void {
    this.#judging = this.#judging.then(work).catch((error: unknown) => {
      this.#parts.log("warn", `What was spent could not be judged: ${String(error)}`);
    });
  }
}
