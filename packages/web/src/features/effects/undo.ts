import type { Effect } from "@bureau/protocol";

/** How an effect can be undone at this moment, if it can. */
export type Undo =
  | { kind: "stop"; leftMs: number; wholeMs: number }
  | { kind: "stop_any_time" }
  | { kind: "take_back" }
  | null;

/**
 * An approved effect has not begun: it can be stopped, until its window closes where it has one. One that is done can
 * be taken back where an inverse exists.
 */
export function undoOf(effect: Effect, now: number): Undo {
  if (effect.undoneAt !== null) return null;
  if (effect.status === "done") return effect.reversible ? { kind: "take_back" } : null;
  if (effect.status !== "approved") return null;
  if (effect.undoUntil === null) return { kind: "stop_any_time" };
  const until = Date.parse(effect.undoUntil);
  if (until <= now) return null;
  const from = effect.approvedAt === null ? now : Date.parse(effect.approvedAt);
  return { kind: "stop", leftMs: until - now, wholeMs: Math.max(1, until - from) };
}

/** What somebody has to look at, then what is under way and may be stopped, then the rest in its order. */
export function pressingFirst(effects: readonly Effect[]): Effect[] {
  const rank = ({ status }: Effect) =>
    status === "unknown" ? 0 : status === "approved" || status === "started" ? 1 : 2;
  return effects.toSorted((one, other) => rank(one) - rank(other));
}
