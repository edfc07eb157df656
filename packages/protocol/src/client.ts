import { type Api, api } from "./api.ts";
import type { CallOptions, Client, Endpoint, OutgoingFile } from "./endpoint.ts";
import { SessionInfo } from "./device.ts";
import { AppError, ERROR_CODES, ErrorBody, type ErrorCode } from "./error.ts";

const CALL_TIMEOUT_MS = 60_000;
const JSON_TYPE = "application/json";

export interface ClientOptions {
  /** Without a slash at the end: `http://127.0.0.1:4747`. */
  baseUrl: string;
  /** Absent in a browser that is signed in by cookie. */
  token?: string;
  fetch?: typeof fetch;
  timeoutMs?: number;
}

export type BureauClient = Client<Api>;

interface CallInputs {
  params?: Record<string, string>;
  query?: Record<string, string | number | readonly string[] | undefined>;
  body?: unknown;
  file?: OutgoingFile;
}

/** One function per endpoint of the table. Every failure is an `AppError`; nothing is tried twice. */
export function createClient(options: ClientOptions): BureauClient {
  const client: Record<string, unknown> = {};
  const session: SessionProof = { csrf: null };
  for (const [name, endpoint] of Object.entries<Endpoint>(api)) {
    if (endpoint.reply === "events" || endpoint.reply === "bytes") continue;
    client[name] = (input: CallInputs = {}, call: CallOptions = {}) =>
      needsProof(options, endpoint)
        ? callWithProof(options, session, endpoint, input, call)
        : callEndpoint(options, endpoint, input, call, null);
  }
  return client as BureauClient;
}

/** What a browser's writes carry besides the cookie; null until it was asked for. */
interface SessionProof {
  csrf: Promise<string | null> | null;
}

function needsProof(options: ClientOptions, endpoint: Endpoint): boolean {
  return options.token === undefined && endpoint.method !== "GET" && endpoint.open !== true;
}

/** Asks for the proof once. Where another session has begun since, nothing was done, so it is asked for anew. */
async function callWithProof(
  options: ClientOptions,
  session: SessionProof,
  endpoint: Endpoint,
  input: CallInputs,
  call: CallOptions,
) {
  const known = session.csrf;
  const asked = (session.csrf ??= askForProof(options, call));
  try {
    return await callEndpoint(options, endpoint, input, call, await asked);
  } catch (error) {
    if (session.csrf === asked) session.csrf = null;
    if (known === null || !(error instanceof AppError && error.code === "forbidden")) throw error;
    const anew = await (session.csrf ??= askForProof(options, call));
    if (anew === (await known)) throw error;
    return await callEndpoint(options, endpoint, input, call, anew);
  }
}

async function askForProof(options: ClientOptions, call: CallOptions): Promise<string | null> {
  const reply = await callEndpoint(options, api.getSession, {}, call, null);
  return SessionInfo.parse(reply).csrf;
}

async function callEndpoint(
  options: ClientOptions,
  endpoint: Endpoint,
  input: CallInputs,
  call: CallOptions,
  csrf: string | null,
): Promise<unknown> {
  const timeout = AbortSignal.timeout(options.timeoutMs ?? CALL_TIMEOUT_MS);
  const body = bodyOf(endpoint, input);
  const response = await request(options, endpointUrl(options.baseUrl, endpoint.path, input), {
    method: endpoint.method,
    signal: call.signal ? AbortSignal.any([call.signal, timeout]) : timeout,
    headers: {
      ...requestHeaders(options.token, body.type),
      ...(csrf === null ? {} : { "x-bureau-csrf": csrf }),
    },
    ...(body.content === undefined ? {} : { body: body.content }),
  });
  if (!response.ok) throw await errorFrom(response);
  if (endpoint.reply === "empty") return undefined;
  return readReply(response, options.baseUrl);
}

function bodyOf(
  endpoint: Endpoint,
  input: CallInputs,
): { type: string | null; content?: NonNullable<RequestInit["body"]> } {
  if (endpoint.body !== undefined) return { type: JSON_TYPE, content: JSON.stringify(input.body ?? {}) };
  if (endpoint.file === undefined || input.file === undefined) return { type: null };
  const type = input.file instanceof Blob ? input.file.type : "";
  return { type: type === "" ? "application/octet-stream" : type, content: input.file };
}

/** `fetch`, with failures to connect as an `AppError`. An abort by the caller keeps its own reason. */
export async function request(options: ClientOptions, url: string, init: RequestInit): Promise<Response> {
  const send = options.fetch ?? fetch;
  try {
    return await send(url, init);
  } catch (error) {
    if (init.signal?.aborted && !isTimeout(init.signal.reason)) throw init.signal.reason;
    const failed = isTimeout(init.signal?.reason) ? "did not answer in time" : "does not answer";
    throw new AppError("unavailable", `Bureau ${failed} at ${options.baseUrl}.`, {
      hint: "Start it with `bureau up`, or check the address.",
      cause: error,
    });
  }
}

export function requestHeaders(token: string | undefined, contentType: string | null): Record<string, string> {
  return {
    ...(contentType === null ? {} : { "content-type": contentType }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
}

/** The error that a reply with a failure status carries, or one made from the status alone. */
export async function errorFrom(response: Response): Promise<AppError> {
  const text = await response.text().catch(() => "");
  const body = ErrorBody.safeParse(parseJson(text));
  if (!body.success) {
    return new AppError(codeOf(response.status), `The server answered with status ${response.status}.`, {
      hint: "Check that the address is a Bureau server.",
    });
  }
  const { code, message, hint, issues } = body.data.error;
  return new AppError(isErrorCode(code) ? code : codeOf(response.status), message, {
    ...(hint === undefined ? {} : { hint }),
    ...(issues === undefined ? {} : { issues }),
  });
}

function endpointUrl(baseUrl: string, path: string, input: CallInputs): string {
  const filled = path.replace(/:([A-Za-z]+)/g, (_, name: string) => encodeURIComponent(input.params?.[name] ?? ""));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input.query ?? {})) {
    if (value !== undefined) query.set(name, typeof value === "object" ? value.join(",") : `${value}`);
  }
  return query.size === 0 ? `${baseUrl}${filled}` : `${baseUrl}${filled}?${query.toString()}`;
}

async function readReply(response: Response, baseUrl: string): Promise<unknown> {
  const text = await response.text().catch((error: unknown) => {
    throw new AppError("unavailable", `The answer of ${baseUrl} was cut off.`, {
      hint: "Ask again; what was asked for may have been done.",
      cause: error,
    });
  });
  const reply = parseJson(text);
  if (reply !== undefined) return reply;
  throw new AppError("unavailable", `The answer of ${baseUrl} is not JSON.`, {
    hint: "Check that the address is a Bureau server.",
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === "TimeoutError";
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}

function codeOf(status: number): ErrorCode {
  const known = Object.entries(ERROR_CODES).find(([, entry]) => entry.status === status);
  if (known !== undefined) return known[0] as ErrorCode;
  return status >= 500 ? "unavailable" : "invalid";
}
