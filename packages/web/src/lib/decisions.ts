import type { InboxEntry } from "@bureau/protocol";
import { useSyncExternalStore } from "react";
import { readLive, layThings, subscribeLive } from "../live/store.ts";
import { createDecisionQueue, type DecisionAction, type QueuedDecision } from "./decision-queue.ts";
import { deviceStore } from "./device-store.ts";
import { client } from "./session.ts";
import { readNow } from "./use-now.ts";

const LOCK = "bureau.decisions";
const CHANNEL = "bureau.decisions";
/** After a reply that says "later" while the connection holds. */
const RETRY_MS = 15_000;
const ID_BYTES = 16;

const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(CHANNEL) : null;
let inThisWindow: Promise<unknown> = Promise.resolve();

const queue = createDecisionQueue({
  store: deviceStore,
  alone,
  send: sendDecision,
  who: async () => (await client.getSession()).name,
  announce: () => channel?.postMessage(null),
});

/** One at a time over all windows; where a browser has no locks (without TLS), over this one. */
async function alone<T>(work: () => Promise<T>): Promise<T> {
  if ("locks" in navigator) return await (navigator.locks.request(LOCK, work) as Promise<T>);
  const next = inThisWindow.then(work, work);
  inThisWindow = next.catch(() => undefined);
  return await next;
}

/** Sends a decision now. What the server says of the entry is shown at once. */
export async function sendDecision(entryId: string, action: DecisionAction): Promise<InboxEntry> {
  const askedAt = readLive().view.lastSeq;
  const params = { entryId };
  const { type: _, ...body } = action;
  const entry =
    "decision" in body
      ? await client.decideInboxEntry({ params, body })
      : await client.answerInboxEntry({ params, body });
  layThings("inbox", [entry], askedAt);
  return entry;
}

/** Keeps a decision until Bureau can be reached. */
export async function queueDecision(entryId: string, title: string, action: DecisionAction, by: string): Promise<void> {
  const queuedAt = new Date(readNow()).toISOString();
  await queue.add({ id: newId(), entryId, title, action, by, queuedAt });
}

/** Takes back one that waits, or puts away one that was refused. False: it was sent in the meantime. */
export function cancelDecision(id: string): Promise<boolean> {
  return queue.remove(id);
}

/** Decisions of this browser that were not sent, or that were refused; oldest first. */
export function useQueuedDecisions(): readonly QueuedDecision[] {
  return useSyncExternalStore(queue.subscribe, queue.read);
}

let isStarted = false;

/**
 * Sends what waits: now, whenever the connection comes back, and when another window has kept something.
 *
 * To be called once when the app starts for somebody who is signed in; again does nothing.
 */
export function startDecisions(): void {
  if (isStarted) return;
  isStarted = true;
  let wasLive = false;
  subscribeLive(() => {
    const isLive = readLive().connection === "live";
    if (isLive && !wasLive) void sendWaiting();
    wasLive = isLive;
  });
  window.addEventListener("online", () => void sendWaiting());
  channel?.addEventListener("message", () => void queue.reload().catch(() => undefined));
  void sendWaiting();
}

let retry: number | undefined;

/** A browser that refuses its storage has nothing kept in it. */
async function sendWaiting(): Promise<void> {
  window.clearTimeout(retry);
  const isAllSent = await queue.flush().catch(() => true);
  if (!isAllSent && readLive().connection === "live") retry = window.setTimeout(() => void sendWaiting(), RETRY_MS);
}

function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(ID_BYTES)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
