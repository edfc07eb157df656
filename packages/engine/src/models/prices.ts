import type { ModelLimits, ModelPrice } from "./model.ts";

/** What is assumed of a model that is not in the table and has no settings. */
export const DEFAULT_LIMITS: ModelLimits = { contextTokens: 128_000, maxOutputTokens: 16_384 };

interface KnownModel {
  price: ModelPrice;
  limits: ModelLimits;
}

const MICROS_PER_DOLLAR = 1_000_000;
/** A model's name may carry its date: `-2025-08-07`, `-20250929`, or `-latest`. */
const DATE_SUFFIX = /-(\d{4}-\d{2}-\d{2}|\d{8}|\d{3}|latest)$/;

/** Dollars per million tokens: input, cached input, output; then context and longest answer in tokens. */
const KNOWN_MODELS: Record<string, KnownModel> = {
  "gpt-5.2": known(1.75, 0.175, 14, 400_000, 128_000),
  "gpt-5.1": known(1.25, 0.125, 10, 400_000, 128_000),
  "gpt-5": known(1.25, 0.125, 10, 400_000, 128_000),
  "gpt-5-mini": known(0.25, 0.025, 2, 400_000, 128_000),
  "gpt-5-nano": known(0.05, 0.005, 0.4, 400_000, 128_000),
  "gpt-4.1": known(2, 0.5, 8, 1_047_576, 32_768),
  "gpt-4.1-mini": known(0.4, 0.1, 1.6, 1_047_576, 32_768),
  "gpt-4.1-nano": known(0.1, 0.025, 0.4, 1_047_576, 32_768),
  "gpt-4o": known(2.5, 1.25, 10, 128_000, 16_384),
  "gpt-4o-mini": known(0.15, 0.075, 0.6, 128_000, 16_384),
  o3: known(2, 0.5, 8, 200_000, 100_000),
  "o4-mini": known(1.1, 0.275, 4.4, 200_000, 100_000),
  "claude-opus-4-6": known(5, 0.5, 25, 200_000, 128_000),
  "claude-opus-4-5": known(5, 0.5, 25, 200_000, 64_000),
  "claude-opus-4-1": known(15, 1.5, 75, 200_000, 32_000),
  "claude-sonnet-4-6": known(3, 0.3, 15, 200_000, 64_000),
  "claude-sonnet-4-5": known(3, 0.3, 15, 200_000, 64_000),
  "claude-haiku-4-5": known(1, 0.1, 5, 200_000, 64_000),
  "gemini-2.5-pro": known(1.25, 0.125, 10, 1_048_576, 65_536),
  "gemini-2.5-flash": known(0.3, 0.03, 2.5, 1_048_576, 65_536),
  "gemini-2.5-flash-lite": known(0.1, 0.01, 0.4, 1_048_576, 65_536),
};

/** Price of a model by its name without provider; null when unknown. List prices change: settings override them. */
export function knownPrice(model: string): ModelPrice | null {
  return find(model)?.price ?? null;
}

export function knownLimits(model: string): ModelLimits | null {
  return find(model)?.limits ?? null;
}

/** Exact, or exact but for the date: a similar name may be another model at another price. */
function find(model: string): KnownModel | null {
  const bare = model.slice(model.lastIndexOf("/") + 1).replace(DATE_SUFFIX, "");
  return Object.hasOwn(KNOWN_MODELS, bare) ? (KNOWN_MODELS[bare] ?? null) : null;
}

function known(
  input: number,
  cachedInput: number,
  output: number,
  contextTokens: number,
  maxOutputTokens: number,
): KnownModel {
  const micros = (dollars: number) => Math.round(dollars * MICROS_PER_DOLLAR);
  return {
    price: { input: micros(input), cachedInput: micros(cachedInput), output: micros(output) },
    limits: { contextTokens, maxOutputTokens },
  };
}
