import { z } from "zod";

/** Money is an integer of millionths of a US dollar. */
export const MICROS_PER_DOLLAR = 1_000_000;

/** What one model call used, as the provider counted it. */
export const TokenUsage = z.object({
  /** Input tokens in all, cached ones included. */
  inputTokens: z.number().int().nonnegative(),
  /** Part of `inputTokens` that was read from the provider's cache. */
  cachedInputTokens: z.number().int().nonnegative(),
  /** Output tokens in all, reasoning included. */
  outputTokens: z.number().int().nonnegative(),
  reasoningTokens: z.number().int().nonnegative(),
});
export type TokenUsage = z.infer<typeof TokenUsage>;

/** What a run or a goal has used so far. `tokens` is uncached input plus output. */
export const Usage = z.object({
  tokens: z.number().int().nonnegative(),
  inputTokens: z.number().int().nonnegative(),
  cachedInputTokens: z.number().int().nonnegative(),
  outputTokens: z.number().int().nonnegative(),
  micros: z.number().int().nonnegative(),
  turns: z.number().int().nonnegative(),
  modelCalls: z.number().int().nonnegative(),
  toolCalls: z.number().int().nonnegative(),
  /** Milliseconds in which a run was at work; waiting does not count. */
  activeMs: z.number().int().nonnegative(),
});
export type Usage = z.infer<typeof Usage>;

export const NO_USAGE: Usage = {
  tokens: 0,
  inputTokens: 0,
  cachedInputTokens: 0,
  outputTokens: 0,
  micros: 0,
  turns: 0,
  modelCalls: 0,
  toolCalls: 0,
  activeMs: 0,
};

/** Hard caps; an absent one is no cap. */
export const Budget = z.object({
  tokens: z.number().int().positive().optional(),
  micros: z.number().int().positive().optional(),
  timeMs: z.number().int().positive().optional(),
  turns: z.number().int().positive().optional(),
  toolCalls: z.number().int().positive().optional(),
});
export type Budget = z.infer<typeof Budget>;

/** Tokens that a budget counts: uncached input plus output. */
export function chargedTokens(usage: TokenUsage): number {
  return usage.inputTokens - usage.cachedInputTokens + usage.outputTokens;
}
