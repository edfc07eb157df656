import {
  AppError,
  ARTIFACT_STATUSES,
  type BureauClient,
  GOAL_STATUSES,
  ID_PREFIXES,
  type IdKind,
  INBOX_STATUSES,
  type InboxEntry,
  RUN_STATUSES,
} from "@bureau/protocol";

const PAGE = 500;
const MAX_PAGES = 20;
const ID_CHARACTERS = 26;

/** Things that have an id and perhaps a name, as a list of them shows. */
interface Named {
  id: string;
  name?: string;
}

interface Part {
  things: Named[];
  nextCursor: string | null;
}

type Kind = "agent" | "goal" | "task" | "thread" | "run" | "effect" | "artifact";

/** How each kind of thing is listed, newest first, whatever its state. */
const LISTS: Record<Kind, (client: BureauClient, page: { limit: number; cursor?: string }) => Promise<Part>> = {
  agent: async (client, query) => {
    const { agents, nextCursor } = await client.listAgents({ query });
    return { things: agents, nextCursor };
  },
  goal: async (client, query) => {
    const { goals, nextCursor } = await client.listGoals({ query: { ...query, status: [...GOAL_STATUSES] } });
    return { things: goals, nextCursor };
  },
  task: async (client, query) => {
    const { tasks, nextCursor } = await client.listTasks({ query });
    return { things: tasks, nextCursor };
  },
  thread: async (client, query) => {
    const { threads, nextCursor } = await client.listThreads({ query });
    return { things: threads, nextCursor };
  },
  effect: async (client, query) => {
    const { effects, nextCursor } = await client.listEffects({ query });
    return { things: effects, nextCursor };
  },
  artifact: async (client, query) => {
    const { artifacts, nextCursor } = await client.listArtifacts({
      query: { ...query, status: [...ARTIFACT_STATUSES] },
    });
    return { things: artifacts, nextCursor };
  },
  run: async (client, query) => {
    const { runs, nextCursor } = await client.listRuns({ query: { ...query, status: [...RUN_STATUSES] } });
    return { things: runs, nextCursor };
  },
};

/**
 * The id that a person means: a whole id, a name, or the beginning of either if only one thing has it.
 *
 * A whole id is not looked up. Throws `not_found`, or `invalid` naming some of those that are meant.
 */
export async function resolveReference(client: BureauClient, kind: Kind, reference: string): Promise<string> {
  if (isWholeId(kind, reference)) return reference;
  const found = await matching(client, kind, reference);
  const exact = found.find((thing) => thing.name === reference || thing.id === reference);
  const one = exact ?? (found.length === 1 ? found[0] : undefined);
  if (one !== undefined) return one.id;
  if (found.length === 0) {
    throw new AppError("not_found", `There is no ${kind} "${reference}".`, {
      hint: `\`bureau ${kind === "effect" ? "effects" : kind} list\` shows what there is.`,
    });
  }
  throw ambiguous(
    kind,
    reference,
    found.map((thing) => thing.name ?? thing.id),
  );
}

export function ambiguous(kind: string, reference: string, names: readonly string[]): AppError {
  return new AppError("invalid", `"${reference}" is the beginning of ${names.length} ${kind} names or ids.`, {
    hint: `Write more of it: ${names.slice(0, 5).join(", ")}${names.length > 5 ? ", …" : ""}`,
  });
}

async function matching(client: BureauClient, kind: Kind, reference: string): Promise<Named[]> {
  const found: Named[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const part = await LISTS[kind](client, { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...part.things.filter((thing) => startsWith(kind, thing, reference)));
    if (part.nextCursor === null || found.some((thing) => thing.name === reference)) break;
    cursor = part.nextCursor;
  }
  return found;
}

/** An entry of the inbox by its id or the beginning of it, pending or not. */
export async function resolveEntry(client: BureauClient, reference: string): Promise<InboxEntry> {
  const whole = /^[a-z]+_[0-9a-z]{26}$/.test(reference);
  if (whole) return client.getInboxEntry({ params: { entryId: reference } });
  const { entries } = await client.listInbox({ query: { limit: PAGE, status: [...INBOX_STATUSES] } });
  const found = entries.filter((entry) => entry.id.startsWith(reference));
  if (found[0] !== undefined && found.length === 1) return found[0];
  if (found.length > 1)
    throw ambiguous(
      "entry",
      reference,
      found.map((entry) => entry.id),
    );
  throw new AppError("not_found", `There is no entry "${reference}" in the inbox.`, {
    hint: "`bureau inbox list` shows what waits, with a number each.",
  });
}

function isWholeId(kind: IdKind, reference: string): boolean {
  const prefix = `${ID_PREFIXES[kind]}_`;
  return reference.startsWith(prefix) && reference.length === prefix.length + ID_CHARACTERS;
}

function startsWith(kind: IdKind, thing: Named, reference: string): boolean {
  return (
    thing.id.startsWith(reference) ||
    thing.id.startsWith(`${ID_PREFIXES[kind]}_${reference}`) ||
    thing.name?.startsWith(reference) === true
  );
}
