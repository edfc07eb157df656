import type { ModelSettings } from "@bureau/engine";
import { z } from "zod";

const PROBE_MS = 300;

/** Model servers that people run on their own machine, at their usual ports. */
export const LOCAL_SERVERS: readonly LocalServer[] = [
  { name: "ollama", baseUrl: "http://127.0.0.1:11434/v1" },
  { name: "lmstudio", baseUrl: "http://127.0.0.1:1234/v1" },
  { name: "llamacpp", baseUrl: "http://127.0.0.1:8080/v1" },
];

export interface LocalServer {
  name: string;
  baseUrl: string;
}

const ModelList = z.object({ data: z.array(z.object({ id: z.string().min(1) })).min(1) });

/**
 * Settings with a local server's model as default, when nothing else is configured and one answers.
 *
 * All servers are asked at once; the first of the list that answers is taken.
 */
export async function withLocalModel(
  settings: ModelSettings,
  servers: readonly LocalServer[] = LOCAL_SERVERS,
): Promise<ModelSettings> {
  if (settings.default !== undefined || Object.keys(settings.providers).length > 0) return settings;
  const found = await Promise.all(servers.map(async (server) => ({ server, model: await firstModel(server) })));
  const first = found.find(({ model }) => model !== null);
  if (first === undefined) return settings;
  const { name, baseUrl } = first.server;
  return {
    ...settings,
    default: `${name}/${first.model}`,
    providers: { ...settings.providers, [name]: { kind: "openai-compatible", baseUrl } },
  };
}

/** The first model that writes text; null when the server is not there or is something else. */
async function firstModel(server: LocalServer): Promise<string | null> {
  try {
    const response = await fetch(`${server.baseUrl}/models`, { signal: AbortSignal.timeout(PROBE_MS) });
    const list = ModelList.safeParse(await response.json());
    if (!response.ok || !list.success) return null;
    return list.data.data.find(({ id }) => !/embed/i.test(id))?.id ?? null;
  } catch {
    return null;
  }
}
