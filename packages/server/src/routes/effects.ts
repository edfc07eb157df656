import type { EffectsApi } from "@bureau/engine";
import type { effectsApi, Handlers } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";
import { deciderOf } from "../caller.ts";

export function effectHandlers(engine: EffectsApi): Handlers<typeof effectsApi, AppContext> {
  return {
    listEffects: ({ query }) => engine.listEffects(query),
    getEffect: ({ params }) => engine.getEffect(params.effectId),
    undoEffect: ({ params }, context) => engine.undoEffect(params.effectId, { by: deciderOf(context) }),
    reconcileEffect: ({ params }) => engine.reconcileEffect(params.effectId),
  };
}
