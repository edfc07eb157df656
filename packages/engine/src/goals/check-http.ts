import type { Check } from "@bureau/protocol";
import type { CheckContext, Found } from "./checker.ts";

const TIME_MS = 10_000;
const MAX_BODY_BYTES = 1024 * 1024;
const SHOWN_LENGTH = 300;

/**
 * Asks an address. A person wrote it into the goal, so loopback and private addresses are allowed here, unlike in
 * what an agent may fetch. Redirects are not followed: the status of the address itself counts.
 */
export async function checkHttp(check: Extract<Check, { http: unknown }>, context: CheckContext): Promise<Found> {
  const { url, status, contains } = check.http;
  const timeout = AbortSignal.timeout(TIME_MS);
  try {
    const { request } = await import("undici");
    const reply = await request(url, {
      method: "GET",
      signal: AbortSignal.any([timeout, context.signal]),
      headers: { "user-agent": "Bureau", accept: "*/*" },
    });
    const body = await readBody(reply.body);
    const expected =
      status === undefined ? reply.statusCode >= 200 && reply.statusCode < 300 : reply.statusCode === status;
    if (!expected) {
      const wanted = status === undefined ? "a status from 200 to 299" : `status ${status}`;
      return {
        status: "unverified",
        detail: `Answered ${reply.statusCode} instead of ${wanted}.\n${shown(body.text)}`.trim(),
      };
    }
    if (contains !== undefined && !body.text.includes(contains)) {
      const part = body.cut ? " in its first 1 MB" : "";
      const detail = `Answered ${reply.statusCode}, without ${JSON.stringify(contains)}${part}.\n${shown(body.text)}`;
      return { status: "unverified", detail: detail.trim() };
    }
    return { status: "verified", detail: `Answered ${reply.statusCode}.` };
  } catch (error) {
    if (context.signal.aborted) throw error;
    if (timeout.aborted) return { status: "unverified", detail: `No whole answer within ${TIME_MS / 1000} s.` };
    const reason =
      error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error);
    return { status: "unverified", detail: `Could not be reached: ${reason}` };
  }
}

async function readBody(body: AsyncIterable<Buffer>): Promise<{ text: string; cut: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    // Leaving the loop destroys the body and with it the connection.
    if (size >= MAX_BODY_BYTES) break;
  }
  return { text: Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString("utf8"), cut: size >= MAX_BODY_BYTES };
}

function shown(text: string): string {
  const trimmed = text.trim();
  return trimmed.length <= SHOWN_LENGTH ? trimmed : `${trimmed.slice(0, SHOWN_LENGTH)}…`;
}
