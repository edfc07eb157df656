import { createServer, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { pipeline } from "node:stream";
import { parseAuthority } from "../domain/host-rules.ts";
import { MAX_HELLO_BYTES, readClientHello } from "./client-hello.ts";
import { answer, nameOf, passOn, printable, targetOf, type Refusal } from "./plain-request.ts";
import { ASK, createTraffic, PROXY_LIMITS, type Traffic, type TrafficOptions } from "./proxy-traffic.ts";
import type { NetworkUse } from "./sandbox.ts";

/** The way out of one command. */
export interface ForwardProxy {
  /** Takes a connection of the command. */
  serve(socket: Socket): void;
  use(): NetworkUse;
  /** Ends all connections. */
  close(): void;
}

const HELLO_MS = 10_000;

/**
 * A proxy for `http://` and CONNECT that leads to the allowed hosts alone.
 *
 * What is checked is what is connected to: the host of the request's own address, which its Host header must repeat;
 * or the host of a CONNECT, which the name in the TLS greeting must repeat. The content of TLS is not seen.
 */
export function createForwardProxy(options: TrafficOptions): ForwardProxy {
  const { idleMs } = options.limits ?? PROXY_LIMITS;
  const traffic = createTraffic(options);
  const server = createServer((request, response) => {
    const target = targetOf(request);
    if (typeof target === "string") return answer(response, { status: 403, text: traffic.refuse(target) });
    void traffic.reach(target.host, target.port).then((reached) => {
      if ("status" in reached) return answer(response, reached);
      passOn({ request, response, path: target.path, upstream: reached.upstream });
    });
  });
  server.on("connect", (request: IncomingMessage, client: Socket, head: Buffer) => {
    client.setTimeout(idleMs);
    void openTunnel(traffic, { authority: request.url ?? "", client, head });
  });
  server.timeout = idleMs;
  server.on("clientError", (_error, socket) => socket.destroy());
  return {
    serve(socket) {
      if (traffic.admit(socket)) server.emit("connection", socket);
    },
    use: traffic.use,
    close: traffic.close,
  };
}

/** The client is answered before its TLS greeting is read, because it does not speak before; nothing passes until then. */
async function openTunnel(
  traffic: Traffic,
  { authority, client, head }: { authority: string; client: Socket; head: Buffer },
): Promise<void> {
  const target = parseAuthority(authority, null);
  if (target === null) {
    return answerRaw(client, { status: 400, text: traffic.refuse("a CONNECT must name a host and its port") });
  }
  const reached = await traffic.reach(target.host, target.port);
  if ("status" in reached) return answerRaw(client, reached);
  const { rule, upstream } = reached;
  if (client.destroyed) return void upstream.destroy();
  client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
  const first = rule.isPrivate ? head : await readFirst(client, head);
  const wrong = rule.isPrivate ? null : wrongHello(first, target);
  if (wrong !== null) {
    if (wrong !== "") traffic.refuse(wrong);
    upstream.destroy();
    return void client.destroy();
  }
  if (first.length > 0) upstream.write(first);
  pipeline(client, upstream, () => {});
  pipeline(upstream, client, () => {});
}

/** The first bytes of a client, as many as it takes to know what they are. */
function readFirst(client: Socket, head: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    let held = head;
    const done = () => {
      clearTimeout(timer);
      client.removeListener("data", add);
      client.removeListener("close", done);
      client.removeListener("end", done);
      client.pause();
      resolve(held);
    };
    const add = (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      if (readClientHello(held).type !== "incomplete" || held.length > MAX_HELLO_BYTES) done();
    };
    const timer = setTimeout(done, HELLO_MS);
    client.on("data", add);
    client.once("close", done);
    client.once("end", done);
    add(Buffer.alloc(0));
  });
}

/** Null: the greeting names the host that was allowed. Empty: there was none, and nothing to tell. */
function wrongHello(first: Buffer, { host, port }: { host: string; port: number }): string | null {
  const found = readClientHello(first);
  const name = nameOf(host, port);
  if (found.type === "incomplete") return "";
  if (found.type === "other") return `a connection to ${name} must be TLS; for other protocols ${PLAIN_TUNNEL}`;
  if (found.encrypted) return `a TLS greeting to ${name} hides a server name (ECH), and that is not allowed`;
  if (found.serverName === null) return `a TLS greeting to ${name} names no server (SNI), and that is not allowed`;
  if (parseAuthority(found.serverName, port)?.host === host) return null;
  return `${printable(found.serverName)} in a connection to ${name} is not allowed; ${ASK}`;
}

const PLAIN_TUNNEL = "a person can allow it as private:HOST:PORT under sandbox.hosts";

function answerRaw(client: Socket, { status, text }: Refusal): void {
  if (client.destroyed) return;
  const words = { 400: "Bad Request", 403: "Forbidden", 502: "Bad Gateway" }[status];
  client.end(`HTTP/1.1 ${status} ${words}\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n${text}\n`);
}
