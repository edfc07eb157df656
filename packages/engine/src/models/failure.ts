import type { ModelFailure, ModelFailureKind } from "./model.ts";

export interface FailureContext {
  /** The caller's signal: its abort explains every error that follows it. */
  signal: AbortSignal;
  /** Milliseconds since 1970, for `Retry-After` as a date. */
  now: number;
  /** Never shown, should a server repeat it. */
  apiKey: string | undefined;
}

type Json = Record<string, unknown>;

const MAX_CAUSES = 8;
const MAX_MESSAGE_CHARS = 500;
const MS_PER_SECOND = 1000;
/** A header may say anything; a longer wait than a week is taken for a week. */
const MAX_RETRY_AFTER_MS = 7 * 24 * 3600 * MS_PER_SECOND;

/** Node's codes of connections that never came about or broke before an answer. */
const NETWORK_CODES = new Set([
  "CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EPIPE",
  "ETIMEDOUT",
]);

const KIND_BY_TYPE: Record<string, ModelFailureKind> = {
  overloaded_error: "overloaded",
  api_error: "overloaded",
  server_error: "overloaded",
  UNAVAILABLE: "overloaded",
  INTERNAL: "overloaded",
  timeout_error: "overloaded",
  rate_limit_error: "rate_limited",
  rate_limit_exceeded: "rate_limited",
  tokens: "rate_limited",
  requests: "rate_limited",
  RESOURCE_EXHAUSTED: "rate_limited",
  authentication_error: "unauthenticated",
  permission_error: "unauthenticated",
  invalid_api_key: "unauthenticated",
  UNAUTHENTICATED: "unauthenticated",
  PERMISSION_DENIED: "unauthenticated",
  billing_error: "usage_limit",
  insufficient_quota: "usage_limit",
  billing_hard_limit_reached: "usage_limit",
  billing_not_active: "usage_limit",
  usage_limit_reached: "usage_limit",
  context_length_exceeded: "context_overflow",
  request_too_large: "context_overflow",
  invalid_request_error: "invalid_request",
  not_found_error: "invalid_request",
  INVALID_ARGUMENT: "invalid_request",
};

const CONTEXT_OVERFLOW =
  /prompt is too long|maximum context length|context (window|length)|input token count.*exceeds|exceeds? the (available )?context|too many input tokens|input is too long|reduce the length of (the|your) (messages|prompt|input)/i;
const USED_UP =
  /credit balance is too low|insufficient (credits|quota|balance|funds)|usage limit|spending limit|billing|exceeded your current quota/i;
/** Google words a limit by the minute like one by the day; only the quota's name tells them apart. */
const PER_MINUTE = /per[_ ]?(minute|second|model_per_minute)/i;
const PER_DAY = /per[_ ]?(day|month)/i;

/** Says of any error that a model call can end with what kind it is. Never throws. */
export function toModelFailure(error: unknown, context: FailureContext): ModelFailure {
  if (context.signal.aborted) return failure("canceled", "The call was canceled.");
  const causes = causesOf(error);
  const code = causes.map((cause) => cause["code"]).find((found) => typeof found === "string" && isTransport(found));
  const answered = causes.find((cause) => typeof cause["statusCode"] === "number" && cause["statusCode"] >= 400);
  if (answered !== undefined) return fromStatus(answered, context);
  if (typeof code === "string") return fromTransport(code, causes);
  return fromStream(causes, context);
}

function isTransport(code: string): boolean {
  return (
    NETWORK_CODES.has(code) ||
    ["STALLED", "FIRST_BYTE_TIMEOUT", "CUT"].includes(code) ||
    /^(CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|UNABLE_TO|SELF_SIGNED|HPE_)/.test(code)
  );
}

function fromTransport(code: string, causes: Json[]): ModelFailure {
  const inner = causes.find((cause) => cause["code"] === code);
  const message = words(inner?.["message"]) || `The connection failed with ${code}.`;
  if (code === "STALLED" || code === "FIRST_BYTE_TIMEOUT") return failure("stalled", message);
  if (code === "CUT") return failure("cut_stream", message);
  return failure("network", `The model's server could not be reached: ${message}`);
}

/** An HTTP error: the status decides, but the body knows better about limits and long prompts. */
function fromStatus(error: Json, context: FailureContext): ModelFailure {
  const status = error["statusCode"] as number;
  const bodyText = typeof error["responseBody"] === "string" ? error["responseBody"] : "";
  const body = errorBody(bodyText, error["data"]);
  const said = words(body.message) || words(error["message"]) || `status ${status}`;
  const headers = record(error["responseHeaders"]);
  const retryAfterMs = retryAfter(headers, context.now) ?? retryInfo(bodyText);
  const kind = kindOfStatus(status, body.types, said, bodyText);
  return { kind, message: redact(`The provider answered ${status}: ${said}`, context), status, retryAfterMs };
}

