import type { StateApi } from "@bureau/engine";
import type { Handlers, stateApi } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";
import type { Auth } from "../auth.ts";
import { OWNER } from "./inbox.ts";

export function stateHandlers(engine: StateApi, version: string, auth: Auth): Handlers<typeof stateApi, AppContext> {
  return {
    getStatus: async () => ({ version, ...(await engine.status()) }),
    doctor: () => engine.doctor(),
    getUsage: ({ query }) => engine.usage(query),
    stopAll: () => engine.stopAll({ by: OWNER }),
    resumeAll: () => engine.resumeAll(),
    signIn: async ({ body }, context) => auth.signIn(context, body.token),
    signOut: async (_input, context) => auth.signOut(context),
  };
}
