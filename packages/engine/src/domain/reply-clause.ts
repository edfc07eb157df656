import type { DecisionScope } from "@bureau/protocol";

/** What was not understood of a reply. Never leaves the parser. */
export class NotUnderstood extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

export const EXAMPLES =
  'Write numbers and words such as "4, 5 and 7", "all but 2", "5 no: too late" or "5 → @ana, Friday".';
const MAX_SHOWN_CHARACTERS = 200;

const APPROVE_WORDS = new Set(["yes", "y", "ok", "okay", "approve", "approved", "allow"]);
const DENY_WORDS = new Set(["no", "n", "deny", "denied", "reject", "refuse"]);
const ALL_WORDS = new Set(["all", "everything", "both"]);
const BUT_WORDS = new Set(["but", "except", "without"]);
const JOINING_WORDS = new Set(["and", "also", "please", "the", "number", "numbers", "to", "for", "of", "them", "it"]);

const SCOPES: readonly [phrase: RegExp, scope: DecisionScope][] = [
  [/\b(?:for|in)\s+(?:this|the)\s+run\b/giu, "run"],
  [/\b(?:for|in)\s+(?:this|the)\s+goal\b/giu, "goal"],
  [/\b(?:always|for\s+good|as\s+a\s+rule)\b/giu, "rule"],
  [/\b(?:(?:just|only)\s+)?(?:this\s+)?once\b/giu, "once"],
];

/** Numbers with what is decided about them. */
export interface DecidedPositions {
  decision: "approve" | "deny";
  positions: ReadonlySet<number>;
}

/** A part of a reply that decides: what about which numbers, and how far it reaches. */
export interface DecidingClause {
  groups: DecidedPositions[];
  scope: DecisionScope | null;
  /** A word said which way; otherwise numbers alone stand for a yes. */
  saysWhich: boolean;
  /** It names numbers; a bare word stands for the only entry of a list. */
  names: boolean;
}

type Token =
  | { type: "numbers"; from: number; to: number }
  | { type: "decision"; decision: "approve" | "deny" }
  | { type: "all" }
  | { type: "but" };

/**
 * Reads "4, 5 and 7", "2-4 for this goal", "all but 2", "4 yes, 5 no".
 *
 * Numbers without a word are approved. A word belongs to the numbers before it ("4, 5 no" denies both), or to
 * those after it when the clause begins with a word ("yes 4, no 5"). After "but" come numbers that are left alone.
 */
export function readDeciding(clause: string, count: number): DecidingClause {
  const { scope, rest } = takeScope(clause);
  const tokens = readTokens(rest);
  const groups = groupTokens(tokens, clause).map(({ decision, tokens }) => ({
    decision,
    positions: positionsOf(tokens, count, clause),
  }));
  if (groups.length === 0) throw notUnderstood(clause);
  return {
    groups,
    scope,
    saysWhich: tokens.some((token) => token.type === "decision"),
    names: tokens.some((token) => token.type === "numbers" || token.type === "all"),
  };
}

/** Reads only which numbers are meant: "5", "1-3", "all but 2". */
export function readPositions(clause: string, count: number): ReadonlySet<number> {
  const tokens = readTokens(clause);
  if (tokens.length === 0 || tokens.some((token) => token.type === "decision")) throw notUnderstood(clause);
  return positionsOf(tokens, count, clause);
}

function takeScope(clause: string): { scope: DecisionScope | null; rest: string } {
  let scope: DecisionScope | null = null;
  let rest = clause;
  for (const [phrase, meant] of SCOPES) {
    const found = rest.match(phrase) ?? [];
    if (found.length === 0) continue;
    if (scope !== null || found.length > 1) {
      throw new NotUnderstood(
        `"${shown(clause)}" says twice how far the decision reaches.`,
        'Put ";" between: "1 for this goal; 2 once".',
      );
    }
    scope = meant;
    rest = rest.replace(phrase, " ");
  }
  return { scope, rest };
}

