import type { EventsApi } from "@bureau/engine";
import { type BureauEvent, HEARTBEAT_MS, type LiveDelta } from "@bureau/protocol";
import { type EventFilter, wantsDelta, wantsEvent } from "./event-filter.ts";
import { TextQueue } from "./text-queue.ts";

const BATCH_EVENTS = 200;
const MAX_QUEUED_CHARACTERS = 1024 * 1024;
const MAX_CHUNK_CHARACTERS = 64 * 1024;
/** Heartbeats in a row that a reader may leave lying before it is cut off. */
const MAX_STALLED_BEATS = 2;
const TOO_SLOW = "too slow: connect again and go on after the last id";

export interface EventStreamParts {
  engine: EventsApi;
  /** The last sequence number that the reader has seen. */
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
  const reader = new EventReader(parts);
  reader.start();
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

class EventReader {
  readonly #parts: EventStreamParts;
  readonly #queue = new TextQueue();
  /** The last event that was put into the queue or left out. */
  #last: number;
  /** The newest event that was announced. */
  #newest: number;
  #live = false;
  #ended = false;
  #stalledBeats = 0;
  /** Characters of the last part of the table, which a reader may take its time for. */
  #allowance = 0;
  #release: () => void = () => undefined;

  constructor(parts: EventStreamParts) {
    this.#parts = parts;
    this.#last = parts.after;
    this.#newest = parts.after;
  }

  start(): void {
    const { engine, signal, heartbeatMs } = this.#parts;
    this.#queue.push(": connected\nretry: 1000\n\n");
    const stopEvents = engine.onEvents((events) => this.#hear(events));
    const stopDeltas = engine.onDelta((delta) => this.#hearDelta(delta));
    const timer = setInterval(() => this.#beat(), heartbeatMs ?? HEARTBEAT_MS);
    const onAbort = () => this.end("the connection is over");
    signal.addEventListener("abort", onAbort, { once: true });
    this.#release = () => {
      clearInterval(timer);
      signal.removeEventListener("abort", onAbort);
      stopEvents();
      stopDeltas();
    };
    if (signal.aborted) onAbort();
  }

  /** What to send now; waits for it. Null at the end. */
  async next(): Promise<string | null> {
    this.#stalledBeats = 0;
    while (this.#queue.size === 0) {
      if (this.#ended) return null;
      this.#allowance = 0;
      if (this.#live) await this.#queue.woken();
      else await this.#readTable().catch(() => this.end("the events cannot be read now: connect again"));
    }
    return this.#queue.take(MAX_CHUNK_CHARACTERS);
  }

  /** Lets go of everything. A comment is sent before the end. */
  end(comment: string | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#release();
    this.#queue.clear();
    if (comment !== null) this.#queue.push(`: ${comment}\n\n`);
    this.#queue.wake();
    this.#parts.onEnd();
  }

  async #readTable(): Promise<void> {
    const announced = this.#newest;
    const events = await this.#parts.engine.eventsAfter(this.#last, BATCH_EVENTS);
    if (this.#ended) return;
    const text = this.#framesOf(events);
    this.#allowance = text.length;
    this.#queue.push(text);
    // What was announced during the read may not be in it. No wait between this look and going live.
    this.#live = events.length < BATCH_EVENTS && (this.#newest === announced || this.#newest <= this.#last);
  }

  #hear(events: readonly BureauEvent[]): void {
    this.#newest = events.at(-1)?.seq ?? this.#newest;
    const fresh = this.#live ? events.filter((event) => event.seq > this.#last) : [];
    if (fresh.length === 0) return;
    if (fresh[0]?.seq === this.#last + 1) return this.#push(this.#framesOf(fresh));
    this.#live = false;
    this.#queue.wake();
  }

  #hearDelta(delta: LiveDelta): void {
    if (!this.#live || !wantsDelta(this.#parts.filter, delta)) return;
    this.#push(`event: delta\ndata: ${JSON.stringify(delta)}\n\n`);
  }

  #push(text: string): void {
    this.#queue.push(text);
    if (this.#queue.size > MAX_QUEUED_CHARACTERS + this.#allowance) this.end(TOO_SLOW);
  }

  /**
   * The id in a heartbeat moves a filtered reader forward, so that it need not read again what it left out.
   * Each beat also looks into the table once, in case a batch was never announced.
   */
  #beat(): void {
    if (this.#queue.size === 0) {
      if (this.#live) this.#push(`: heartbeat\nid: ${this.#last}\n\n`);
      this.#live = false;
      return;
    }
    this.#stalledBeats += 1;
    if (this.#stalledBeats < MAX_STALLED_BEATS) return;
    this.end(TOO_SLOW);
    this.#parts.onStalled();
  }

  #framesOf(events: readonly BureauEvent[]): string {
    this.#last = events.at(-1)?.seq ?? this.#last;
    return events
      .filter((event) => wantsEvent(this.#parts.filter, event))
      .map(frameOf)
      .join("");
  }
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
