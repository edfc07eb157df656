import type { EffectsApi } from "@bureau/engine";
import type { effectsApi, Handlers } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";

const OWNER = { name: "owner", scope: "full" } as const;

export function effectHandlers(engine: EffectsApi): Handlers<typeof effectsApi, AppContext> {
  return {
    listEffects: ({ query }) => engine.listEffects(query),
    getEffect: ({ params }) => engine.getEffect(params.effectId),
    undoEffect: ({ params }) => engine.undoEffect(params.effectId, { by: OWNER }),
    reconcileEffect: ({ params }) => engine.reconcileEffect(params.effectId),
  };
}