function readTokens(clause: string): Token[] {
  const tokens: Token[] = [];
  const unknown: string[] = [];
  const pattern = /(\d+)\s*(?:-|–|\bto\b|\bthrough\b)\s*(\d+)|(\d+)|([\p{L}']+)|([^\s,;.:#&+()]+)/giu;
  for (const [, from, to, single, word, other] of clause.matchAll(pattern)) {
    if (from !== undefined && to !== undefined) tokens.push(rangeToken(from, to));
    else if (single !== undefined) tokens.push({ type: "numbers", from: Number(single), to: Number(single) });
    else if (word !== undefined) {
      const token = wordToken(word.toLowerCase());
      if (token === "unknown") unknown.push(word);
      else if (token !== "joining") tokens.push(token);
    } else if (other !== undefined) unknown.push(other);
  }
  if (unknown.length > 0) throw notUnderstood(clause, unknown.join(" "));
  return tokens;
}

function rangeToken(from: string, to: string): Token {
  if (Number(from) > Number(to)) {
    throw new NotUnderstood(`The range ${shown(`${from}-${to}`)} runs backwards.`, `Write the lower number first.`);
  }
  return { type: "numbers", from: Number(from), to: Number(to) };
}

function wordToken(word: string): Token | "joining" | "unknown" {
  if (APPROVE_WORDS.has(word)) return { type: "decision", decision: "approve" };
  if (DENY_WORDS.has(word)) return { type: "decision", decision: "deny" };
  if (ALL_WORDS.has(word)) return { type: "all" };
  if (BUT_WORDS.has(word)) return { type: "but" };
  return JOINING_WORDS.has(word) ? "joining" : "unknown";
}

interface Group {
  decision: "approve" | "deny";
  tokens: Token[];
}

function groupTokens(tokens: Token[], clause: string): Group[] {
  const leads = tokens[0]?.type === "decision";
  const groups: Group[] = [];
  let open: Token[] = [];
  let leading: Group["decision"] = "approve";
  for (const [index, token] of tokens.entries()) {
    if (token.type !== "decision") {
      open.push(token);
      continue;
    }
    if (tokens[index - 1]?.type === "decision") throw notUnderstood(clause);
    if (leads) {
      if (open.length > 0) groups.push({ decision: leading, tokens: open });
      leading = token.decision;
    } else {
      if (open.length === 0) throw notUnderstood(clause);
      groups.push({ decision: token.decision, tokens: open });
    }
    open = [];
  }
  if (open.length > 0) groups.push({ decision: leading, tokens: open });
  else if (leads && groups.length === 0) groups.push({ decision: leading, tokens: [] });
  else if (leads) throw notUnderstood(clause);
  return groups;
}

function positionsOf(tokens: Token[], count: number, clause: string): Set<number> {
  const chosen = new Set<number>();
  const left = new Set<number>();
  let excepting = false;
  // A bare "yes" or "no" is clear only when there is one thing to decide.
  if (tokens.length === 0) {
    if (count > 1) {
      throw new NotUnderstood(
        `"${shown(clause)}" does not say which of the ${count} it means.`,
        'Name the numbers, such as "4, 5 and 7", or say "all".',
      );
    }
    chosen.add(1);
  }
  for (const token of tokens) {
    if (token.type === "but") {
      if (excepting || chosen.size === 0) throw notUnderstood(clause);
      excepting = true;
    } else if (token.type === "all") {
      if (excepting) throw notUnderstood(clause);
      for (let position = 1; position <= count; position += 1) chosen.add(position);
    } else if (token.type === "numbers") {
      addRange(excepting ? left : chosen, token, count);
    }
  }
  if (excepting && left.size === 0) throw notUnderstood(clause);
  return chosen.difference(left);
}

function addRange(positions: Set<number>, range: { from: number; to: number }, count: number): void {
  const wrong = range.from < 1 ? range.from : range.to > count ? range.to : null;
  if (wrong !== null) {
    throw new NotUnderstood(
      `There is no number ${wrong} in the list; it has ${count}.`,
      "List what waits again: the numbers may have moved.",
    );
  }
  for (let position = range.from; position <= range.to; position += 1) positions.add(position);
}

/** `words` are those that have no meaning here; the whole clause when its order has none. */
export function notUnderstood(clause: string, words: string = clause): NotUnderstood {
  return new NotUnderstood(`Not understood: "${shown(words)}". Nothing was decided.`, EXAMPLES);
}

export function shown(text: string): string {
  const line = text.trim();
  return line.length <= MAX_SHOWN_CHARACTERS ? line : `${line.slice(0, MAX_SHOWN_CHARACTERS - 1)}…`;
}
