import { ACTIVITY_KINDS } from "@bureau/protocol";
import { answer, readLimit, readList, readWhole } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { connect } from "../connect.ts";
import { oneLine, paint, relativeTime } from "../present/text.ts";
import { resolveReference } from "../references.ts";

/** Parts that are read while there are few entries among many events. */
const MAX_PARTS = 20;
const DEFAULT_LIMIT = 50;

interface ActivityOptions {
  agent?: string;
  goal?: string;
  kind?: string;
  before?: string;
  limit?: string;
}

/** What happened, newest first, a line each. */
export async function showActivity(call: Call<ActivityOptions>): Promise<void> {
  const { options, terminal } = call;
  const { client } = await connect(call);
  const kind = readList("--kind", options.kind, ACTIVITY_KINDS);
  const limit = Math.min(200, readLimit(options.limit).limit ?? DEFAULT_LIMIT);
  const filter = {
    ...(kind === undefined ? {} : { kind }),
    ...(options.agent === undefined ? {} : { agent: await resolveReference(client, "agent", options.agent) }),
    ...(options.goal === undefined ? {} : { goal: await resolveReference(client, "goal", options.goal) }),
  };
  let before = readWhole("--before", options.before, { min: 1, max: Number.MAX_SAFE_INTEGER });
  const list = await client.listActivity({ query: { ...filter, limit, ...(before === undefined ? {} : { before }) } });
  for (let part = 1; part < MAX_PARTS && list.entries.length < limit && list.nextBefore !== null; part += 1) {
    before = list.nextBefore;
    const more = await client.listActivity({ query: { ...filter, limit: limit - list.entries.length, before } });
    list.entries.push(...more.entries);
    list.nextBefore = more.nextBefore;
  }
  answer(call, list, () => {
    if (list.entries.length === 0) return "Nothing of this kind has happened.\n";
    const lines = list.entries.map(
      (entry) =>
        `${paint(terminal, "dim", relativeTime(terminal.now(), entry.at).padEnd(12))} ${oneLine(entry.sentence, 400)}\n`,
    );
    return lines.join("");
  });
}
