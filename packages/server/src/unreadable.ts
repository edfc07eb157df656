import type { Duplex } from "node:stream";
import { AppError, ERROR_CODES, type ErrorBody, newId } from "@bureau/protocol";
import { RequestError } from "@hono/node-server";
import type { AppParts } from "./app-parts.ts";

/** What the parser says when a request's first lines are too long. */
const TOO_LARGE = "HPE_HEADER_OVERFLOW";

/** The answer to a request that is whole but has no address that could be looked up. Anything else is our fault. */
export function refuseUnreadable(error: unknown, onFault: AppParts["onFault"]): Response {
  const refusal =
    error instanceof RequestError
      ? unreadable("its address or its host is not one")
      : new AppError("internal", "Something went wrong inside Bureau.");
  const [requestId, body] = bodyOf(refusal);
  if (refusal.code === "internal") onFault({ requestId, method: "unknown", path: "unknown", error });
  return new Response(body, { status: statusOf(refusal), headers: HEADERS });
}

/** The answer to what is no HTTP, or takes too long or too much to say; the connection ends with it. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const refusal =
    error.code === TOO_LARGE
      ? new AppError("too_large", "The request's headers are too long.", { hint: "Send fewer or shorter headers." })
      : unreadable(error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? "it did not come in time" : "it is not HTTP");
  const [, body] = bodyOf(refusal);
  const lines = Object.entries({ ...HEADERS, "content-length": Buffer.byteLength(body), connection: "close" });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.end(`HTTP/1.1 ${statusOf(refusal)} Refused\r\n${head}\r\n${body}`, () => socket.destroy());
}

const HEADERS = {
  "content-type": "application/json",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'",
};

function unreadable(why: string): AppError {
  return new AppError("invalid", `The request cannot be read: ${why}.`, { hint: "See /api/openapi.json." });
}

function statusOf(error: AppError): number {
  return ERROR_CODES[error.code].status;
}

function bodyOf({ code, message, hint }: AppError): [requestId: string, body: string] {
  const requestId = newId("request");
  const body: ErrorBody = { error: { code, message, ...(hint === undefined ? {} : { hint }), requestId } };
  return [requestId, JSON.stringify(body)];
}
