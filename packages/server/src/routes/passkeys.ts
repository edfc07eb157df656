import { type PasskeysApi, textOfDecider } from "@bureau/engine";
import { AppError, type Handlers, type passkeysApi, type PasskeyOptions } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";
import type { Auth } from "../auth.ts";
import { callerOf, deciderOf, ownOnly } from "../caller.ts";
import { checkRegistration, checkSignIn, registrationOptions, signInOptions, siteOf } from "../passkeys.ts";
import type { PeerReader } from "../peer.ts";
import type { RequestLimits } from "../request-limits.ts";

export function passkeyHandlers(
  engine: PasskeysApi,
  { auth, peerOf, limits }: { auth: Auth; peerOf: PeerReader; limits: Pick<RequestLimits, "challenge"> },
): Handlers<typeof passkeysApi, AppContext> {
  return {
    listPasskeys: async (_input, context) => ({ passkeys: await engine.listPasskeys(ownOnly(context)) }),
    beginPasskey: async (_input, context): Promise<PasskeyOptions> => {
      const { deviceId: holder } = callerOf(context);
      const name = textOfDecider(deciderOf(context));
      return { options: await registrationOptions(engine, siteOf(context, peerOf), { holder, name }) };
    },
    addPasskey: async ({ body }, context) => {
      const { deviceId: holder } = callerOf(context);
      const by = textOfDecider(deciderOf(context));
      const signed = await checkRegistration(engine, siteOf(context, peerOf), holder, body.response);
      return await engine.addPasskey({ ...signed, name: body.name, holder, by });
    },
    removePasskey: ({ params }, context) => engine.removePasskey(params.passkey, ownOnly(context)),
    beginPasskeySignIn: async (_input, context) => {
      limits.challenge(peerOf(context));
      return { options: await signInOptions(engine, siteOf(context, peerOf)) };
    },
    signInWithPasskey: async ({ body }, context) => {
      const site = siteOf(context, peerOf);
      await auth.signInAs(context, async () => {
        const holder = await checkSignIn(engine, site, body.response);
        if (holder !== undefined) return holder;
        throw new AppError("unauthenticated", "This passkey does not sign in here.", {
          hint: "Sign in with a token; `bureau passkey list` shows the passkeys that are known.",
        });
      });
    },
  };
}
