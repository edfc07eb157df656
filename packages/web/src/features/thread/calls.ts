import type { InboxEntry, Item, ItemContent, ToolCallStatus } from "@bureau/protocol";

export type ResultContent = Extract<ItemContent, { type: "tool_result" }>;

/** A tool call with its outcome, if there is one yet. */
export interface Call {
  id: string;
  name: string;
  arguments: unknown;
  stepId: string | null;
  at: string;
  /** Null while it is not known to have ended. */
  result: ResultContent | null;
  endedAt: string | null;
}

interface Words {
  now: string;
  past: string;
  /** What several of them are called. */
  many: (count: number) => string;
  /** Which argument says what it is about. */
  about: (values: Record<string, unknown>) => string;
}

const MAX_ABOUT_CHARACTERS = 90;

const WORDS: Readonly<Record<string, Words>> = {
  read_file: { now: "Reads", past: "Read", many: (n) => `Read ${n} files`, about: ({ path }) => textOf(path) },
  write_file: { now: "Writes", past: "Wrote", many: (n) => `Wrote ${n} files`, about: ({ path }) => textOf(path) },
  edit_file: { now: "Changes", past: "Changed", many: (n) => `Changed ${n} files`, about: ({ path }) => textOf(path) },
  list_files: {
    now: "Looks through",
    past: "Looked through",
    many: (n) => `Looked through ${n} folders`,
    about: ({ path }) => textOf(path) || "the folder",
  },
  search_files: {
    now: "Searches for",
    past: "Searched for",
    many: (n) => `Searched ${n} times`,
    about: ({ pattern }) => `“${textOf(pattern)}”`,
  },
  run_command: {
    now: "Runs",
    past: "Ran",
    many: (n) => `Ran ${n} commands`,
    about: ({ command }) => textOf(command),
  },
  fetch_url: {
    now: "Opens",
    past: "Opened",
    many: (n) => `Opened ${n} pages`,
    about: ({ url }) => shortUrl(textOf(url)),
  },
  plan: { now: "Writes", past: "Wrote", many: (n) => `Changed the plan ${n} times`, about: () => "the plan" },
  ask_person: {
    now: "Asks",
    past: "Asked",
    many: (n) => `Asked ${n} questions`,
    about: ({ question }) => `“${textOf(question)}”`,
  },
  request_check: { now: "Asks for", past: "Asked for", many: (n) => `Asked for ${n} checks`, about: () => "the check" },
  report_blocked: {
    now: "Reports",
    past: "Reported",
    many: (n) => `Reported ${n} obstacles`,
    about: ({ reason }) => `an obstacle: ${textOf(reason)}`,
  },
};

/** How a call that did not come to its end ended; total over all statuses. */
const AFTERWORDS: Record<ToolCallStatus, string> = {
  pending: "",
  awaiting_approval: "",
  running: "",
  completed: "",
  failed: "It failed.",
  denied: "It was denied.",
  interrupted: "It was interrupted; whether it took effect is not known.",
  canceled: "It was not made.",
};

/** The call in one plain line: `Read report.md`, `Runs npm test`. */
export function callSentence(call: Pick<Call, "name" | "arguments" | "result">): string {
  const words = WORDS[call.name];
  const isOver = call.result !== null;
  if (words === undefined) return `${isOver ? "Used" : "Uses"} ${toolTitle(call.name)}`;
  const about = oneLine(words.about(valuesOf(call.arguments)));
  return `${isOver ? words.past : words.now} ${about}`.trim();
}

/** What has to be said of its end besides; empty when it simply ended. */
export function callAfterword(call: Call): string {
  return call.result === null ? "" : AFTERWORDS[call.result.status];
}

/** Several calls in one line: `Read 4 files, ran 2 commands`. */
export function groupSentence(calls: readonly Call[]): string {
  const byName = Map.groupBy(calls, ({ name }) => name);
  const parts = [...byName].map(([name, group]) => {
    const one = group[0];
    if (group.length === 1 && one !== undefined) return callSentence(one);
    return WORDS[name]?.many(group.length) ?? `Used ${toolTitle(name)} ${group.length} times`;
  });
  return parts.map((part, place) => (place === 0 ? part : part.charAt(0).toLowerCase() + part.slice(1))).join(", ");
}

/** The names that connected servers give their tools are for models: `mail__send_message` is "mail: send message". */
export function toolTitle(name: string): string {
  const [server, ...rest] = name.replace(/^mcp__/, "").split("__");
  const words = (text: string) => text.replaceAll(/[_-]+/g, " ").trim();
  return rest.length === 0 ? words(server ?? name) : `${words(server ?? "")}: ${words(rest.join(" "))}`;
}

/** Calls with their results, by the place of the call. A result whose call is not here stands for it. */
export function callsOf(items: readonly Item[]): Map<string, Call> {
  const calls = new Map<string, Call>();
  for (const { content, stepId, createdAt } of items) {
    if (content.type === "tool_call") {
      const { toolCallId: id, name } = content;
      calls.set(id, { id, name, arguments: content.arguments, stepId, at: createdAt, result: null, endedAt: null });
    }
    if (content.type === "tool_result") {
      const { toolCallId: id, name } = content;
      const call = calls.get(id) ?? { id, name, arguments: {}, stepId, at: createdAt };
      calls.set(id, { ...call, result: content, endedAt: createdAt });
    }
  }
  return calls;
}

/** The entry of the inbox that a call waits for. A question has a line of its own in its thread. */
export function entryOfCall(callId: string, entries: readonly InboxEntry[]): InboxEntry | undefined {
  return entries.find(
    ({ toolCallId, status, kind }) => toolCallId === callId && status === "pending" && kind !== "question",
  );
}

function valuesOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length <= MAX_ABOUT_CHARACTERS ? line : `${line.slice(0, MAX_ABOUT_CHARACTERS - 1)}…`;
}

function shortUrl(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? url : parsed.host + (parsed.pathname === "/" ? "" : parsed.pathname);
}
