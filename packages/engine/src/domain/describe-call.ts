import type { ActionDetails } from "./action.ts";
import { type CarriesOut, wordsOf } from "./classify-tool.ts";

const MAX_TITLE_LENGTH = 160;
const MAX_TITLE_TARGETS = 3;
/** Parts of one schema that are looked into for the names it declares. */
const MAX_ALTERNATIVES = 100;

const TARGET_WORDS: ReadonlySet<string> = new Set(
  (
    "recipient recipients to cc bcc email emails mail user users username channel channels participant participants " +
    "attendee attendees guest guests member members url uri link endpoint website webhook host hostname domain server " +
    "iban account address addresses phone handle id ids uuid key path file filename folder directory bucket repo " +
    "repository owner organization org branch project team group room chat conversation thread calendar list board " +
    "database table target destination"
  ).split(" "),
);
const ADDRESS_WORDS: ReadonlySet<string> = new Set(
  "url urls uri uris link links href endpoint website webhook host hostname domain".split(" "),
);
const FREE_WORDS: ReadonlySet<string> = new Set(
  "query queries q text prompt question search keyword keywords term terms".split(" "),
);
const PATH_WORDS: ReadonlySet<string> = new Set("path paths file files filename filenames directory".split(" "));

/** A scheme or `www.` anywhere in it: in a search for words, an address is still fetched by many a server. */
const ADDRESS = /(^|[^a-z0-9])([a-z][a-z0-9+-]{1,20}:\/\/|www\.)\S/i;
/** From the root, from home, a drive, or out of the folder where the server works. */
const FAR_PATH = /^(\/|~[^\s/]*(\/|$)|\\\\|[a-z]:[\\/]|file:)|(^|[\\/])\.\.([\\/]|$)/i;

/** What of a tool is needed to look at its calls. */
export interface DescribedTool {
  /** The tool as a person knows it: `mail: send_email`. */
  title: string;
  isRead: boolean;
  carriesOut: CarriesOut;
  /** The tool opens one thing; a name that it is given as a path is opened. */
  opensThings: boolean;
  /** Arguments that a person named as those that say who or what it goes to; null: by their names. */
  targets: readonly string[] | null;
  /** JSON schema of the arguments. */
  schema: Readonly<Record<string, unknown>>;
}

/** One value inside the arguments: the names that lead to it, and its text. */
interface Leaf {
  names: string[];
  text: string;
}

/** Splits the arguments of one call into what policy looks at. Every value is in `targets` or in `content`. */
export function describeCall(tool: DescribedTool, args: unknown): ActionDetails {
  const { leaves, ownNames } = leavesOf(args, tool.schema);
  const targets = unique(leaves.filter((leaf) => isTarget(tool, leaf)).map(({ text }) => text));
  const content = leaves.filter((leaf) => !isTarget(tool, leaf)).map(({ text }) => text);
  return {
    targets,
    content: unique([...content, ...ownNames]),
    carriesOut: tool.isRead && leaves.some((leaf) => leavesWorkspace(tool, leaf)),
    reaches: tool.isRead ? unique(leaves.filter((leaf) => isReached(tool, leaf)).map(({ text }) => text)) : [],
    title: titleOf(tool, targets),
  };
}

function isTarget(tool: DescribedTool, { names, text }: Leaf): boolean {
  if (tool.targets) return tool.targets.includes(names[0] ?? "");
  return named(names, TARGET_WORDS) || (ADDRESS.test(text) && isOneWord(text));
}

function leavesWorkspace(tool: DescribedTool, { names, text }: Leaf): boolean {
  if (tool.carriesOut === "always") return true;
  if (tool.carriesOut === "never") return false;
  if (named(names, ADDRESS_WORDS) || ADDRESS.test(text)) return true;
  return tool.carriesOut === "addresses_and_words" && named(names, FREE_WORDS);
}

