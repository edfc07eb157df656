import type { EventsApi } from "@bureau/engine";
import { type BureauEvent, HEARTBEAT_MS, type LiveDelta } from "@bureau/protocol";

const BATCH_EVENTS = 200;
const MAX_QUEUED_CHARACTERS = 1024 * 1024;
const MAX_CHUNK_CHARACTERS = 64 * 1024;
/** Heartbeats in a row that a reader may leave lying before it is cut off. */
const MAX_STALLED_BEATS = 2;

/** Which events a reader wants; null is any. `runs` are those whose deltas it wants, and grows with the events. */
export interface EventFilter {
  runId: string | null;
  threadId: string | null;
  goalId: string | null;
  runs: Set<string>;
}

export interface EventStreamParts {
  engine: EventsApi;
  after: number;
  filter: EventFilter;
  /** The reader went, or the server stops. */
  signal: AbortSignal;
  /** The reader takes nothing any more, so that only closing its connection helps. */
  onStalled: () => void;
  /** Called once, when nothing is held for the reader any more. */
  onEnd: () => void;
  heartbeatMs?: number;
}

/**
 * Server-sent events for one reader.
 *
 * Reads the table until it has caught up, then takes live batches; a gap between batches sends it back to the
 * table. What waits for the reader is bounded: one that is too slow gets a last comment and the end, and comes
 * back with the last number that it has seen. Deltas are sent only while caught up.
 */
export function createEventStream(parts: EventStreamParts): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const reader = createReader(parts);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await reader.next();
        if (chunk === null) controller.close();
        else controller.enqueue(encoder.encode(chunk));
      },
      cancel: () => reader.end(null),
    },
    { highWaterMark: 0 },
  );
}

interface Reader {
  /** What to send now; waits for it. Null at the end. */
  next(): Promise<string | null>;
  /** Lets go of everything. With a comment, that is sent first. */
  end(comment: string | null): void;
}

function createReader(parts: EventStreamParts): Reader {
  const { engine, filter } = parts;
  const queue = createTextQueue();
  let last = parts.after;
  let newest = parts.after;
  let live = false;
  let ended = false;
  let stalledBeats = 0;
  /** Characters of the last part of the table, which a reader may take its time for. */
  let allowance = 0;
  queue.push(": connected\nretry: 1000\n\n");

  const stopEvents = engine.onEvents((events) => {
    newest = events.at(-1)?.seq ?? newest;
    const fresh = live ? events.filter((event) => event.seq > last) : [];
    if (fresh.length === 0) return;
    if (fresh[0]?.seq === last + 1) push(framesOf(fresh));
    else {
      live = false;
      queue.wake();
    }
  });
  const stopDeltas = engine.onDelta((delta) => {
    if (live && wantsDelta(filter, delta)) push(`event: delta\ndata: ${JSON.stringify(delta)}\n\n`);
  });
  const timer = setInterval(beat, parts.heartbeatMs ?? HEARTBEAT_MS);
  const onAbort = () => end("the connection is over");
  parts.signal.addEventListener("abort", onAbort, { once: true });
  if (parts.signal.aborted) onAbort();

  function framesOf(events: readonly BureauEvent[]): string {
    last = events.at(-1)?.seq ?? last;
    return events.filter((event) => wantsEvent(filter, event)).map(frameOf).join("");
  }

  function push(text: string): void {
    queue.push(text);
    if (queue.size() > MAX_QUEUED_CHARACTERS + allowance) end("too slow: connect again and go on after the last id");
  }

  /**
   * The id in a heartbeat moves a filtered reader forward, so that it need not read again what it left out.
   * Each beat also looks into the table once, in case a batch was never announced.
   */
  function beat(): void {
    if (queue.size() === 0) {
      if (live) push(`: heartbeat\nid: ${last}\n\n`);
      live = false;
      return;
    }
    stalledBeats += 1;
    if (stalledBeats < MAX_STALLED_BEATS) return;
    end("too slow: connect again and go on after the last id");
    parts.onStalled();
  }

  function end(comment: string | null): void {
    if (ended) return;
    ended = true;
    clearInterval(timer);
    parts.signal.removeEventListener("abort", onAbort);
    stopEvents();
    stopDeltas();
    queue.clear();
    if (comment !== null) queue.push(`: ${comment}\n\n`);
    queue.wake();
    parts.onEnd();
  }

  async function readTable(): Promise<void> {
    const announced = newest;
    const events = await engine.eventsAfter(last, BATCH_EVENTS);
    if (ended) return;
    const text = framesOf(events);
    allowance = text.length;
    queue.push(text);
    // What was announced during the read may not be in it. No wait between this look and going live.
    live = events.length < BATCH_EVENTS && (newest === announced || newest <= last);
  }

  async function next(): Promise<string | null> {
    stalledBeats = 0;
    while (queue.size() === 0) {
      if (ended) return null;
      allowance = 0;
      if (live) await queue.filled();
      else await readTable().catch(() => end("the events cannot be read now: connect again"));
    }
    return queue.take(MAX_CHUNK_CHARACTERS);
  }

  return { next, end };
}

/** Text that waits to be sent, and one reader that waits for text. */
function createTextQueue() {
  let texts: string[] = [];
  let size = 0;
  let wake: () => void = () => undefined;
  return {
    size: () => size,
    wake: () => wake(),
    filled: () => new Promise<void>((resolve) => (wake = resolve)),
    push(text: string): void {
      if (text === "") return;
      texts.push(text);
      size += text.length;
      wake();
    },
    /** At least one text, and more while they fit. */
    take(limit: number): string {
      let taken = "";
      let count = 0;
      for (const text of texts) {
        if (count > 0 && taken.length + text.length > limit) break;
        taken += text;
        count += 1;
      }
      texts = texts.slice(count);
      size -= taken.length;
      return taken;
    },
    clear(): void {
      texts = [];
      size = 0;
    },
  };
}

/** Many readers get the same event: its text is made once. */
const frames = new WeakMap<BureauEvent, string>();

function frameOf(event: BureauEvent): string {
  const known = frames.get(event);
  if (known !== undefined) return known;
  const frame = `id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`;
  frames.set(event, frame);
  return frame;
}

function wantsEvent(filter: EventFilter, event: BureauEvent): boolean {
  const isWanted =
    (filter.runId === null || filter.runId === event.runId) &&
    (filter.threadId === null || filter.threadId === event.threadId) &&
    (filter.goalId === null || filter.goalId === event.goalId);
  if (isWanted && event.runId !== null && event.type === "run.created") filter.runs.add(event.runId);
  return isWanted;
}

function wantsDelta(filter: EventFilter, delta: LiveDelta): boolean {
  const isAny = filter.runId === null && filter.threadId === null && filter.goalId === null;
  return isAny || filter.runs.has(delta.runId);
}
