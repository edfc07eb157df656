import { createHash } from "node:crypto";
import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import type { ModelMessage, ModelRequest } from "./model.ts";
import type { ProviderKind } from "./settings.ts";

const CACHE_MARK = { anthropic: { cacheControl: { type: "ephemeral" } } } as const;
/** OpenAI refuses longer prompt cache keys. */
const MAX_CACHE_KEY_CHARS = 64;

/** A request in the form of the provider's package, with what each provider needs said. */
export function callOptions(
  kind: ProviderKind,
  request: ModelRequest,
  signal: AbortSignal,
): LanguageModelV4CallOptions {
  const providerOptions = optionsOf(kind, request);
  return {
    prompt: kind === "anthropic" ? markForCache(request.messages) : request.messages,
    abortSignal: signal,
    ...(request.tools.length === 0 ? {} : { tools: request.tools }),
    ...(request.maxOutputTokens === null ? {} : { maxOutputTokens: request.maxOutputTokens }),
    ...(request.effort === null ? {} : { reasoning: request.effort }),
    ...(providerOptions === null ? {} : { providerOptions }),
  };
}

function optionsOf(
  kind: ProviderKind,
  request: ModelRequest,
): NonNullable<LanguageModelV4CallOptions["providerOptions"]> | null {
  switch (kind) {
    case "openai":
      // Nothing is kept at the provider; reasoning comes back encrypted and goes with the next request.
      return { openai: { store: false, promptCacheKey: cacheKey(request.cacheKey) } };
    case "google":
      return request.effort === null ? null : { google: { thinkingConfig: { includeThoughts: true } } };
    case "anthropic":
    case "openai-compatible":
      return null;
  }
}

/** Anthropic caches up to a mark: after the system prompt, which stays, and after the last message, which moves on. */
function markForCache(messages: ModelMessage[]): ModelMessage[] {
  const lastSystem = messages.findLastIndex((message) => message.role === "system");
  return messages.map((message, index) =>
    index === lastSystem || index === messages.length - 1
      ? { ...message, providerOptions: { ...message.providerOptions, ...CACHE_MARK } }
      : message,
  );
}

function cacheKey(key: string): string {
  return key.length <= MAX_CACHE_KEY_CHARS ? key : createHash("sha256").update(key).digest("hex");
}
