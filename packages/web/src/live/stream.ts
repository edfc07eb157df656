import { openEventStream, type StreamMessage } from "@bureau/protocol";
import { client, needsSignIn } from "../lib/session.ts";
import { endCatchUp, layHalt, readLive, receive, resetDrafts, setConnection, startAt } from "./store.ts";

const RESTART_MS = 2_000;
/** A server that is down for a while is no reason to give up: the phone may lie on the table for days. */
const MAX_FAILURES = 1_000_000;
const LONGEST_BATCH_MS = 200;
/** So long after a connection was made, events are taken for what happens now. */
const CATCH_UP_MS = 500;

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
    const batch = createBatch();
    let catchingUp = 0;
    const stream = openEventStream({
      baseUrl: window.location.origin,
      after: readLive().view.lastSeq,
      deltas: watchedThread,
      signal: connection.signal,
      maxFailures: MAX_FAILURES,
      onConnection: ({ connected }) => {
        batch.flush();
        // What is written between two connections is not heard.
        resetDrafts();
        window.clearTimeout(catchingUp);
        if (connected) catchingUp = window.setTimeout(endCatchUp, CATCH_UP_MS);
        setConnection(connected ? "live" : "lost");
      },
    });
    for await (const message of stream) batch.add(message);
    batch.flush();
    window.clearTimeout(catchingUp);
    resetDrafts();
  }
}

/** What comes within one frame of the screen is one change; a page that nobody sees draws no frames, so time ends it too. */
function createBatch(): { add: (message: StreamMessage) => void; flush: () => void } {
  let messages: StreamMessage[] = [];
  let frame = 0;
  let timer = 0;
  const flush = () => {
    cancelAnimationFrame(frame);
    window.clearTimeout(timer);
    const taken = messages;
    messages = [];
    if (taken.length > 0) receive(taken);
  };
  return {
    flush,
    add(message) {
      messages.push(message);
      if (messages.length > 1) return;
      frame = requestAnimationFrame(flush);
      timer = window.setTimeout(flush, LONGEST_BATCH_MS);
    },
  };
}
