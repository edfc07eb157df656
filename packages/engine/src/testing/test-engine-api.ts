import type { Clock } from "../clock.ts";
import type { EngineApi } from "../engine-api.ts";
import { engineApi } from "../engine-methods.ts";
import { Live } from "../loop/live.ts";
import type { TestEngine } from "./test-engine.ts";

export interface TestEngineApi {
  api: EngineApi;
  close(): Promise<void>;
}

/** Every command and query of the engine, as the server has them, on a test's database. Nothing drives runs. */
export async function testEngineApi(engine: TestEngine, clock: Clock): Promise<TestEngineApi> {
  const { database, parts } = engine;
  const live = new Live({ database, clock, onRunSignal: () => undefined });
  await live.start();
  const commands = { ...engine.commands, clock };
  const { models, sandbox } = parts;
  return {
    api: engineApi({ commands, live, models, sandbox, parts, isStopping: () => false }),
    close: () => live.stop(),
  };
}
