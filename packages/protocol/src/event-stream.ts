import { type ClientOptions, errorFrom, request, requestHeaders } from "./client.ts";
import { AppError, type ErrorCode } from "./error.ts";
import { BureauEvent, LiveDelta } from "./event.ts";
import { createSseParser, type SseMessage } from "./sse-parser.ts";

/** The server sends something at least this often. */
export const HEARTBEAT_MS = 15_000;
/** After so long without a byte the connection counts as dead. */
const SILENCE_MS = HEARTBEAT_MS * 3;
const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 10_000;
const DEFAULT_MAX_FAILURES = 100;

/** Asking again would not help. */
const FINAL_CODES: readonly ErrorCode[] = ["invalid", "unauthenticated", "forbidden", "not_found"];

export interface EventStreamOptions extends ClientOptions {
  /** The last sequence number already seen; 0 for all events. Absent: only those to come. */
  after?: number;
  run?: string;
  thread?: string;
  goal?: string;
  /** Deltas of this thread alone, or `none`; absent: of all that is watched. */
  deltas?: string;
  /** Ends the stream without an error. */
  signal?: AbortSignal;
  /** Connections in a row that may fail before the stream gives up. */
  maxFailures?: number;
  silenceMs?: number;
  firstDelayMs?: number;
  /** Told when the connection is there and when it is lost, with the reason. */
  onConnection?: (state: { connected: true } | { connected: false; error: unknown }) => void;
}

export type StreamMessage = BureauEvent | LiveDelta;

export function isDelta(message: StreamMessage): message is LiveDelta {
  return message.type === "item.delta" || message.type === "tool_call.progress";
}

/**
 * Reads `GET /api/events` without end, connecting again whenever the connection is lost.
 *
 * Every stored event after `after` comes once and in order, however often the connection breaks. Deltas are
 * live only: those sent while disconnected are lost. Ends when the signal is aborted; throws when the server
 * refuses, or after `maxFailures` connections in a row that brought nothing.
 */
export async function* openEventStream(options: EventStreamOptions): AsyncGenerator<StreamMessage, void, undefined> {
  const maxFailures = options.maxFailures ?? DEFAULT_MAX_FAILURES;
  const position = { seq: options.after };
  let failures = 0;
  while (!options.signal?.aborted) {
    const connection = new AbortController();
    const stop = () => connection.abort(options.signal?.reason);
    options.signal?.addEventListener("abort", stop, { once: true });
    try {
      for await (const message of readConnection(options, position, connection)) {
        failures = 0;
        if (message !== null) yield message;
      }
      throw new AppError("unavailable", "The event stream was closed by the server.");
    } catch (error) {
      if (options.signal?.aborted) return;
      if (error instanceof AppError && FINAL_CODES.includes(error.code)) throw error;
      failures += 1;
      if (failures >= maxFailures) throw error;
      options.onConnection?.({ connected: false, error });
    } finally {
      options.signal?.removeEventListener("abort", stop);
      connection.abort();
    }
    const delay = (options.firstDelayMs ?? FIRST_DELAY_MS) * 2 ** Math.min(failures - 1, 10);
    await wait(Math.min(delay, MAX_DELAY_MS), options.signal);
  }
}

/** Messages of one connection; null stands for a sign of life without a message. */
async function* readConnection(
  options: EventStreamOptions,
  position: { seq: number | undefined },
  connection: AbortController,
): AsyncGenerator<StreamMessage | null, void, undefined> {
  const silenceMs = options.silenceMs ?? SILENCE_MS;
  const onSilence = () =>
    connection.abort(new AppError("unavailable", `The event stream was silent for ${silenceMs} ms.`));
  let silence = setTimeout(onSilence, silenceMs);
  try {
    const response = await request(options, streamUrl(options, position.seq), {
      headers: { ...requestHeaders(options.token, null), accept: "text/event-stream" },
      signal: connection.signal,
    });
    if (!response.ok) throw await errorFrom(response);
    if (response.body === null) throw new AppError("unavailable", "The event stream has no body.");
    options.onConnection?.({ connected: true });
    const parse = createSseParser();
    const decoder = new TextDecoder();
    for await (const bytes of chunksOf(response.body)) {
      clearTimeout(silence);
      silence = setTimeout(onSilence, silenceMs);
      for (const message of parse(decoder.decode(bytes, { stream: true }))) {
        yield take(message, position);
      }
    }
  } finally {
    clearTimeout(silence);
  }
}

/** The message as an event or a delta; null when it is neither or was seen before. */
function take(message: SseMessage, position: { seq: number | undefined }): StreamMessage | null {
  const seq = message.id === null ? null : Number(message.id);
  if (message.data === null) {
    if (seq !== null) position.seq = Math.max(position.seq ?? 0, seq);
    return null;
  }
  const value: unknown = JSON.parse(message.data);
  if (message.event === "delta") return LiveDelta.parse(value);
  const event = BureauEvent.safeParse(value);
  // An event of a newer server: not understood, but seen.
  if (!event.success) return seq === null ? null : skip(seq, position);
  if (position.seq !== undefined && event.data.seq <= position.seq) return null;
  position.seq = event.data.seq;
  return event.data;
}

function skip(seq: number, position: { seq: number | undefined }): null {
  position.seq = Math.max(position.seq ?? 0, seq);
  return null;
}

function streamUrl(options: EventStreamOptions, after: number | undefined): string {
  const query = new URLSearchParams();
  if (after !== undefined) query.set("after", String(after));
  for (const name of ["run", "thread", "goal", "deltas"] as const) {
    const value = options[name];
    if (value !== undefined) query.set(name, value);
  }
  return `${options.baseUrl}/api/events?${query.toString()}`;
}

/** Browsers do not all iterate streams, so this reads by hand. */
async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = body.getReader();
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
    if (signal?.aborted) done();
  });
}
