import type { ToolEffect } from "@bureau/protocol";

/** What a server says of one of its tools. All of it is a claim: nothing checks it. */
export interface ToolFacts {
  /** Name of the server, whose words a tool's name may begin with. */
  server: string;
  name: string;
  description: string;
  /** The hints that the Model Context Protocol knows; absent where the server gives none. */
  annotations: ToolHints;
  /** Names of the arguments in the tool's schema. */
  properties: readonly string[];
}

export interface ToolHints {
  readOnlyHint?: boolean;
  destructiveHint?: boolean;
  idempotentHint?: boolean;
  openWorldHint?: boolean;
}

/** What a person wrote of the tool in `mcp.json`. It wins over what the server says and over its name. */
export interface ToolWord {
  effect?: ToolEffect;
  idempotent?: boolean;
  carriesOut?: boolean;
  reversible?: boolean;
}

/** What arguments of a read may carry out of the workspace. */
export type CarriesOut = "always" | "never" | "addresses" | "addresses_and_words";

export interface ToolClass {
  effect: ToolEffect;
  idempotent: boolean;
  reversible: boolean;
  carriesOut: CarriesOut;
  /** The reason of `effect`, for a person who reads the list of tools. */
  why: string;
}

const READ_WORDS: ReadonlySet<string> = new Set(
  "get list search read find check show view lookup count describe fetch query".split(" "),
);
/** Reads that look for things by name; what they are given is no path that they open. */
const SEARCH_WORDS: ReadonlySet<string> = new Set("search find list lookup count query".split(" "));
const JOINING_WORDS: ReadonlySet<string> = new Set(["and", "or", "then"]);
/** Arguments that are programs: what they do is not told by the tool's name. */
const PROGRAM_WORDS: ReadonlySet<string> = new Set("sql statement mutation command script code".split(" "));
const OUTSIDE_WORDS: ReadonlySet<string> = new Set(
  "internet browse browser browsing online http https api external".split(" "),
);

/**
 * What a tool of a connected server does to the world, as far as can be told before it is called.
 *
 * The person's word comes first, then the server's hints, then the first word of the name. What none of them calls a
 * read is a write outside. A wrong guess errs towards asking, but for a server that lies: it is run on the person's
 * word that it may be.
 */
export function classifyTool(facts: ToolFacts, word: ToolWord = {}): ToolClass {
  const { effect, why, isSure } = effectOf(facts, word);
  const { idempotentHint } = facts.annotations;
  return {
    effect,
    // A read that only its name calls one may have side effects, such as marking mail as read.
    idempotent: word.idempotent ?? (effect === "read" ? isSure : idempotentHint === true),
    reversible: effect === "write_outside" && word.reversible === true,
    carriesOut: carriesOutOf(facts, word, effect),
    why,
  };
}

interface FoundEffect {
  effect: ToolEffect;
  why: string;
  /** Somebody says so; it is not read from a name. */
  isSure: boolean;
}

function effectOf(facts: ToolFacts, word: ToolWord): FoundEffect {
  const { readOnlyHint, destructiveHint } = facts.annotations;
  if (word.effect) return { effect: word.effect, why: "mcp.json says so", isSure: true };
  if (destructiveHint === true && readOnlyHint !== false) return write("the server says that it destroys");
  if (readOnlyHint === true) return { effect: "read", why: "the server says that it only reads", isSure: true };
  if (readOnlyHint === false) return write("the server says that it does not only read");
  return byName(facts);
}

function byName({ server, name, properties }: ToolFacts): FoundEffect {
  const words = verbFirst(server, name);
  const [first = "", second = ""] = words;
  if (!READ_WORDS.has(first)) return write(`no hint says that it only reads, nor does its name`);
  if (first === "check" && (second === "in" || second === "out")) return write(`its name says "check ${second}"`);
  const joined = words.findIndex((each, index) => JOINING_WORDS.has(words[index - 1] ?? "") && !READ_WORDS.has(each));
  if (joined > 0 && isVerbPlace(words, joined)) return write(`its name goes on with "${words[joined]}"`);
  const program = properties.find((property) => wordsOf(property).some((each) => PROGRAM_WORDS.has(each)));
  if (program !== undefined) return write(`its argument "${program.slice(0, 40)}" is a program`);
  return { effect: "read", why: `its name begins with "${first}"`, isSure: false };
}

/** `search_and_replace` goes on with a verb; `get_terms_and_conditions` names a second thing. */
function isVerbPlace(words: readonly string[], at: number): boolean {
  return at === 2 || !words[at]!.endsWith("s");
}

function write(why: string): FoundEffect {
  return { effect: "write_outside", why, isSure: false };
}

function carriesOutOf(facts: ToolFacts, word: ToolWord, effect: ToolEffect): CarriesOut {
  if (effect !== "read") return "never";
  if (word.carriesOut !== undefined) return word.carriesOut ? "always" : "never";
  if (facts.annotations.openWorldHint === false) return "never";
  return isAboutOutside(facts) ? "addresses_and_words" : "addresses";
}

function isAboutOutside({ name, description }: ToolFacts): boolean {
  return [...wordsOf(name), ...wordsOf(description)].some((each) => OUTSIDE_WORDS.has(each) || each.startsWith("web"));
}

/** Whether the first word of a tool's name says that it opens one thing, rather than looks for several. */
export function opensThings({ server, name }: Pick<ToolFacts, "server" | "name">): boolean {
  return !SEARCH_WORDS.has(verbFirst(server, name)[0] ?? "");
}

/** Words of a tool's name, without those of its server's name that it may begin with. */
function verbFirst(server: string, name: string): string[] {
  const words = wordsOf(name);
  const own = wordsOf(server);
  const isPrefixed = own.length > 0 && own.length < words.length && own.every((each, index) => words[index] === each);
  return isPrefixed ? words.slice(own.length) : words;
}

/** Lower-case words of a name in any of the usual spellings: `file_path`, `filePath`, `file-path`, `HTTPUrl`. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((each) => each !== "");
}
