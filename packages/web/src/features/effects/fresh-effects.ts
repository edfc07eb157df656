import type { Effect, View } from "@bureau/protocol";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { readLive, subscribeLive } from "../../live/store.ts";
import { useView } from "../../live/use-live.ts";

/** Changes of one moment are one question. */
const ASK_AFTER_MS = 250;

/**
 * What says that the ledger may have changed: decisions, calls that write outside, runs that wait for a window.
 *
 * The same objects give the same text without looking through them again.
 */
function signatureOf({ inbox, toolCalls, runs }: View): string {
  const decided = Object.values(inbox).filter(({ status }) => status !== "pending").length;
  const calls = Object.values(toolCalls)
    .filter(({ effect }) => effect === "write_outside" || effect === undefined)
    .map(({ id, status }) => `${id}${status}`);
  const waiting = Object.values(runs)
    .filter(({ status, waitReason }) => status === "waiting" && waitReason === "timer")
    .map(({ id }) => id);
  return `${decided} ${calls.join()} ${waiting.join()}`;
}

/** Asks for the effects on the screen again when something has happened that changes them. */
export function useFreshEffects(): void {
  const client = useQueryClient();
  useEffect(() => {
    let { inbox, toolCalls, runs, effects } = readLive().view;
    let signature = signatureOf(readLive().view);
    let timer: number | undefined;
    const stop = subscribeLive(() => {
      const { view } = readLive();
      if (view.inbox === inbox && view.toolCalls === toolCalls && view.runs === runs && view.effects === effects)
        return;
      const isTold = view.effects !== effects;
      ({ inbox, toolCalls, runs, effects } = view);
      const next = signatureOf(view);
      if (next === signature && !isTold) return;
      signature = next;
      window.clearTimeout(timer);
      timer = window.setTimeout(() => void client.invalidateQueries({ queryKey: ["effects"] }), ASK_AFTER_MS);
    });
    return () => {
      stop();
      window.clearTimeout(timer);
    };
  }, [client]);
}

/** An effect as it was fetched, or as an event has told it since. */
export function useNewest(effect: Effect): Effect {
  const told = useView((view) => view.effects[effect.id]);
  return told !== undefined && rank(told) >= rank(effect) ? told : effect;
}

/** How far an effect has come; it never goes back. */
function rank({ status, undoneAt }: Effect): number {
  const order: Effect["status"][] = [
    "proposed",
    "approved",
    "started",
    "unknown",
    "done",
    "failed",
    "denied",
    "taken_back",
  ];
  return order.indexOf(status) + (undoneAt === null ? 0 : order.length);
}
