import { z } from "zod";
import { ListEffects } from "./api-inputs.ts";
import { Effect } from "./effect.ts";
import { endpoint } from "./endpoint.ts";

export const EffectList = z.object({ effects: z.array(Effect), nextCursor: z.string().nullable() });
export type EffectList = z.infer<typeof EffectList>;

export const effectsApi = {
  listEffects: endpoint("GET", "/api/effects", {
    summary: "What was done outside, newest first: for which goal, on whose yes",
    group: "effects",
    query: ListEffects,
    reply: EffectList,
    errors: ["not_found"],
  }),
  getEffect: endpoint("GET", "/api/effects/:effectId", {
    summary: "One effect, with its receipt",
    group: "effects",
    reply: Effect,
    errors: ["not_found"],
  }),
  undoEffect: endpoint("POST", "/api/effects/:effectId/undo", {
    summary: "Stop it while it can be stopped, or take back what was done",
    group: "effects",
    reply: Effect,
    errors: ["not_found", "conflict"],
  }),
  reconcileEffect: endpoint("POST", "/api/effects/:effectId/reconcile", {
    summary: "Ask the provider whether an effect of which nobody can tell took place",
    group: "effects",
    reply: Effect,
    errors: ["not_found", "conflict"],
  }),
};
