import type { PushApi } from "@bureau/engine";
import type { Handlers, pushApi } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";
import { callerOf } from "../caller.ts";
import type { PeerReader } from "../peer.ts";
import type { RequestLimits } from "../request-limits.ts";

/** Who asks, as far as subscriptions belong to them. */
function byOf(context: AppContext) {
  const { person, scope, deviceId, sessionId } = callerOf(context);
  return { person, scope, deviceId, sessionId };
}

export function pushHandlers(
  engine: PushApi,
  { peerOf, limits }: { peerOf: PeerReader; limits: Pick<RequestLimits, "pushDecision" | "pushTest"> },
): Handlers<typeof pushApi, AppContext> {
  return {
    getPush: () => engine.getPush(),
    getPushKey: () => engine.getPushKey(),
    listPushSubscriptions: (_input, context) => engine.listPushSubscriptions(byOf(context)),
    addPushSubscription: ({ body }, context) => engine.addPushSubscription({ ...body, by: byOf(context) }),
    removePushSubscription: ({ params }, context) =>
      engine.removePushSubscription(params.subscriptionId, byOf(context)),
    testPush: async ({ body }, context) => {
      const by = byOf(context);
      limits.pushTest(by.deviceId ?? "owner");
      return await engine.testPush({ ...body, by });
    },
    decideByPush: async ({ body }, context) => {
      const forgiven = limits.pushDecision(peerOf(context));
      const decided = await engine.decideByPush(body.token);
      forgiven();
      return decided;
    },
  };
}
