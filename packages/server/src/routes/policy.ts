import type { PolicyApi } from "@bureau/engine";
import type { Handlers, policyApi } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";
import { deciderOf } from "../caller.ts";

export function policyHandlers(engine: PolicyApi): Handlers<typeof policyApi, AppContext> {
  return {
    listPolicyRules: () => engine.listPolicyRules(),
    addPolicyRule: ({ body }, context) => engine.addPolicyRule({ ...body, by: deciderOf(context) }),
    removePolicyRule: ({ params }) => engine.removePolicyRule(params.ruleId),
    simulatePolicy: ({ body }) => engine.simulatePolicy(body),
  };
}
