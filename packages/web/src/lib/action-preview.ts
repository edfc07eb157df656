/** A call as a person looks at it: what it would do, in the form of the thing itself. */
export type ActionPreview = { rest: readonly NamedValue[] } & (
  | MailPreview
  | { type: "message"; where: string[]; text: string }
  | { type: "event"; title: string; when: string[]; who: string[]; where: string[] }
  | { type: "file"; path: string; changes: FileChange[] }
  | { type: "command"; command: string }
  | { type: "page"; url: string }
  | { type: "other" }
);

export interface MailPreview {
  type: "mail";
  from: string[];
  to: string[];
  cc: string[];
  bcc: string[];
  subject: string;
  body: string;
  attachments: string[];
}

/** `before` is null where the call does not say what stands there now. */
export interface FileChange {
  before: string | null;
  after: string;
}

/** An argument that no other part of the preview shows; nothing is left out. */
export interface NamedValue {
  name: string;
  text: string;
}

export interface PreviewedAction {
  tool: string;
  kind: string;
  arguments: unknown;
}

const TO = ["to", "recipients", "recipient", "to_addresses", "toAddresses"];
const CC = ["cc", "cc_addresses"];
const BCC = ["bcc", "bcc_addresses"];
const FROM = ["from", "sender", "from_address"];
const BODY = ["body", "text", "content", "message", "html", "body_text", "markdown"];
const ATTACHMENTS = ["attachments", "attachment", "files"];
const CHANNEL = ["channel", "channel_id", "channelId", "chat", "chat_id", "conversation", "room", "thread", "user"];
const START = ["start", "start_time", "startTime", "starts_at", "begin", "when", "date"];
const END = ["end", "end_time", "endTime", "ends_at", "until", "duration", "timezone", "time_zone"];
const EVENT_TITLE = ["title", "summary", "subject", "name"];
const GUESTS = ["attendees", "guests", "participants", "invitees"];
const PLACE = ["location", "place", "where"];
const PATH = ["path", "file_path", "filePath", "filename", "file"];
const OLD = ["old_text", "oldText", "old_str", "old_string"];
const NEW = ["new_text", "newText", "new_str", "new_string"];
const ADDRESS = ["url", "uri"];

/** What a call would do, recognised by its name and the names of its arguments. Every argument is in it once. */
export function previewOf(action: PreviewedAction): ActionPreview {
  const args = isRecord(action.arguments) ? action.arguments : null;
  if (args === null) return { type: "other", rest: restOf({ value: action.arguments }, new Set()) };
  for (const read of READERS) {
    const taken = new Taken(args);
    const found = read(taken, `${action.tool} ${action.kind}`.toLowerCase());
    if (found !== null) return { ...found, rest: restOf(args, taken.names) };
  }
  return { type: "other", rest: restOf(args, new Set()) };
}

/** Arguments that a part of the preview shows. */
class Taken {
  readonly names = new Set<string>();
  readonly args: Readonly<Record<string, unknown>>;

  constructor(args: Readonly<Record<string, unknown>>) {
    this.args = args;
  }

  /** The first of these arguments that is a text. */
  text(names: readonly string[]): string | null {
    const name = names.find((one) => !this.names.has(one) && typeof this.args[one] === "string");
    if (name === undefined) return null;
    this.names.add(name);
    return String(this.args[name]);
  }

  /** All of these arguments, each value as a line of its own. */
  list(names: readonly string[]): string[] {
    return names.flatMap((name) => {
      if (!Object.hasOwn(this.args, name) || this.names.has(name) || this.args[name] === null) return [];
      this.names.add(name);
      const value = this.args[name];
      return (Array.isArray(value) ? value : [value]).map(lineOf);
    });
  }
}

type Found = ActionPreview extends infer One ? (One extends ActionPreview ? Omit<One, "rest"> : never) : never;
type Reader = (taken: Taken, words: string) => Found | null;

