import type { PolicyApi } from "@bureau/engine";
import type { Handlers, policyApi } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";

/** There is one token, so whoever has it decides as the owner. */
const OWNER = { name: "owner", scope: "full" } as const;

export function policyHandlers(engine: PolicyApi): Handlers<typeof policyApi, AppContext> {
  return {
    listPolicyRules: () => engine.listPolicyRules(),
    addPolicyRule: ({ body }) => engine.addPolicyRule({ ...body, by: OWNER }),
    removePolicyRule: ({ params }) => engine.removePolicyRule(params.ruleId),
    simulatePolicy: ({ body }) => engine.simulatePolicy(body),
  };
}
