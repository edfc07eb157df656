import type { StateApi } from "@bureau/engine";
import type { Handlers, stateApi } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";
import { deciderOf } from "../caller.ts";

export function stateHandlers(engine: StateApi, version: string): Handlers<typeof stateApi, AppContext> {
  return {
    getStatus: async () => ({ version, ...(await engine.status()) }),
    doctor: () => engine.doctor(),
    getUsage: ({ query }) => engine.usage(query),
    stopAll: (_input, context) => engine.stopAll({ by: deciderOf(context) }),
    resumeAll: () => engine.resumeAll(),
  };
}
