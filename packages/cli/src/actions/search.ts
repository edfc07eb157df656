import { type MatchRange, SEARCH_KINDS, type SearchHit, type SearchResult } from "@bureau/protocol";
import { answer, argument, readLimit, readList } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { connect, type Connection } from "../connect.ts";
import { count, oneLine, paint, relativeTime } from "../present/text.ts";
import type { Terminal } from "../terminal.ts";

/** How often it is asked again while the server still reads what happened. */
const MAX_ROUNDS = 500;

interface SearchOptions {
  kinds?: string;
  limit?: string;
}

export async function search(call: Call<SearchOptions>): Promise<void> {
  const { options, terminal } = call;
  const connection = await connect(call);
  const kinds = readList("--kinds", options.kinds, SEARCH_KINDS);
  const query = { q: argument(call, 0), ...readLimit(options.limit), ...(kinds === undefined ? {} : { kinds }) };
  const result = await caughtUp(connection, query, terminal);
  answer(call, result, () => {
    if (result.hits.length === 0) return "Nothing has these words.\n";
    return result.hits.map((hit) => hitText(terminal, hit)).join("\n");
  });
}

/** The result once all that happened can be found, or after asking often enough. */
async function caughtUp(
  { client }: Connection,
  query: { q: string; limit?: number; kinds?: (typeof SEARCH_KINDS)[number][] },
  terminal: Terminal,
): Promise<SearchResult> {
  let result = await client.search({ query });
  for (let round = 0; result.index.behind > 0 && round < MAX_ROUNDS; round += 1) {
    if (round % 10 === 1) terminal.err(`Reading what happened: ${count(result.index.behind, "thing")} left.\n`);
    result = await client.search({ query });
  }
  return result;
}

function hitText(terminal: Terminal, hit: SearchHit): string {
  const title = hit.title === "" ? hit.id : marked(terminal, hit.title, hit.titleRanges);
  const place = hit.position === null ? hit.id : `${hit.threadId ?? hit.id} ${hit.position}`;
  const head = `${paint(terminal, "bold", hit.kind)}  ${oneLine(title, 200)}  ${paint(terminal, "dim", `${place}  ${relativeTime(terminal.now(), hit.at)}`)}\n`;
  return hit.snippet === "" ? head : `${head}  ${marked(terminal, hit.snippet, hit.ranges)}\n`;
}

function marked(terminal: Terminal, text: string, ranges: readonly MatchRange[]): string {
  let from = 0;
  let line = "";
  for (const { start, end } of ranges) {
    line += `${clean(text.slice(from, start))}${paint(terminal, "yellow", clean(text.slice(start, end)))}`;
    from = end;
  }
  return line + clean(text.slice(from));
}

/** Spaces at the ends stay: the parts are put together again. */
function clean(text: string): string {
  const line = oneLine(`|${text}|`, 1_000);
  return line.slice(1, -1);
}
