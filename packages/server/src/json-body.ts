import type { Readable } from "node:stream";
import { AppError } from "@bureau/protocol";

const MAX_BODY_BYTES = 1024 * 1024;
const MAX_DEPTH = 64;

/** The JSON value of a request's body. Refuses what no part of the system could store, however deep it lies. */
export async function readJson(request: Request, incoming?: Readable): Promise<unknown> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new AppError("invalid", `The content type is ${type ?? "missing"}, but this address takes JSON.`, {
      hint: "Send the header `content-type: application/json`.",
    });
  }
  const bytes = await readBody(request, incoming, MAX_BODY_BYTES);
  const text = decode(bytes);
  const value = parse(text);
  checkValue(value, 0);
  return value;
}

/** The bytes of a request's body; no more of it is read than may be. */
export async function readBody(
  request: Request,
  incoming: Readable | undefined,
  maxBytes: number,
): Promise<Uint8Array> {
  return await readBytes(request, incoming, maxBytes).catch((error: unknown) => {
    throw error instanceof AppError
      ? error
      : new AppError("invalid", "The body of the request was cut off.", { cause: error });
  });
}

async function readBytes(request: Request, incoming: Readable | undefined, maxBytes: number): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Uint8Array[] = [];
  let size = 0;
  // The connection's own stream where there is one: a standard one around it costs as much as the rest of a request.
  for await (const chunk of incoming?.iterator({ destroyOnReturn: false }) ?? request.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new AppError("invalid", "The body is not valid UTF-8.", { cause: error });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AppError("invalid", "The body is not valid JSON.", { cause: error });
  }
}

function checkValue(value: unknown, depth: number): void {
  if (typeof value === "string") return checkText(value);
  if (typeof value !== "object" || value === null) return;
  if (depth >= MAX_DEPTH) throw new AppError("invalid", `The body is nested deeper than ${MAX_DEPTH} levels.`);
  for (const [key, entry] of Object.entries(value)) {
    if (key === "__proto__") throw new AppError("invalid", "The body has a field named __proto__.");
    checkText(key);
    checkValue(entry, depth + 1);
  }
}

function checkText(text: string): void {
  if (!text.includes("\0") && text.isWellFormed()) return;
  throw new AppError("invalid", "The body has text with a NUL character or half of a character.", {
    hint: "Send Unicode text without NUL.",
  });
}

function tooLarge(maxBytes: number): AppError {
  return new AppError("too_large", `The body is larger than ${maxBytes} bytes.`, {
    hint: "Put large content into a file and name its path.",
  });
}
