import { type AccessApi, textOfDecider } from "@bureau/engine";
import { type Address, AppError, type Handlers, type pairingsApi, type peopleApi } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";
import type { Auth } from "../auth.ts";
import { callerOf, deciderOf, ownOnly, personIn } from "../caller.ts";
import { qrCodeOf } from "../qr-code.ts";

/** Begin of a link for somebody else, from what a request says. */
export type AddressReader = (context: AppContext, url: string | undefined) => Address;

export function peopleHandlers(
  engine: AccessApi,
  auth: Auth,
  addressFor: AddressReader,
): Handlers<typeof peopleApi & typeof pairingsApi, AppContext> {
  return {
    listPeople: ({ query }) => engine.listPeople(query),
    getPerson: ({ params }, context) => engine.getPerson(personIn(context, params.person)),
    removePerson: ({ params }, context) =>
      engine.removePerson(personIn(context, params.person), textOfDecider(deciderOf(context))),
    getPreferences: ({ params }, context) => engine.getPreferences(personIn(context, params.person)),
    changePreferences: ({ params, body }, context) => engine.changePreferences(personIn(context, params.person), body),
    listInvitations: ({ query }) => engine.listInvitations(query),
    invite: async ({ body: { url, ...input } }, context) => {
      const address = addressFor(context, url);
      const { invitation, secret } = await engine.invite({ ...input, by: textOfDecider(deciderOf(context)) });
      return { invitation, secret, link: `${address.url}/join#${secret}`, address };
    },
    revokeInvitation: ({ params }) => engine.revokeInvitation(params.invitation),
    acceptInvitation: ({ body }, context) => auth.enter(context, () => engine.acceptInvitation(body)),
    pair: async ({ body }, context) => {
      const address = addressFor(context, body.url);
      const { pairing, code } = await engine.pair({
        person: await personOf(engine, context, body.person),
        name: body.name ?? null,
        scope: body.scope,
        by: textOfDecider(deciderOf(context)),
      });
      const link = `${address.url}/pair#${code}`;
      return { pairing, code, link, qr: await qrCodeOf(link), address };
    },
    getPairing: ({ params }, context) => engine.getPairing(params.pairing, ownOnly(context)),
    endPairing: ({ params }, context) => engine.endPairing(params.pairing, ownOnly(context)),
    redeemPairing: ({ body }, context) => auth.enter(context, () => engine.redeemPairing(body)),
  };
}

/** Whose device it becomes: one's own, unless the owner names somebody. */
async function personOf(engine: AccessApi, context: AppContext, named: string | undefined): Promise<string> {
  const { person } = callerOf(context);
  if (named === undefined) return person.id;
  const found = person.role === "owner" ? await engine.getPerson(personIn(context, named)) : null;
  if (found !== null) return found.id;
  if ([person.id, person.name.toLowerCase(), "me"].includes(named.toLowerCase())) return person.id;
  throw new AppError("forbidden", `${person.name} may add devices of their own alone.`, {
    hint: "Leave the person out, or ask the owner of this Bureau.",
  });
}
