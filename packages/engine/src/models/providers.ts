import type { LanguageModelV4 } from "@ai-sdk/provider";
import { createHttpFetch } from "./http-fetch.ts";
import type { ProviderSettings } from "./settings.ts";

export interface Provider {
  model(id: string): LanguageModelV4;
  close(): void;
}

/** Stands in for a key where a local server wants none; the packages would look into the environment otherwise. */
const NO_KEY = "none";

/** Loads the provider's package when it is first used: a start without it is faster. */
export async function openProvider(name: string, settings: ProviderSettings): Promise<Provider> {
  const http = createHttpFetch({ stallMs: settings.stallMs });
  const makeModel = await loadProvider(name, settings, http.fetch);
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
