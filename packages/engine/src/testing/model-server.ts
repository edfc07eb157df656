import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ModelReply, ModelWire, ScriptRequest } from "./model-reply.ts";
import { readMessages, readTools } from "./model-request.ts";
import { encodeError, encodeReply, faultStatus } from "./model-wire.ts";

export type { ModelReply, ModelWire, ScriptRequest, SeenMessage } from "./model-reply.ts";

/** A function answers each request; a list is answered in order and ends with a clear error. */
export type ModelScript =
  | readonly (ModelReply | string)[]
  | ((request: ScriptRequest) => ModelReply | string | Promise<ModelReply | string>);

export interface RecordedRequest {
  wire: ModelWire;
  model: string;
  index: number;
  path: string;
  headers: Record<string, string | string[] | undefined>;
  /** The body as it came. */
  raw: string;
  /** Milliseconds since 1970 when the whole request had arrived. */
  at: number;
}

export interface ModelServer {
  /** Address without a path: OpenAI and Anthropic base URLs are this plus `/v1`, Google's plus `/v1beta`. */
  url: string;
  openaiUrl: string;
  anthropicUrl: string;
  googleUrl: string;
  /** The newest requests, at most `MAX_RECORDED`. */
  requests: RecordedRequest[];
  /** How many requests have come, recorded or not. */
  count(): number;
  /** Connections opened so far: tells whether clients keep them. */
  connections(): number;
  setScript(script: ModelScript): void;
  /** Ends every connection, also those that stall. */
  close(): Promise<void>;
}

export interface ModelServerOptions {
  script: ModelScript;
  /** Default 0: a free port. */
  port?: number;
  /** Keep requests for later inspection; default true. Off for measuring. */
  record?: boolean;
}

const MAX_RECORDED = 20_000;
const MAX_BODY_BYTES = 64 * 1024 * 1024;
const KEEP_ALIVE_MS = 60_000;

/** A real HTTP server on loopback that speaks the streaming protocols of the model providers by a script. */
export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const state: ServerState = {
    script: options.script,
    record: options.record ?? true,
    tag: randomBytes(4).toString("hex"),
    count: 0,
    connections: 0,
    requests: [],
  };
  const server = createServer((request, response) => receive(state, request, response));
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on("connection", (socket) => {
    state.connections += 1;
    socket.setNoDelay(true);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port: options.port ?? 0, host: "127.0.0.1", backlog: 4096 }, resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    openaiUrl: `${url}/v1`,
    anthropicUrl: `${url}/v1`,
    googleUrl: `${url}/v1beta`,
    requests: state.requests,
    count: () => state.count,
    connections: () => state.connections,
    setScript: (script) => {
      state.script = script;
    },
    close: () => close(server),
  };
}

interface ServerState {
  script: ModelScript;
  record: boolean;
  tag: string;
  count: number;
  connections: number;
  requests: RecordedRequest[];
}

function receive(state: ServerState, request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) request.destroy();
    else chunks.push(chunk);
  });
  request.on("error", () => response.destroy());
  request.on("end", () => {
    const raw = Buffer.concat(chunks).toString("utf8");
    answer(state, request, response, raw).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: `The script failed: ${String(error)}` } }));
    });
  });
}

async function answer(
  state: ServerState,
  request: IncomingMessage,
  response: ServerResponse,
  raw: string,
): Promise<void> {
  const route = findRoute(request.url ?? "/");
  if (route === null) {
    response.writeHead(404, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: { message: `This server has no ${request.url ?? "/"}.` } }));
    return;
  }
  const index = state.count;
  state.count += 1;
  const body = JSON.parse(raw) as Record<string, unknown>;
  const model = route.model ?? String(body["model"]);
  if (state.record) {
    const path = request.url ?? "/";
    state.requests.push({ wire: route.wire, model, index, path, headers: request.headers, raw, at: Date.now() });
    if (state.requests.length > MAX_RECORDED) state.requests.shift();
  }
  const reply = await chooseReply(state.script, scriptRequest(route.wire, model, index, body, request));
  const delayed = reply.delayMs ?? 0;
  if (delayed > 0) await new Promise((resolve) => setTimeout(resolve, delayed));
  await send(response, route.wire, reply, { model, id: `${state.tag}_${index}`, requestBytes: raw.length });
}

function findRoute(url: string): { wire: ModelWire; model: string | null } | null {
  const path = url.split("?", 1)[0] ?? url;
  if (path.endsWith("/responses")) return { wire: "responses", model: null };
  if (path.endsWith("/chat/completions")) return { wire: "chat", model: null };
  if (path.endsWith("/messages")) return { wire: "messages", model: null };
  const google = /\/models\/([^/]+):streamGenerateContent$/.exec(path);
  return google?.[1] === undefined ? null : { wire: "google", model: decodeURIComponent(google[1]) };
}

/** Messages are read only when the script asks for them: a long history costs nothing otherwise. */
function scriptRequest(
  wire: ModelWire,
  model: string,
  index: number,
  body: Record<string, unknown>,
  request: IncomingMessage,
): ScriptRequest {
  let messages: ScriptRequest["messages"] | null = null;
  const read = () => (messages ??= readMessages(wire, body));
  return {
    wire,
    model,
    index,
    body,
    headers: request.headers,
    get messages() {
      return read();
    },
    get tools() {
      return readTools(wire, body);
    },
    get lastText() {
      return read().at(-1)?.text ?? "";
    },
    get toolTurns() {
      return read().filter((message) => message.toolCalls.length > 0).length;
    },
  };
}

async function chooseReply(script: ModelScript, request: ScriptRequest): Promise<ModelReply> {
  const reply = typeof script === "function" ? await script(request) : script[request.index];
  if (reply === undefined) throw new Error(`it has no reply left for request ${request.index}`);
  return typeof reply === "string" ? { text: reply } : reply;
}

async function send(
  response: ServerResponse,
  wire: ModelWire,
  reply: ModelReply,
  context: { model: string; id: string; requestBytes: number },
): Promise<void> {
  if (reply.fault === "drop") {
    response.socket?.destroy();
    return;
  }
  const errorKind = reply.fault === "context_overflow" || reply.fault === "usage_limit" ? reply.fault : "plain";
  const status = errorKind === "plain" ? reply.status : faultStatus(wire, errorKind);
  if (status !== undefined && status >= 400) {
    response.writeHead(status, { "content-type": "application/json", ...retryHeaders(reply) });
    response.end(encodeError(wire, status, errorKind));
    return;
  }
  const events = encodeReply(wire, reply, context);
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
  const half = Math.max(1, Math.floor(events.length / 2));
  if (reply.fault === "cut") {
    response.write(events.slice(0, half).join(""), () => response.socket?.destroy());
  } else if (reply.fault === "stall") {
    response.write(events.slice(0, half).join(""));
  } else {
    if (reply.fault === "garble") events.splice(half, 0, 'data: {"broken": \n\n');
    await stream(response, events, reply.eventDelayMs);
  }
}

function retryHeaders(reply: ModelReply): Record<string, string> {
  return {
    ...(reply.retryAfter === undefined ? {} : { "retry-after": reply.retryAfter }),
    ...(reply.retryAfterMs === undefined ? {} : { "retry-after-ms": String(reply.retryAfterMs) }),
  };
}

async function stream(response: ServerResponse, events: string[], delayMs: number | undefined): Promise<void> {
  if (delayMs === undefined) {
    response.end(events.join(""));
    return;
  }
  for (const event of events) {
    if (response.destroyed) return;
    response.write(event);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
  response.end();
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