function kindOfStatus(status: number, types: string[], said: string, bodyText: string): ModelFailureKind {
  if (status === 401 || status === 403) return "unauthenticated";
  if (status === 402) return "usage_limit";
  if (status === 429) return kindOf429(types, said, bodyText);
  if (status === 413 || (status < 500 && isOverflow(types, said))) return "context_overflow";
  if (status < 500 && (types.some((type) => KIND_BY_TYPE[type] === "usage_limit") || USED_UP.test(said)))
    return "usage_limit";
  if (status === 408) return "network";
  if (status === 409 || status >= 500) return "overloaded";
  return "invalid_request";
}

function kindOf429(types: string[], said: string, bodyText: string): ModelFailureKind {
  if (types.some((type) => KIND_BY_TYPE[type] === "usage_limit")) return "usage_limit";
  if (PER_DAY.test(bodyText)) return "usage_limit";
  if (PER_MINUTE.test(bodyText) || bodyText.includes("retryDelay")) return "rate_limited";
  return USED_UP.test(said) ? "usage_limit" : "rate_limited";
}

/** An error that came within a stream, or from reading it. */
function fromStream(causes: Json[], context: FailureContext): ModelFailure {
  const parsing = causes.find((cause) =>
    /JSONParse|TypeValidation|InvalidResponse|SyntaxError/.test(words(cause["name"])),
  );
  for (const cause of causes) {
    const body = errorBody("", cause["data"] ?? cause);
    const said = words(body.message) || words(cause["message"]);
    if (/ended without a finish reason/i.test(said))
      return failure("cut_stream", "The answer ended before it was complete.");
    if (isOverflow(body.types, said)) return failure("context_overflow", redact(said, context));
    const kind = body.types.map((type) => KIND_BY_TYPE[type]).find((found) => found !== undefined);
    if (kind !== undefined) return failure(kind, redact(`The provider ended the answer: ${said}`, context));
  }
  if (parsing !== undefined) {
    return failure(
      "malformed",
      redact(`The provider sent something that cannot be read: ${words(parsing["message"])}`, context),
    );
  }
  const said = words(causes[0]?.["message"]) || "no reason given";
  // Thrown before anything was sent: a header that cannot be sent, content that the provider's package does not take.
  const unsent = causes.some(
    (cause) => words(cause["code"]).startsWith("ERR_INVALID") || words(cause["name"]).startsWith("AI_"),
  );
  const kind = unsent ? "invalid_request" : "malformed";
  return failure(kind, redact(`The model call failed: ${said}`, context));
}

function isOverflow(types: string[], said: string): boolean {
  return types.some((type) => KIND_BY_TYPE[type] === "context_overflow") || CONTEXT_OVERFLOW.test(said);
}

/** Types and message of an error body, wherever the provider put them. */
function errorBody(text: string, data: unknown): { types: string[]; message: unknown } {
  let body = record(data);
  if (text !== "") {
    try {
      body = record(JSON.parse(text));
    } catch {
      return { types: [], message: text };
    }
  }
  const inner = record(body["error"] ?? record(body["response"])["error"]);
  const types = [inner["type"], inner["code"], inner["status"], body["type"], body["code"], body["status"]];
  const message =
    inner["message"] ?? (typeof body["error"] === "string" ? body["error"] : body["message"]) ?? body["detail"];
  return { types: types.filter((type) => typeof type === "string"), message };
}

/** `retry-after-ms`, or `retry-after` as seconds or as an HTTP date. */
export function retryAfter(headers: Record<string, unknown>, now: number): number | null {
  const exact = headers["retry-after-ms"];
  const value = headers["retry-after"];
  if (isNumber(exact)) return wait(Number(exact));
  if (isNumber(value)) return wait(Number(value) * MS_PER_SECOND);
  const date = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? null : wait(Math.max(0, date - now));
}

/** Google puts the wait into the body: `"retryDelay": "37s"`. */
function retryInfo(bodyText: string): number | null {
  const seconds = /"retryDelay"\s*:\s*"([\d.]+)s"/.exec(bodyText)?.[1];
  return isNumber(seconds) ? wait(Number(seconds) * MS_PER_SECOND) : null;
}

function isNumber(value: unknown): boolean {
  return typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value));
}

function wait(ms: number): number | null {
  return ms < 0 ? null : Math.min(MAX_RETRY_AFTER_MS, Math.ceil(ms));
}

function causesOf(error: unknown): Json[] {
  const causes: Json[] = [];
  let current = error;
  while (current !== undefined && current !== null && causes.length < MAX_CAUSES) {
    causes.push(
      typeof current === "object"
        ? (current as Json)
        : { message: typeof current === "string" ? current : typeof current },
    );
    current = typeof current === "object" ? ((current as Json)["cause"] ?? (current as Json)["lastError"]) : null;
  }
  return causes;
}

function failure(kind: ModelFailureKind, message: string): ModelFailure {
  return { kind, message: message.slice(0, MAX_MESSAGE_CHARS), status: null, retryAfterMs: null };
}

function redact(message: string, context: FailureContext): string {
  const key = context.apiKey;
  const clean = key === undefined || key.length < 8 ? message : message.replaceAll(key, "[key]");
  return clean.slice(0, MAX_MESSAGE_CHARS);
}

function words(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}

function record(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}
