import type { Effort, TokenUsage } from "@bureau/protocol";
import type { LanguageModelV4FunctionTool, LanguageModelV4Message } from "@ai-sdk/provider";

/** A message of the model's input, in the AI SDK's provider-level form. */
export type ModelMessage = LanguageModelV4Message;
/** A tool as the model sees it: name, description, JSON schema. */
export type ModelTool = LanguageModelV4FunctionTool;

export type ModelRole = "default" | "fast" | "judge";

export interface ModelRequest {
  /** `provider/model`. */
  model: string;
  /** System message first; the prefix stays the same from call to call so that prompt caches hold. */
  messages: ModelMessage[];
  tools: ModelTool[];
  effort: Effort | null;
  maxOutputTokens: number | null;
  /** Same for all calls of one thread: the provider's prompt-cache key where it has one. */
  cacheKey: string;
}

/** A part of an answer, ready to be stored as an item and to be sent back. `provider` is opaque. */
export type AnswerPart =
  | { type: "text"; text: string; provider?: Record<string, unknown> }
  | { type: "reasoning"; text: string; provider?: Record<string, unknown> }
  | {
      type: "tool_call";
      providerCallId: string;
      name: string;
      /** As the model wrote it. Not checked: may be malformed JSON. */
      argumentsText: string;
      provider?: Record<string, unknown>;
    };

/** Why a call to a model gave no answer. Decides what is tried next. */
export type ModelFailureKind =
  | "rate_limited"
  | "overloaded"
  | "network"
  | "cut_stream"
  | "stalled"
  | "malformed"
  | "context_overflow"
  | "usage_limit"
  | "unauthenticated"
  | "invalid_request"
  | "canceled";

export interface ModelFailure {
  kind: ModelFailureKind;
  message: string;
  /** HTTP status, where one was received. */
  status: number | null;
  /** What the provider's `Retry-After` asks for, in milliseconds. */
  retryAfterMs: number | null;
}

/** How an answer ended. `refused` is a provider's refusal or content filter: data, not an error. */
export type FinishReason = "stop" | "tool_calls" | "length" | "refused" | "other";

export type ModelAnswer =
  | {
      status: "answered";
      /** The model that answered, which a fallback may have changed. */
      model: string;
      parts: AnswerPart[];
      finish: FinishReason;
      usage: TokenUsage;
    }
  | { status: "failed"; model: string; failure: ModelFailure; usage: TokenUsage | null };

export interface ModelCallOptions {
  signal: AbortSignal;
  /** Called for each piece as it arrives; for live display only. Must not throw. */
  onDelta?: (delta: { kind: "text" | "reasoning"; text: string }) => void;
}

/**
 * One call to a model, whole.
 *
 * Contract: never throws and never rejects; failure is data. Nothing of a failed answer is returned, so a
 * caller can try again without repeating a tool call. Does not retry: the loop decides what is tried next.
 */
export type CallModel = (request: ModelRequest, options: ModelCallOptions) => Promise<ModelAnswer>;

export interface ModelPrice {
  /** Micro-dollars per million tokens. */
  input: number;
  cachedInput: number;
  output: number;
}

export interface ModelLimits {
  contextTokens: number;
  maxOutputTokens: number;
}

/** What the loop needs of the models: which to use, calling one, and what it costs. */
export interface Models {
  /** Models of a role in the order to try: first choice, then fallbacks. Throws `invalid` when none is set. */
  chain(role: ModelRole): string[];
  call: CallModel;
  /** Price of a model; null when unknown (counted as zero and said so). */
  price(model: string): ModelPrice | null;
  limits(model: string): ModelLimits;
  /** True when answers come from a recording. */
  readonly rehearsal: boolean;
  /** Loads what the first call would have to load. Never rejects. */
  prepare?(): Promise<void>;
}
