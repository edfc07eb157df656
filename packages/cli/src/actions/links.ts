import { AppError, type Link, LINK_STATUSES } from "@bureau/protocol";
import { answer, argument } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { connect } from "../connect.ts";
import { renderTable } from "../present/table.ts";
import { cleanText, oneLine, relativeTime } from "../present/text.ts";
import { readSpan } from "../span.ts";
import { findEntry } from "./decide.ts";

const MAX_LINKS = 500;

interface AskOptions {
  name: string;
  thread?: string;
  expires?: string;
  url?: string;
}

/** A link to decide one thing, or to be interviewed, and nothing else. */
export async function askByLink(call: Call<AskOptions>): Promise<void> {
  const entry = argument(call, 0);
  const { name, thread, expires, url } = call.options;
  if ((entry === "") === (thread === undefined)) {
    throw new AppError("invalid", "Name either an entry of the inbox or --thread.", {
      hint: "`bureau inbox list` shows entries, `bureau thread list` threads.",
    });
  }
  const connection = await connect(call);
  const expiresInSeconds = readSpan(expires);
  const made = await connection.client.makeLink({
    body: {
      name,
      ...(thread === undefined ? { entryId: (await findEntry(connection, entry)).id } : { threadId: thread }),
      ...(expiresInSeconds === undefined ? {} : { expiresInSeconds }),
      ...(url === undefined ? {} : { url }),
    },
  });
  if (made.address.warning !== null) call.terminal.err(`${cleanText(made.address.warning)}\n`);
  const what = made.link.kind === "decision" ? "decides this one thing" : "answers what is asked in this thread";
  answer(
    call,
    made,
    () =>
      `${made.url}\n\nSend it to ${oneLine(name)}: whoever has it ${what}, until ${made.link.expiresAt}. It is not shown again.\n`,
  );
}

export async function listLinks(call: Call<{ all?: boolean }>): Promise<void> {
  const { client } = await connect(call);
  const status = call.options.all === true ? { status: [...LINK_STATUSES] } : {};
  const list = await client.listLinks({ query: { limit: MAX_LINKS, ...status } });
  answer(call, list, () => renderLinks(call, list.links));
}

function renderLinks({ terminal }: Pick<Call, "terminal">, links: Link[]): string {
  if (links.length === 0) return "There are no links. `bureau link ask ENTRY --name NAME` makes one.\n";
  return renderTable(
    terminal,
    [
      { title: "FOR", value: (link) => oneLine(link.name), flexible: true },
      { title: "KIND", value: (link) => link.kind },
      { title: "STATUS", value: (link) => link.status },
      { title: "ABOUT", value: (link) => link.entryId ?? link.threadId ?? "" },
      { title: "EXPIRES", value: (link) => relativeTime(terminal.now(), link.expiresAt) },
      { title: "ID", value: (link) => link.id },
    ],
    links,
  );
}

export async function revokeLink(call: Call): Promise<void> {
  const { client } = await connect(call);
  const link = await client.revokeLink({ params: { link: argument(call, 0) } });
  answer(call, link, () => `The link for ${oneLine(link.name)} is revoked.\n`);
}
