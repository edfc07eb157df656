import type { LanguageModelV4 } from "@ai-sdk/provider";
import { AppError } from "@bureau/protocol";
import { resolveSecrets, secretReferences, type Vault } from "../vault/vault.ts";
import { createHttpFetch } from "./http-fetch.ts";
import type { ProviderSettings } from "./settings.ts";

export interface Provider {
  model(id: string): LanguageModelV4;
  close(): void;
}

/** Stands in for a key where a local server wants none; the packages would look into the environment otherwise. */
const NO_KEY = "none";

/** Loads the provider's package when it is first used: a start without it is faster. */
export async function openProvider(
  name: string,
  settings: ProviderSettings,
  vault: Pick<Vault, "get"> | null,
): Promise<Provider> {
  const http = createHttpFetch({ stallMs: settings.stallMs });
  const makeModel = await loadProvider(name, settings, withSecrets(http.fetch, settings, vault));
  const models = new Map<string, LanguageModelV4>();
  return {
    model: (id) => {
      const found = models.get(id) ?? makeModel(id);
      models.set(id, found);
      return found;
    },
    close: () => http.close(),
  };
}

/**
 * Puts secrets in the place of references to them in headers, at the last moment: no provider's package, error or
 * setting ever holds one, and a key that was changed is used by the next call.
 */
function withSecrets(
  fetch: typeof globalThis.fetch,
  { apiKey = "", headers: given = {} }: ProviderSettings,
  vault: Pick<Vault, "get"> | null,
): typeof globalThis.fetch {
  const [first] = secretReferences([apiKey, ...Object.values(given)].join(" "));
  if (first === undefined) return fetch;
  return async (input, init) => {
    if (vault === null) throw new AppError("unavailable", `There is no vault here to take the secret ${first} from.`);
    const headers: Record<string, string> = {};
    for (const [name, value] of new Headers(init?.headers)) headers[name] = await resolveSecrets(value, vault);
    return fetch(input, { ...init, headers });
  };
}

async function loadProvider(
  name: string,
  settings: ProviderSettings,
  fetch: typeof globalThis.fetch,
): Promise<(id: string) => LanguageModelV4> {
  const { baseUrl, headers } = settings;
  const common = {
    fetch,
    apiKey: settings.apiKey ?? NO_KEY,
    ...(baseUrl === undefined ? {} : { baseURL: baseUrl }),
    ...(headers === undefined ? {} : { headers }),
  };
  switch (settings.kind) {
    case "openai": {
      const { createOpenAI } = await import("@ai-sdk/openai");
      const provider = createOpenAI(common);
      return (id) => provider.responses(id);
    }
    case "anthropic": {
      const { createAnthropic } = await import("@ai-sdk/anthropic");
      const provider = createAnthropic(common);
      return (id) => provider(id);
    }
    case "google": {
      const { createGoogle } = await import("@ai-sdk/google");
      const provider = createGoogle(common);
      return (id) => provider(id);
    }
    case "openai-compatible": {
      const { createOpenAICompatible } = await import("@ai-sdk/openai-compatible");
      const { apiKey, ...rest } = common;
      const key = apiKey === NO_KEY ? {} : { apiKey };
      const provider = createOpenAICompatible({ ...rest, ...key, name, baseURL: baseUrl ?? "", includeUsage: true });
      return (id) => provider(id);
    }
  }
}
