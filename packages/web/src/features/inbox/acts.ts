import { AppError, type InboxEntry } from "@bureau/protocol";
import { useSyncExternalStore } from "react";
import type { DecisionAction } from "../../lib/decision-queue.ts";
import { queueDecision, sendDecision } from "../../lib/decisions.ts";
import { isOffline } from "../../lib/session.ts";
import { readLive } from "../../live/store.ts";
import { messageOf } from "../../ui/states.tsx";
import { sentenceOf } from "./words.ts";

/** A decision on its way, or one that was refused. */
export interface Act {
  action: DecisionAction;
  state: "sending" | "failed";
  problem: string | null;
}

export type ActResult = "done" | "queued" | "failed";

let acts: Readonly<Record<string, Act>> = {};
const listeners = new Set<() => void>();

export function useActs(): Readonly<Record<string, Act>> {
  return useSyncExternalStore(subscribe, () => acts);
}

/**
 * Decides now, or keeps the decision where Bureau cannot be reached. What was refused stays with its entry.
 *
 * `by` is who is signed in; where nobody knows, nothing is kept.
 */
export async function decide(entry: InboxEntry, action: DecisionAction, by: string | null): Promise<ActResult> {
  if (acts[entry.id]?.state === "sending") return "failed";
  put(entry.id, { action, state: "sending", problem: null });
  try {
    const result = await sendOrKeep(entry, action, by);
    put(entry.id, null);
    return result;
  } catch (error) {
    put(entry.id, { action, state: "failed", problem: problemOf(error) });
    return "failed";
  }
}

/** Forgets what was refused: it is being decided anew. */
export function forgetAct(entryId: string): void {
  if (acts[entryId]?.state === "failed") put(entryId, null);
}

export function problemOf(error: unknown): string {
  return error instanceof AppError && error.hint !== undefined ? `${error.message} ${error.hint}` : messageOf(error);
}

async function sendOrKeep(entry: InboxEntry, action: DecisionAction, by: string | null): Promise<ActResult> {
  if (navigator.onLine || by === null) {
    try {
      await sendDecision(entry.id, action);
      return "done";
    } catch (error) {
      if (!isOffline(error) || by === null) throw error;
    }
  }
  const agentName = entry.agentId === null ? null : (readLive().view.agents[entry.agentId]?.name ?? null);
  await queueDecision(entry.id, sentenceOf(entry, agentName), action, by);
  return "queued";
}

function put(entryId: string, act: Act | null): void {
  const { [entryId]: _, ...others } = acts;
  acts = act === null ? others : { ...others, [entryId]: act };
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
