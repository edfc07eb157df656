import type { LinksApi } from "@bureau/engine";
import type { Handlers, linksApi } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";
import type { Auth } from "../auth.ts";
import { deciderOf } from "../caller.ts";
import type { AddressReader } from "./people.ts";

export function linkHandlers(
  engine: LinksApi,
  auth: Auth,
  addressFor: AddressReader,
): Handlers<typeof linksApi, AppContext> {
  return {
    makeLink: async ({ body: { url, ...input } }, context) => {
      const address = addressFor(context, url);
      const { link, secret } = await engine.makeLink({ ...input, by: deciderOf(context) });
      return { link, secret, url: `${address.url}/ask#${secret}`, address };
    },
    listLinks: ({ query }) => engine.listLinks(query),
    revokeLink: ({ params }) => engine.revokeLink(params.link),
    lookByLink: ({ body }, context) => auth.guess(context, () => engine.lookByLink(body.secret)),
    decideByLink: ({ body }, context) => auth.guess(context, () => engine.decideByLink(body)),
    answerByLink: ({ body }, context) => auth.guess(context, () => engine.answerByLink(body)),
  };
}
