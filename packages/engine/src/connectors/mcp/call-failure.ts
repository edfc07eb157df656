const MAX_MESSAGE_LENGTH = 500;
/** The connection was never made, so nothing was sent. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "NOT_CONNECTED",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  // Local decisions of the client, before it sends.
  "CAPABILITY_NOT_SUPPORTED",
  "METHOD_NOT_SUPPORTED_BY_PROTOCOL_VERSION",
]);
/** The server answered by asking for something that we do not give, and has done nothing yet. */
const NOT_DONE: ReadonlySet<string> = new Set(["UNSUPPORTED_RESULT_TYPE", "INPUT_REQUIRED_ROUNDS_EXCEEDED"]);
const MAX_CAUSES = 8;

export interface CallFailure {
  message: string;
  /** The call may have been made: it was sent, and no answer that says otherwise came back. */
  isUnknown: boolean;
}

/** What a failure of the client says about the call. What is not known for certain is unknown. */
export function failureOf(error: unknown): CallFailure {
  const causes = causesOf(error);
  const codes = causes.map((each) => (each as { code?: unknown }).code);
  const message = plain(causes);
  // A number is the server's own answer by JSON-RPC: it has decided.
  if (typeof codes[0] === "number" && !(error instanceof DOMException)) return { message, isUnknown: false };
  if (codes.some((code) => typeof code === "string" && (NEVER_SENT.has(code) || NOT_DONE.has(code))))
    return { message, isUnknown: false };
  const status = causes.map(statusOf).find((each) => each !== null) ?? null;
  // Refused before it was worked on; anything else may come from somebody between.
  if (status !== null && status >= 400 && status < 500 && status !== 408 && status !== 409)
    return { message: statusMessage(status, message), isUnknown: false };
  return { message: status === null ? message : statusMessage(status, message), isUnknown: true };
}

function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = [];
  for (let each = error; typeof each === "object" && each !== null && causes.length < MAX_CAUSES;) {
    causes.push(each);
    each = (each as { cause?: unknown }).cause;
  }
  return causes.length > 0 ? causes : [new Error(String(error))];
}

function statusOf(error: unknown): number | null {
  const { status, data } = error as { status?: unknown; data?: { status?: unknown } };
  if (typeof status === "number") return status;
  return typeof data?.status === "number" ? data.status : null;
}

function statusMessage(status: number, message: string): string {
  if (status === 401 || status === 403) return `it refuses the sign-in (${status}). Check its headers in mcp.json.`;
  if (status === 404) return "it is not at this address (404). Check its url in mcp.json.";
  return `it answered with status ${status}: ${message}`;
}

/** The first message, and the deepest cause where it says more: `fetch failed` alone tells nothing. */
function plain(causes: readonly unknown[]): string {
  const texts = causes
    .map((each) => (each as { message?: unknown }).message)
    .filter((each) => typeof each === "string");
  const first = texts[0] ?? "unknown failure";
  const last = texts.at(-1) ?? first;
  const joined = last === first || first.includes(last) ? first : `${first}: ${last}`;
  const text = joined.replace(/\s+/g, " ").trim().slice(0, MAX_MESSAGE_LENGTH);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
