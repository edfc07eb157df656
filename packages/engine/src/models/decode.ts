import type { LanguageModelV4FinishReason, LanguageModelV4StreamPart, LanguageModelV4Usage } from "@ai-sdk/provider";
import type { TokenUsage } from "@bureau/protocol";
import type { AnswerPart, FinishReason, ModelCallOptions } from "./model.ts";

/** What a stream came to: an answer, or what went wrong in it. */
export type Decoded =
  | { type: "answer"; parts: AnswerPart[]; finish: FinishReason; usage: TokenUsage }
  | { type: "error"; error: unknown; usage: TokenUsage | null }
  | { type: "cut"; usage: TokenUsage | null };

type Metadata = Record<string, Record<string, unknown>>;

const KNOWN_EVENTS = new Set(["message_start", "message_delta", "message_stop", "content_block_stop", "error"]);
const KNOWN_BLOCKS = new Set(["text", "thinking", "redacted_thinking", "tool_use", ""]);
const KNOWN_DELTAS = new Set(["text_delta", "thinking_delta", "signature_delta", "input_json_delta", ""]);

/** Grows with citations and token probabilities, and is never needed to send an answer back. */
const UNNEEDED_METADATA = new Set(["annotations", "citations", "logprobs", "groundingMetadata", "sources"]);

/**
 * Reads a provider's stream to its end.
 *
 * An answer counts only when the provider said that it is complete: a stream that stops early is cut, whatever it
 * held. Parts that the provider carried out itself, files, sources and parts unknown to us are passed over.
 */
export async function decodeStream(
  stream: ReadableStream<LanguageModelV4StreamPart>,
  onDelta: ModelCallOptions["onDelta"],
): Promise<Decoded> {
  const answer: Building = { parts: [], open: new Map(), finish: null, usage: null, error: null };
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      take(answer, value, onDelta);
      if (answer.error !== null) break;
    }
  } finally {
    // An answer that failed half-way is not read on; the connection ends with it.
    if (answer.error !== null) await reader.cancel().catch(() => undefined);
  }
  if (answer.error !== null) return { type: "error", error: answer.error.value, usage: answer.usage };
  return conclude(answer);
}

interface Building {
  parts: AnswerPart[];
  /** Parts that still grow, by kind and id. */
  open: Map<string, AnswerPart>;
  finish: LanguageModelV4FinishReason | null;
  usage: TokenUsage | null;
  error: { value: unknown } | null;
}

function take(answer: Building, part: LanguageModelV4StreamPart, onDelta: ModelCallOptions["onDelta"]): void {
  switch (part.type) {
    case "text-start":
      return start(answer, { type: "text", text: "" }, part.id, part.providerMetadata);
    case "reasoning-start":
      return start(answer, { type: "reasoning", text: "" }, part.id, part.providerMetadata);
    case "text-delta":
      grow(answer, "text", part.id, part.delta, part.providerMetadata);
      return onDelta?.({ kind: "text", text: part.delta });
    case "reasoning-delta":
      grow(answer, "reasoning", part.id, part.delta, part.providerMetadata);
      return part.delta === "" ? undefined : onDelta?.({ kind: "reasoning", text: part.delta });
    case "text-end":
      return grow(answer, "text", part.id, "", part.providerMetadata);
    case "reasoning-end":
      return grow(answer, "reasoning", part.id, "", part.providerMetadata);
    case "tool-call":
      if (part.providerExecuted === true) return;
      answer.parts.push(
        withMetadata(
          { type: "tool_call", providerCallId: part.toolCallId, name: part.toolName, argumentsText: part.input },
          part.providerMetadata,
        ),
      );
      return;
    case "finish":
      answer.finish = part.finishReason;
      answer.usage = tokenUsage(part.usage);
      return;
    case "error":
      if (!isUnknownEvent(part.error)) answer.error ??= { value: part.error };
      return;
    default:
      return;
  }
}

/**
 * Providers add events at any time. One that is well-formed JSON, is of a type that we do not know and carries none of
 * the fields that content comes in is passed over; a known event of a wrong shape is an error, since content is lost.
 */
