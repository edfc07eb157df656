import { AppError } from "@bureau/protocol";
import type { ModelLimits, ModelPrice, ModelRole } from "./model.ts";

export const PROVIDER_KINDS = ["openai", "anthropic", "google", "openai-compatible"] as const;
export type ProviderKind = (typeof PROVIDER_KINDS)[number];

export interface ProviderSettings {
  kind: ProviderKind;
  /** Needed for `openai-compatible`; the provider's own address otherwise. */
  baseUrl?: string | undefined;
  apiKey?: string | undefined;
  headers?: Record<string, string> | undefined;
  /** Calls at once; default `DEFAULT_MAX_CONCURRENT`. */
  maxConcurrent?: number | undefined;
  /** Longest silence within an answer, in milliseconds. */
  stallMs?: number | undefined;
}

/** Which models there are, as plain data: the environment and files are read elsewhere. */
export interface ModelSettings {
  /** `provider/model`. */
  default?: string | undefined;
  fast?: string | undefined;
  judge?: string | undefined;
  /** Tried in order after the model of a role has failed. */
  fallbacks?: string[] | undefined;
  providers: Record<string, ProviderSettings>;
  prices?: Record<string, ModelPrice> | undefined;
  limits?: Record<string, ModelLimits> | undefined;
}

export interface ModelName {
  provider: string;
  /** May itself contain slashes. */
  model: string;
}

/** Takes `provider/model` apart. Throws `invalid` when it is not of that form. */
export function parseModelName(name: string): ModelName {
  const slash = name.indexOf("/");
  if (slash <= 0 || slash === name.length - 1) {
    throw new AppError("invalid", `"${name}" is not a model name.`, {
      hint: "Write it as provider/model, for example openai/gpt-5 or anthropic/claude-sonnet-4-5.",
    });
  }
  return { provider: name.slice(0, slash), model: name.slice(slash + 1) };
}

export interface FoundProvider extends ProviderSettings {
  name: string;
  /** The model's name at the provider. */
  model: string;
}

/** The provider of a model. Throws `invalid` when it is not configured. */
export function findProvider(settings: ModelSettings, name: string): FoundProvider {
  const { provider, model } = parseModelName(name);
  const found = Object.hasOwn(settings.providers, provider) ? settings.providers[provider] : undefined;
  if (found === undefined) {
    const known = Object.keys(settings.providers);
    throw new AppError("invalid", `The model "${name}" names the provider "${provider}", which is not configured.`, {
      hint:
        known.length === 0
          ? "Set a provider's key, for example OPENAI_API_KEY, or name an OpenAI-compatible server in bureau.yaml."
          : `Configured: ${known.join(", ")}. Add "${provider}" under models.providers in bureau.yaml or choose one of these.`,
    });
  }
  if (found.kind === "openai-compatible" && (found.baseUrl ?? "") === "") {
    throw new AppError("invalid", `The provider "${provider}" has no address.`, {
      hint: `Set models.providers.${provider}.baseUrl, for example http://127.0.0.1:8080/v1.`,
    });
  }
  return { ...found, model, name: provider };
}

/** Models of a role in the order to try, each once. */
export function modelChain(settings: ModelSettings, role: ModelRole): string[] {
  const first = (role === "default" ? undefined : settings[role]) ?? settings.default;
  const chain = [
    ...new Set([first, ...(settings.fallbacks ?? [])].filter((name) => name !== undefined && name !== "")),
  ];
  if (chain.length === 0) {
    throw new AppError("invalid", "No model is set.", {
      hint: "Set BUREAU_MODEL to provider/model and the provider's key, or run a rehearsal with BUREAU_REHEARSAL.",
    });
  }
  return chain as string[];
}