const command: Reader = (taken, words) => {
  if (!/command|shell|exec|bash|terminal/.test(words)) return null;
  const text = taken.text(["command", "cmd"]);
  return text === null ? null : { type: "command", command: text };
};

const file: Reader = (taken) => {
  const path = taken.text(PATH);
  if (path === null) return null;
  const changes = editsOf(taken);
  if (changes.length > 0) return { type: "file", path, changes };
  const after = taken.text(["content", "contents", "text", "file_text"]);
  return after === null ? null : { type: "file", path, changes: [{ before: null, after }] };
};

function editsOf(taken: Taken): FileChange[] {
  const before = taken.text(OLD);
  const after = taken.text(NEW);
  if (before !== null && after !== null) return [{ before, after }];
  const edits = taken.args["edits"];
  if (!Array.isArray(edits)) return [];
  const changes = edits.map((edit) => (isRecord(edit) ? changeOf(edit) : null));
  if (changes.some((change) => change === null)) return [];
  taken.names.add("edits");
  return changes.filter((change) => change !== null);
}

/** Null where an edit says more than a preview of it would show. */
function changeOf(edit: Readonly<Record<string, unknown>>): FileChange | null {
  const taken = new Taken(edit);
  const before = taken.text(OLD);
  const after = taken.text(NEW);
  return before === null || after === null || Object.keys(edit).length > taken.names.size ? null : { before, after };
}

const mail: Reader = (taken, words) => {
  const to = taken.list(TO);
  const [cc, bcc] = [taken.list(CC), taken.list(BCC)];
  const subject = taken.text(["subject"]);
  if (to.length + cc.length + bcc.length === 0) return null;
  if (subject === null && !/mail/.test(words)) return null;
  const body = taken.text(BODY);
  if (subject === null && body === null) return null;
  const [from, attachments] = [taken.list(FROM), taken.list(ATTACHMENTS)];
  return { type: "mail", from, to, cc, bcc, subject: subject ?? "", body: body ?? "", attachments };
};

const calendarEvent: Reader = (taken, words) => {
  const guests = taken.list(GUESTS);
  const start = taken.list(START);
  if (start.length === 0 || !(guests.length > 0 || /event|calendar|meeting|appointment/.test(words))) return null;
  const title = taken.text(EVENT_TITLE);
  if (title === null) return null;
  return { type: "event", title, when: [...start, ...taken.list(END)], who: guests, where: taken.list(PLACE) };
};

const message: Reader = (taken, words) => {
  const where = taken.list(/message|chat|slack|post/.test(words) ? [...CHANNEL, ...TO] : CHANNEL);
  const text = where.length === 0 ? null : taken.text(BODY);
  return text === null ? null : { type: "message", where, text };
};

const page: Reader = (taken) => {
  const url = Object.keys(taken.args).length <= 2 ? taken.text(ADDRESS) : null;
  return url === null ? null : { type: "page", url };
};

const READERS: readonly Reader[] = [command, file, mail, calendarEvent, message, page];

function restOf(args: Readonly<Record<string, unknown>>, taken: ReadonlySet<string>): NamedValue[] {
  return Object.entries(args)
    .filter(([name]) => !taken.has(name))
    .map(([name, value]) => ({ name, text: textOf(value) }));
}

/** A person or a file by name and address, where that is all there is to it; otherwise the value whole. */
function lineOf(value: unknown): string {
  if (!isRecord(value)) return textOf(value);
  const texts = Object.entries(value).filter((one): one is [string, string] => typeof one[1] === "string");
  if (texts.length !== Object.keys(value).length) return JSON.stringify(value);
  const part = (...names: string[]) => texts.find(([name]) => names.includes(name))?.[1];
  const name = part("name", "displayName", "filename");
  const address = part("email", "address", "path", "url");
  if (name !== undefined && address !== undefined && texts.length === 2) return `${name} <${address}>`;
  const only = name ?? address;
  return texts.length === 1 && only !== undefined ? only : JSON.stringify(value);
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return JSON.stringify(value, null, 2) ?? "nothing";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