function isUnknownEvent(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== "AI_TypeValidationError") return false;
  const event = (error as Error & { value?: unknown }).value;
  if (typeof event !== "object" || event === null) return false;
  if (["error", "choices", "candidates"].some((key) => key in event)) return false;
  const { type } = event as { type?: unknown };
  if (type === "content_block_start") return !KNOWN_BLOCKS.has(innerType(event, "content_block"));
  if (type === "content_block_delta") return !KNOWN_DELTAS.has(innerType(event, "delta"));
  return typeof type !== "string" || !(KNOWN_EVENTS.has(type) || type.startsWith("response."));
}

function innerType(event: object, key: string): string {
  const inner = (event as Record<string, unknown>)[key];
  return typeof inner === "object" && inner !== null ? String((inner as { type?: unknown }).type) : "";
}

function start(answer: Building, part: AnswerPart, id: string, metadata: Metadata | undefined): void {
  const opened = withMetadata(part, metadata);
  answer.parts.push(opened);
  answer.open.set(`${part.type}:${id}`, opened);
}

function grow(
  answer: Building,
  type: "text" | "reasoning",
  id: string,
  delta: string,
  metadata: Metadata | undefined,
): void {
  if (!answer.open.has(`${type}:${id}`)) start(answer, { type, text: "" }, id, undefined);
  const part = answer.open.get(`${type}:${id}`);
  if (part === undefined || part.type === "tool_call") return;
  part.text += delta;
  withMetadata(part, metadata);
}

/** Signatures and encrypted content often come only with the end of a part, so later values win over empty ones. */
function withMetadata<T extends AnswerPart>(part: T, metadata: Metadata | undefined): T {
  if (metadata === undefined) return part;
  const merged = (part.provider ?? {}) as Metadata;
  for (const [provider, values] of Object.entries(metadata)) {
    const kept = Object.entries(values).filter(([key, value]) => !UNNEEDED_METADATA.has(key) && value !== undefined);
    const news = kept.filter(([key, value]) => value !== null || merged[provider]?.[key] === undefined);
    if (news.length > 0) merged[provider] = { ...merged[provider], ...Object.fromEntries(news) };
  }
  if (Object.keys(merged).length > 0) part.provider = merged;
  return part;
}

function conclude(answer: Building): Decoded {
  const { finish, usage } = answer;
  if (finish === null || usage === null || finish.unified === "interrupted") return { type: "cut", usage };
  const parts = answer.parts.filter(hasContent);
  if (finish.unified === "error") {
    const error = new Error(`The model ended with the reason "${finish.raw ?? "error"}".`);
    return { type: "error", error, usage };
  }
  return { type: "answer", parts, finish: finishReason(finish, parts), usage };
}

/** An empty part is kept when the provider wants its metadata back, as with encrypted reasoning. */
function hasContent(part: AnswerPart): boolean {
  return part.type === "tool_call" || part.text !== "" || (part.type === "reasoning" && part.provider !== undefined);
}

function finishReason(finish: LanguageModelV4FinishReason, parts: AnswerPart[]): FinishReason {
  if (finish.unified === "content-filter") return "refused";
  if (finish.unified === "length") return "length";
  if (parts.some((part) => part.type === "tool_call")) return "tool_calls";
  return finish.unified === "stop" ? "stop" : "other";
}

/** Some servers count nothing or count strangely; what cannot be used is zero. */
function tokenUsage(usage: LanguageModelV4Usage): TokenUsage {
  const inputTokens = natural(usage.inputTokens.total);
  const outputTokens = natural(usage.outputTokens.total);
  return {
    inputTokens,
    cachedInputTokens: Math.min(inputTokens, natural(usage.inputTokens.cacheRead)),
    outputTokens,
    reasoningTokens: Math.min(outputTokens, natural(usage.outputTokens.reasoning)),
  };
}

function natural(value: number | undefined): number {
  return value !== undefined && Number.isFinite(value) && value > 0 ? Math.round(value) : 0;
}
