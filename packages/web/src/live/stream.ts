import { isDelta, openEventStream, type StreamMessage } from "@bureau/protocol";
import { client, needsSignIn } from "../lib/session.ts";
import { layHalt, readLive, receiveDeltas, receiveEvents, setConnection, startAt } from "./store.ts";

const RESTART_MS = 2_000;
/** A server that is down for a while is no reason to give up: the phone may lie on the table for days. */
const MAX_FAILURES = 1_000_000;

/** The thread whose answers are watched as they are written; every other change comes as an event anyway. */
let watchedThread = "none";
let connection = new AbortController();
let running = false;

/** Follows the server from now on. `onSignedOut` is called when the session is over. */
export async function startLive(onSignedOut: () => void): Promise<void> {
  if (running) return;
  running = true;
  while (running) {
    try {
      const status = await client.getStatus();
      layHalt(status.halted);
      startAt(status.lastSeq);
      await follow();
    } catch (error) {
      setConnection("lost");
      if (needsSignIn(error)) {
        running = false;
        onSignedOut();
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, RESTART_MS));
    }
  }
}

/** Asks for the pieces of answers in this thread; `null` for none. The stream goes on where it was. */
export function watchThread(threadId: string | null): void {
  const next = threadId ?? "none";
  if (next === watchedThread) return;
  watchedThread = next;
  connection.abort();
}

async function follow(): Promise<void> {
  while (running) {
    connection = new AbortController();
    const stream = openEventStream({
      baseUrl: window.location.origin,
      after: readLive().view.lastSeq,
      deltas: watchedThread,
      signal: connection.signal,
      maxFailures: MAX_FAILURES,
      onConnection: ({ connected }) => setConnection(connected ? "live" : "lost"),
    });
    const batch = createBatch();
    for await (const message of stream) batch.add(message);
    batch.flush();
  }
}

/** What comes within one frame of the screen is one change; a hidden page takes it at once. */
function createBatch(): { add: (message: StreamMessage) => void; flush: () => void } {
  let messages: StreamMessage[] = [];
  let isDue = false;
  const flush = () => {
    isDue = false;
    const taken = messages;
    messages = [];
    const deltas = taken.filter(isDelta);
    const events = taken.filter((message) => !isDelta(message));
    if (deltas.length > 0) receiveDeltas(deltas);
    if (events.length > 0) receiveEvents(events);
  };
  return {
    flush,
    add(message) {
      messages.push(message);
      if (isDue) return;
      isDue = true;
      if (document.hidden) queueMicrotask(flush);
      else requestAnimationFrame(flush);
    },
  };
}