function isReached(tool: DescribedTool, { names, text }: Leaf): boolean {
  if (FAR_PATH.test(text.trim())) return true;
  if (!tool.opensThings) return false;
  return names.some((name) => PATH_WORDS.has(wordsOf(name).at(-1) ?? ""));
}

function named(names: readonly string[], words: ReadonlySet<string>): boolean {
  return names.some((name) => wordsOf(name).some((word) => words.has(word)));
}

function isOneWord(text: string): boolean {
  return !/\s/.test(text.trim());
}

/**
 * Every value with something in it, however deep, and the names that the tool's schema does not declare: a model that
 * is told to can write what it was to hide into a name.
 */
function leavesOf(args: unknown, schema: Readonly<Record<string, unknown>>): { leaves: Leaf[]; ownNames: string[] } {
  const leaves: Leaf[] = [];
  const ownNames: string[] = [];
  const open: { names: string[]; value: unknown; schemas: Schema[] }[] = [
    { names: [], value: args, schemas: [schema] },
  ];
  for (let part = open.pop(); part; part = open.pop()) {
    const { names, value, schemas } = part;
    const known = schemas.flatMap((each) => alternatives(each, schema));
    if (Array.isArray(value)) {
      const inner = known.flatMap((each) => asSchema(each["items"]));
      for (const each of value) open.push({ names, value: each, schemas: inner });
    } else if (typeof value === "object" && value !== null) {
      for (const [name, each] of Object.entries(value)) {
        const declared = known.flatMap((one) => ownProperty(one["properties"], name));
        if (declared.length === 0) ownNames.push(name);
        open.push({ names: [...names, name], value: each, schemas: declared });
      }
    } else if (value !== null && value !== undefined && value !== "") {
      leaves.push({ names, text: String(value as string | number | boolean) });
    }
  }
  // The stack gives the last first.
  return { leaves: leaves.toReversed(), ownNames };
}

type Schema = Readonly<Record<string, unknown>>;

/** A schema and those that it refers to or is put together from; each once, so that no schema makes it long. */
function alternatives(schema: Schema, root: Schema): Schema[] {
  const found = new Set<Schema>([schema]);
  for (const each of found) {
    if (found.size > MAX_ALTERNATIVES) break;
    const referred = typeof each["$ref"] === "string" ? resolve(each["$ref"], root) : [];
    const parts = ["anyOf", "oneOf", "allOf"].flatMap((key) => {
      const list = each[key];
      return Array.isArray(list) ? list.flatMap((part) => asSchema(part)) : [];
    });
    for (const part of [...referred, ...parts]) found.add(part);
  }
  return [...found];
}

function resolve(reference: string, root: Schema): Schema[] {
  if (!reference.startsWith("#/")) return [];
  let found: Schema[] = [root];
  for (const name of reference.slice(2).split("/")) found = found.flatMap((each) => ownProperty(each, name));
  return found;
}

function ownProperty(value: unknown, name: string): Schema[] {
  return asSchema(value).flatMap((object) => (Object.hasOwn(object, name) ? asSchema(object[name], true) : []));
}

/** `true` is a schema too, which says nothing. */
function asSchema(value: unknown, orTrue = false): Schema[] {
  if (orTrue && value === true) return [{}];
  return typeof value === "object" && value !== null && !Array.isArray(value) ? [value as Schema] : [];
}

function titleOf(tool: DescribedTool, targets: readonly string[]): string {
  const shown = targets.slice(0, MAX_TITLE_TARGETS).map((text) => text.replace(/\s+/g, " ").trim());
  const more = targets.length > MAX_TITLE_TARGETS ? ` and ${targets.length - MAX_TITLE_TARGETS} more` : "";
  const title = shown.length === 0 ? tool.title : `${tool.title} → ${shown.join(", ")}${more}`;
  return title.length > MAX_TITLE_LENGTH ? `${title.slice(0, MAX_TITLE_LENGTH - 1)}…` : title;
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
