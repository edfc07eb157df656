import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { AppError } from "@bureau/protocol";
import { getRequestListener } from "@hono/node-server";
import { createApp } from "./app.ts";
import type { AppParts } from "./app-parts.ts";
import { answerClientError, refuseUnreadable } from "./unreadable.ts";

/** How long requests that are being answered may take when the server stops. */
const STOP_MS = 5_000;
const IDLE_POLL_MS = 20;

/** What a connection may take before its request is whole. A slow one is closed, so that it holds nothing. */
const SERVER_LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
};
const MAX_HEADERS = 100;
/** Each holds a file of the process. Those beyond are closed at once. */
const MAX_CONNECTIONS = 2_000;

export interface Served {
  /** `http://127.0.0.1:4747` */
  url: string;
  port: number;
  /** Ends event streams, lets requests finish, then closes. */
  stop(): Promise<void>;
}

export interface ServeOptions extends Omit<AppParts, "signal"> {
  host: string;
  port: number;
  /** For tests, which do not wait as long. */
  serverLimits?: Partial<typeof SERVER_LIMITS>;
}

/** Listens. Throws `conflict` when the port is taken. */
export async function serve(options: ServeOptions): Promise<Served> {
  const stopping = new AbortController();
  const app = createApp({ ...options, signal: stopping.signal });
  // Its own Response is written out as it is: the standard one's body would go through a stream for each reply.
  const errorHandler = (error: unknown) => refuseUnreadable(error, options.onFault);
  const server = createServer(
    { ...SERVER_LIMITS, ...options.serverLimits },
    getRequestListener(app.fetch, { overrideGlobalObjects: true, errorHandler }),
  );
  server.maxHeadersCount = MAX_HEADERS;
  server.maxConnections = MAX_CONNECTIONS;
  server.on("clientError", answerClientError);
  // What a client expects beyond going on is not promised; it is answered like anyone.
  server.on("checkExpectation", (request, response) => server.emit("request", request, response));
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const { port } = await listen(server, options);
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    url: `http://${nameOf(host)}:${port}`,
    port,
    async stop() {
      stopping.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // A connection whose stream has just ended is idle only a moment later.
      const idle = setInterval(() => closeIdle(server, sockets), IDLE_POLL_MS);
      closeIdle(server, sockets);
      const timer = setTimeout(() => server.closeAllConnections(), STOP_MS);
      await closed;
      clearTimeout(timer);
      clearInterval(idle);
    },
  };
}

/** Ends connections that wait for a next request, or for a first one that never came: clients open some ahead. */
function closeIdle(server: Server, sockets: ReadonlySet<Socket>): void {
  server.closeIdleConnections();
  for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
}

/** Throws as `serve` would. For finding out before anything else is started. */
export async function checkPort(host: string, port: number): Promise<void> {
  const server = createServer();
  await listen(server, { host, port });
  await new Promise((resolve) => server.close(resolve));
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(explainListenError(error, host, port)));
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}

function explainListenError(error: NodeJS.ErrnoException, host: string, port: number): AppError {
  if (error.code === "EADDRINUSE") {
    return new AppError("conflict", `Port ${port} is taken by another program.`, {
      hint: `Use \`--port ${port + 1}\`, or \`--port 0\` for any free one.`,
      cause: error,
    });
  }
  if (error.code === "EACCES") {
    return new AppError("forbidden", `Port ${port} may not be used by this account.`, {
      hint: "Use a port above 1023.",
      cause: error,
    });
  }
  return new AppError("invalid", `The server cannot listen on ${host}:${port}: ${error.message}.`, {
    hint: "Check --host; leave it out to listen on this machine only.",
    cause: error,
  });
}

/** An address that stands for all of them is no name to call. */
function nameOf(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "[::]" ? "[::1]" : host;
}
