import type { Clock } from "../clock.ts";
import { createConnectors } from "../connectors/create-connectors.ts";
import type { EngineApi } from "../engine-api.ts";
import { engineApi } from "../engine-methods.ts";
import { Live } from "../loop/live.ts";
import { createPush, NO_PUSH, type PushOptions } from "../push.ts";
import { readToolPin, writeToolPin } from "../store/mcp-pins.ts";
import { builtInTools } from "../tools/registry.ts";
import type { SecretStore } from "../vault/open-vault.ts";
import type { TestEngine } from "./test-engine.ts";

export interface TestEngineApi {
  api: EngineApi;
  close(): Promise<void>;
}

/** Every command and query of the engine, as the server has them, on a test's database. Nothing drives runs. */
export async function testEngineApi(
  engine: TestEngine,
  { clock, vault, push: pushed = NO_PUSH }: { clock: Clock; vault: SecretStore; push?: PushOptions },
): Promise<TestEngineApi> {
  const { database, parts, workspace, folder } = engine;
  const live = new Live({ database, clock, onRunSignal: () => undefined });
  await live.start();
  const { models, sandbox } = parts;
  const tools = builtInTools();
  const connectors = createConnectors({
    workspace,
    clock,
    values: { environment: {} },
    pins: {
      read: (server) => readToolPin(database, server),
      write: (server, pin) => writeToolPin(database, server, pin),
    },
    taken: new Set(tools.map((tool) => tool.name)),
    agents: async () => [{ name: "writer", folder }],
  });
  const commands = { ...engine.commands, clock };
  const isStopping = () => false;
  const { log } = parts;
  const push = createPush(pushed, { commands, onEvents: (listener) => live.onEvents(listener), log });
  const given = { commands, live, models, sandbox, vault, connectors, push: push.api, parts, tools, isStopping };
  push.start();
  return {
    api: engineApi({ ...given, policy: [] }),
    close: async () => {
      await push.stop();
      await connectors.close();
      await live.stop();
    },
  };
}
