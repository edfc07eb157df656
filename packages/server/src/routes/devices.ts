import type { AccessApi } from "@bureau/engine";
import type { devicesApi, Handlers } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";
import type { Auth } from "../auth.ts";
import { callerOf } from "../caller.ts";

export function deviceHandlers(engine: AccessApi, auth: Auth): Handlers<typeof devicesApi, AppContext> {
  return {
    listDevices: ({ query }) => engine.listDevices(query),
    addDevice: ({ body }, context) => engine.addDevice({ ...body, by: callerOf(context).name }),
    revokeDevice: ({ params }, context) => engine.revokeDevice(params.device, callerOf(context).name),
    getSession: async (_input, context) => auth.session(context),
    signIn: ({ body }, context) => auth.signIn(context, body.token),
    signOut: (_input, context) => auth.signOut(context),
    closeSessions: () => engine.closeSessions(),
  };
}
