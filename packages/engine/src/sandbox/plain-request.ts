import { request as openRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { pipeline } from "node:stream";
import { parseAuthority } from "../domain/host-rules.ts";

/** What a client is told in place of an answer from the host. */
export interface Refusal {
  status: 400 | 403 | 502;
  text: string;
}

const MAX_NAME_CHARACTERS = 120;
/** They speak of one connection, and of the proxy itself, and are not passed on. */
const HOP_HEADERS = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
]);

/** Where a plain request goes, or why it goes nowhere. */
export function targetOf(request: IncomingMessage): { host: string; port: number; path: string } | string {
  const [, authority, path = ""] = /^http:\/\/([^/?#]*)([^#]*)$/i.exec(request.url ?? "") ?? [];
  const target = authority === undefined ? null : parseAuthority(authority, 80);
  if (target === null) return "a request must name its whole address, such as http://example.com/";
  const named = request.headersDistinct["host"] ?? [];
  const host = named.length === 1 ? parseAuthority(named[0] ?? "", 80) : null;
  if (host === null || host.host !== target.host || host.port !== target.port) {
    return `the Host header of a request to ${nameOf(target.host, target.port)} names another host`;
  }
  return { ...target, path: path.startsWith("/") ? path : `/${path}` };
}

/** Sends the request to the host and its answer back, over a connection that serves this one request. */
export function passOn(parts: {
  request: IncomingMessage;
  response: ServerResponse;
  path: string;
  upstream: Socket;
}): void {
  const { request, response, path, upstream } = parts;
  const outgoing = openRequest({
    createConnection: () => upstream,
    method: request.method,
    path,
    headers: [...ownHeaders(request), "Connection", "close"],
  });
  const fail = () => {
    upstream.destroy();
    if (response.headersSent) response.destroy();
    else answer(response, { status: 502, text: "network: the connection was cut off" });
  };
  outgoing.once("error", fail);
  outgoing.once("response", (incoming) => {
    response.writeHead(incoming.statusCode ?? 502, ownHeaders(incoming));
    pipeline(incoming, response, (error) => void (error && fail()));
  });
  response.once("close", () => upstream.destroy());
  pipeline(request, outgoing, () => {}); // An error of either is heard above.
}

/** Headers for the other side, as they were written: without those of this connection, and those that it names. */
function ownHeaders(message: IncomingMessage): string[] {
  const named = (message.headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  const left: string[] = [];
  for (let at = 0; at < message.rawHeaders.length; at += 2) {
    const name = message.rawHeaders[at] ?? "";
    const isHop =
      HOP_HEADERS.has(name.toLowerCase()) || (named.includes(name.toLowerCase()) && !KEPT.has(name.toLowerCase()));
    if (!isHop) left.push(name, message.rawHeaders[at + 1] ?? "");
  }
  return left;
}

/** Never taken away by naming them in `Connection`: they say where a message goes and where it ends. */
const KEPT = new Set(["host", "content-length", "transfer-encoding"]);

export function answer(response: ServerResponse, { status, text }: Refusal): void {
  response.writeHead(status, { "content-type": "text/plain", connection: "close" }).end(`${text}\n`);
}

export const nameOf = (host: string, port: number) => `${printable(host)}:${port}`;
/** Names of others, as they may stand in a line. */
export const printable = (text: string) => text.replace(/[^\x21-\x7e]/g, "?").slice(0, MAX_NAME_CHARACTERS);
