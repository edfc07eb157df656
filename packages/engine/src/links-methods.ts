import { answerByLink, decideByLink, lookByLink } from "./commands/decide-by-link.ts";
import { makeLink, revokeLink } from "./commands/links.ts";
import type { CommandParts } from "./commands/parts.ts";
import type { LinksApi } from "./people-api.ts";
import { listLinks } from "./queries/links.ts";

/** Links to guests; each use case by its name. */
export function linksApi(commands: CommandParts): LinksApi {
  return {
    makeLink: (input) => makeLink(commands, input),
    listLinks: (query) => listLinks(commands.database, commands.clock.now(), query),
    revokeLink: (link) => revokeLink(commands, link),
    lookByLink: (secret) => lookByLink(commands, secret),
    decideByLink: (input) => decideByLink(commands, input),
    answerByLink: (input) => answerByLink(commands, input),
  };
}
