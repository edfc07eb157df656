import { TERMINAL_RUN_STATUSES } from "@bureau/protocol";
import { useSyncExternalStore } from "react";
import { client } from "../../lib/session.ts";
import { readLive, subscribeLive } from "../../live/store.ts";
import { toastFailure } from "../../ui/toast.tsx";
import { addQueued, markSending, nextToSend, type QueuedMessage, readQueued, removeQueued } from "./queued-messages.ts";

const LOCK = "bureau.queued-messages";

let queued: readonly QueuedMessage[] = readQueued(window.localStorage);
let isAtWork = false;
const listeners = new Set<() => void>();

/** Keeps a message on this device until a run is over; sent from then on by whichever window has Bureau open. */
export function queueMessage(threadId: string, runId: string, text: string): void {
  show(addQueued(window.localStorage, { id: crypto.randomUUID(), threadId, runId, text }));
  void sendDue();
}

export function dropQueued(id: string): void {
  show(removeQueued(window.localStorage, id));
}

/** Sends one whose sending broke off once more, on a person's word. */
export function sendAgain(id: string): void {
  show(markSending(window.localStorage, id, false));
  void sendDue();
}

export function useQueued(): readonly QueuedMessage[] {
  return useSyncExternalStore(subscribe, () => queued);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function show(next: readonly QueuedMessage[]): void {
  queued = next;
  for (const listener of listeners) listener();
}

function isOver(runId: string): boolean {
  const run = readLive().view.runs[runId];
  return run !== undefined && TERMINAL_RUN_STATUSES.includes(run.status);
}

/** Sends what is due, one after the other, in one window alone. */
async function sendDue(): Promise<void> {
  if (isAtWork || queued.length === 0 || nextToSend(queued, isOver) === null) return;
  isAtWork = true;
  try {
    await navigator.locks.request(LOCK, sendAll);
  } catch (error) {
    toastFailure(error);
  } finally {
    isAtWork = false;
  }
}

async function sendAll(): Promise<void> {
  // Another window may have sent some in the meantime.
  show(readQueued(window.localStorage));
  for (let next = nextToSend(queued, isOver); next !== null; next = nextToSend(queued, isOver)) {
    show(markSending(window.localStorage, next.id, true));
    await client.postMessage({ params: { threadId: next.threadId }, body: { text: next.text } });
    show(removeQueued(window.localStorage, next.id));
  }
}

subscribeLive(() => void sendDue());
window.addEventListener("storage", () => show(readQueued(window.localStorage)));
