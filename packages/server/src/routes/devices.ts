import { type AccessApi, textOfDecider } from "@bureau/engine";
import type { devicesApi, Handlers } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";
import type { Auth } from "../auth.ts";
import { callerOf, deciderOf, ownOnly } from "../caller.ts";

export function deviceHandlers(engine: AccessApi, auth: Auth): Handlers<typeof devicesApi, AppContext> {
  return {
    listDevices: ({ query }, context) => engine.listDevices({ ...query, of: ownOnly(context) }),
    addDevice: ({ body }, context) => {
      const { person } = callerOf(context);
      return engine.addDevice({ ...body, personId: person.id, by: textOfDecider(deciderOf(context)) });
    },
    revokeDevice: ({ params }, context) => {
      const { person } = callerOf(context);
      const by = textOfDecider(deciderOf(context));
      return engine.revokeDevice(params.device, { by, asker: person.id, of: ownOnly(context) });
    },
    getSession: async (_input, context) => auth.session(context),
    signIn: ({ body }, context) => auth.signIn(context, body.token),
    signOut: (_input, context) => auth.signOut(context),
    closeSessions: () => engine.closeSessions(),
  };
}
