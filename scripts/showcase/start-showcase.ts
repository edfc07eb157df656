import { realpath } from "node:fs/promises";
import { createClient } from "../../packages/protocol/src/index.ts";
import { loadConfig, type RunningServer, startServer } from "../../packages/server/src/index.ts";
import { type ModelServer, startModelServer } from "../../packages/engine/src/testing/model-server.ts";
import { showcaseScript } from "./script.ts";
import { beginShowcase, makeShowcase } from "./workspace.ts";

export interface Showcase {
  server: RunningServer;
  models: ModelServer;
  /** The address that signs a browser in. */
  address: string;
  stop(): Promise<void>;
}

/**
 * A server over a workspace with goals in every state, over a model server on loopback that goes by a script.
 *
 * With `DATABASE_URL` in `environment` it uses that database; else one of its own in the folder.
 */
export async function startShowcase(
  folder: string,
  environment: NodeJS.ProcessEnv = {},
  options: { port?: string; isNew?: boolean } = {},
): Promise<Showcase> {
  const workspace = await realpath(folder);
  const isNew = options.isNew ?? true;
  if (isNew) await makeShowcase(workspace);
  const models = await startModelServer({ script: showcaseScript });
  const config = await loadConfig(
    { workspace, port: options.port ?? "0" },
    { ...environment, BUREAU_MODEL: "openai/gpt-5-mini", OPENAI_API_KEY: "none", OPENAI_BASE_URL: models.openaiUrl },
  );
  const server = await startServer(config, () => undefined);
  if (isNew) await beginShowcase(createClient({ baseUrl: server.url, token: server.token }));
  return {
    server,
    models,
    address: `${server.url}/#token=${encodeURIComponent(server.token)}`,
    stop: async () => {
      await server.stop();
      await models.close();
    },
  };
}
