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

/** Unknown ones first: they are what somebody has to look at. Otherwise the newest first. */
export function unknownFirst(effects: readonly Effect[]): Effect[] {
  const isUnknown = ({ status }: Effect) => status === "unknown";
  return [...effects.filter(isUnknown), ...effects.filter((effect) => !isUnknown(effect))];
}
