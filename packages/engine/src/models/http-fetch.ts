import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

/** Why a connection gave no answer; found again in the cause of the error that reaches the caller. */
export type TransportCode = "CONNECT_TIMEOUT" | "FIRST_BYTE_TIMEOUT" | "STALLED" | "CUT";

export interface HttpFetchOptions {
  /** Longest silence between two chunks of an answer. */
  stallMs?: number | undefined;
  /** Longest wait for the head of an answer; models may think for minutes before they say a word. */
  firstByteMs?: number | undefined;
  connectMs?: number | undefined;
}

export interface HttpFetch {
  fetch: typeof globalThis.fetch;
  /** Closes the connections that are kept open. */
  close(): void;
}

export const STALL_MS = 120_000;
const FIRST_BYTE_MS = 300_000;
const CONNECT_MS = 10_000;
const KEEP_ALIVE_MS = 30_000;
const MAX_SOCKETS = 4096;
const MAX_IDLE_SOCKETS = 1024;
/** Statuses with which a standard response has no body. */
const BODILESS = new Set([204, 205, 304]);

/**
 * A `fetch` for model calls over `node:http`, which costs a third less processor time than the global one.
 *
 * It knows what model calls need and no more: text bodies, streamed answers, an abort signal, kept connections.
 * Redirects are not followed, so that a key never goes to another host. Silence ends a call by itself.
 */
export function createHttpFetch(options: HttpFetchOptions = {}): HttpFetch {
  const settings = {
    keepAlive: true,
    keepAliveMsecs: KEEP_ALIVE_MS,
    maxSockets: MAX_SOCKETS,
    maxFreeSockets: MAX_IDLE_SOCKETS,
  };
  const plain = new HttpAgent(settings);
  const secure = new HttpsAgent(settings);
  const limits = {
    stallMs: options.stallMs ?? STALL_MS,
    firstByteMs: options.firstByteMs ?? FIRST_BYTE_MS,
    connectMs: options.connectMs ?? CONNECT_MS,
  };
  return {
    fetch: async (input, init) => {
      const url = new URL(typeof input === "string" ? input : input instanceof URL ? input.href : input.url);
      const agent = url.protocol === "https:" ? secure : plain;
      return exchange(url, init ?? {}, agent, limits);
    },
    close: () => {
      plain.destroy();
      secure.destroy();
    },
  };
}

interface Limits {
  stallMs: number;
  firstByteMs: number;
  connectMs: number;
}

function exchange(url: URL, init: RequestInit, agent: HttpAgent, limits: Limits): Promise<Response> {
  return new Promise((resolve, reject) => {
    const signal = init.signal ?? null;
    if (signal?.aborted) return reject(signal.reason);
    const body = typeof init.body === "string" ? Buffer.from(init.body) : null;
    if (body === null && init.body !== undefined && init.body !== null) {
      return reject(new TypeError("A model call sends text, but its body is of another type."));
    }
    const start = url.protocol === "https:" ? httpsRequest : httpRequest;
    const headers = plainHeaders(init.headers);
    if (body !== null) headers["content-length"] = String(body.length);
    const request = start(url, { agent, method: init.method ?? "GET", headers });
    const onAbort = () => request.destroy(signal?.reason as Error);
    signal?.addEventListener("abort", onAbort, { once: true });
    const timers = watchSilence(request, url, limits);
    const ended = () => {
      timers.stop();
      signal?.removeEventListener("abort", onAbort);
    };
    request.on("error", (error) => {
      ended();
      reject(error);
    });
    request.on("response", (incoming) => {
      timers.answered();
      const stream = bodyStream(incoming, request, timers, ended, signal);
      try {
        resolve(toResponse(incoming, stream));
      } catch (error) {
        // A status or header that the standard class refuses.
        request.destroy();
        reject(error);
      }
    });
    request.end(body ?? undefined);
  });
}

