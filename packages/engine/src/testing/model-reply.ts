/** Which provider's streaming protocol a request came in by. */
export type ModelWire = "responses" | "chat" | "messages" | "google";

export interface ReplyToolCall {
  name: string;
  /** An object is sent as JSON; a string is sent exactly as it is, so it may be malformed. */
  arguments: unknown;
}

export interface ReplyUsage {
  inputTokens?: number;
  cachedInputTokens?: number;
  outputTokens?: number;
  reasoningTokens?: number;
}

/**
 * What the server answers. A plain text is short for `{ text }`.
 *
 * Faults: `drop` closes the connection unanswered; `cut` closes it in the middle of the stream; `garble` puts a
 * broken JSON chunk into the stream; `stall` sends headers and half of the stream, then nothing; `context_overflow`
 * is the provider's own error of a request that is too long; `usage_limit` that of an account that is used up.
 */
export interface ModelReply {
  text?: string;
  reasoning?: string;
  toolCalls?: ReplyToolCall[];
  usage?: ReplyUsage;
  finish?: "stop" | "length" | "refused";
  fault?: "drop" | "cut" | "garble" | "stall" | "context_overflow" | "usage_limit";
  /** An HTTP error status with the provider's usual error body. */
  status?: number;
  /** Sent as `Retry-After`: seconds or an HTTP date. */
  retryAfter?: string;
  /** Sent as `retry-after-ms`. */
  retryAfterMs?: number;
  /** Wait before the first byte. */
  delayMs?: number;
  /** Wait between events; absent: the whole stream is written at once. */
  eventDelayMs?: number;
  /** In how many deltas a text is sent; default 1. */
  deltas?: number;
}

/** One message of a request, the same for every wire. */
export interface SeenMessage {
  role: "system" | "user" | "assistant" | "tool";
  text: string;
  toolCalls: { name: string; arguments: unknown }[];
}

/** What a script sees of a request. */
export interface ScriptRequest {
  wire: ModelWire;
  model: string;
  /** Number of the request at this server, from 0. */
  index: number;
  // The body is another party's JSON; a script looks into it at its own risk.
  body: Record<string, unknown>;
  headers: Record<string, string | string[] | undefined>;
  messages: SeenMessage[];
  /** Names of the tools that were offered. */
  tools: string[];
  /** Text of the last message. */
  lastText: string;
  /** Number of assistant messages that called tools: how far a scripted conversation has come. */
  toolTurns: number;
}