function toResponse(incoming: IncomingMessage, stream: ReadableStream<Uint8Array<ArrayBuffer>>): Response {
  const status = incoming.statusCode ?? 0;
  if (BODILESS.has(status)) incoming.resume();
  const head = { status, statusText: incoming.statusMessage ?? "", headers: answerHeaders(incoming) };
  return new Response(BODILESS.has(status) ? null : stream, head);
}

interface SilenceTimers {
  answered(): void;
  chunk(): void;
  stop(): void;
  /** Why the call was ended here, if it was. */
  reason(): Error | null;
}

/** One timer for the life of a call: connecting, then the first byte, then each gap between chunks. */
function watchSilence(request: ClientRequest, url: URL, limits: Limits): SilenceTimers {
  let reason: Error | null = null;
  const fail = (code: TransportCode, message: string) => {
    reason = transportError(code, message);
    request.destroy(reason);
  };
  let timer = setTimeout(
    () => fail("FIRST_BYTE_TIMEOUT", `${url.host} sent no answer within ${limits.firstByteMs} ms.`),
    limits.firstByteMs,
  );
  let connecting: NodeJS.Timeout | null = null;
  request.on("socket", (socket) => {
    if (!socket.connecting) return;
    connecting = setTimeout(
      () => fail("CONNECT_TIMEOUT", `${url.host} took no connection within ${limits.connectMs} ms.`),
      limits.connectMs,
    );
    socket.once("connect", () => clearTimeout(connecting ?? undefined));
  });
  return {
    answered: () => {
      clearTimeout(timer);
      timer = setTimeout(
        () => fail("STALLED", `${url.host} fell silent for ${limits.stallMs} ms in mid-answer.`),
        limits.stallMs,
      );
    },
    chunk: () => void timer.refresh(),
    stop: () => {
      clearTimeout(timer);
      clearTimeout(connecting ?? undefined);
    },
    reason: () => reason,
  };
}

/** Pulled, not pushed: a slow reader slows the sender, and chunks that arrive together come as one. */
function bodyStream(
  incoming: IncomingMessage,
  request: ClientRequest,
  timers: SilenceTimers,
  ended: () => void,
  signal: AbortSignal | null,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let wake: (() => void) | null = null;
  let failure: unknown = null;
  let done = false;
  const settle = () => {
    wake?.();
    wake = null;
  };
  incoming.on("readable", () => {
    timers.chunk();
    settle();
  });
  incoming.on("end", () => {
    done = true;
    ended();
    settle();
  });
  // "close" follows and says what it was.
  incoming.on("error", () => undefined);
  incoming.on("close", () => {
    ended();
    if (!done) failure = signal?.aborted ? signal.reason : (timers.reason() ?? brokenOff());
    settle();
  });
  return new ReadableStream(
    {
      async pull(controller) {
        for (;;) {
          const chunk = incoming.read() as Buffer<ArrayBuffer> | null;
          if (chunk !== null) return controller.enqueue(chunk);
          if (done) return controller.close();
          if (failure !== null) return controller.error(failure);
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      },
      cancel() {
        ended();
        request.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}

function brokenOff(): Error {
  return transportError("CUT", "The connection closed before the answer was complete.");
}

function transportError(code: TransportCode, message: string): Error {
  return Object.assign(new Error(message), { code });
}

function plainHeaders(headers: RequestInit["headers"]): Record<string, string> {
  if (headers === undefined) return {};
  if (headers instanceof Headers || Array.isArray(headers))
    return Object.fromEntries(headers as Iterable<[string, string]>);
  return { ...(headers as Record<string, string>) };
}

function answerHeaders(incoming: IncomingMessage): [string, string][] {
  const found: [string, string][] = [];
  for (let index = 0; index + 1 < incoming.rawHeaders.length; index += 2) {
    found.push([incoming.rawHeaders[index] ?? "", incoming.rawHeaders[index + 1] ?? ""]);
  }
  return found;
}
