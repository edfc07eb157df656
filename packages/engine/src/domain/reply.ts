import { AppError } from "@bureau/protocol";

/** Longest reply that is read, in characters. */
const MAX_REPLY_LENGTH = 500;

export interface ReplyDecision {
  /** Position in the list that the person saw, from 1. */
  position: number;
  decision: "approve" | "deny";
}

const APPROVE_WORDS = new Set(["yes", "y", "ok", "okay", "approve", "approved", "allow"]);
const DENY_WORDS = new Set(["no", "n", "deny", "denied", "reject", "refuse"]);
const ALL_WORDS = new Set(["all", "everything", "both"]);
const BUT_WORDS = new Set(["but", "except", "without"]);
const JOINING_WORDS = new Set(["and", "also", "please", "the", "number", "numbers", "to", "for", "of", "them", "it"]);

type Token =
  | { type: "numbers"; from: number; to: number }
  | { type: "decision"; decision: "approve" | "deny" }
  | { type: "all" }
  | { type: "but" };

/**
 * Reads a reply to a numbered list: "4, 5 and 7", "2-4", "all", "all but 2", "5 no", "4 yes, 5 no".
 *
 * Numbers without a word are approved. A word belongs to the numbers before it ("4, 5 no" denies both), or to
 * those after it when the reply begins with a word ("yes 4, no 5"). After "but" come numbers that are left
 * alone. What can be read in two ways is refused, never guessed.
 */
export function parseReply(reply: string, count: number): ReplyDecision[] {
  if (reply.length > MAX_REPLY_LENGTH) {
    throw new AppError(
      "invalid",
      `The reply is ${reply.length} characters long; at most ${MAX_REPLY_LENGTH} are read.`,
    );
  }
  if (count === 0) throw new AppError("invalid", "There is nothing in the list to reply to.");
  const tokens = readTokens(reply);
  const groups = groupTokens(tokens, reply);
  const decisions = new Map<number, ReplyDecision["decision"]>();
  for (const group of groups) {
    for (const position of positionsOf(group.tokens, count, reply)) {
      const earlier = decisions.get(position);
      if (earlier !== undefined && earlier !== group.decision) {
        throw new AppError("invalid", `The reply both approves and denies number ${position}.`, {
          hint: 'Say each number once, such as "4 yes, 5 no".',
        });
      }
      decisions.set(position, group.decision);
    }
  }
  if (decisions.size === 0) throw notUnderstood(reply);
  return [...decisions]
    .map(([position, decision]) => ({ position, decision }))
    .sort((one, other) => one.position - other.position);
}

function readTokens(reply: string): Token[] {
  const tokens: Token[] = [];
  const pattern = /(\d+)\s*(?:-|–|\bto\b|\bthrough\b)\s*(\d+)|(\d+)|([\p{L}']+)|([^\s,;.:#&+()]+)/giu;
  for (const [, from, to, single, word, other] of reply.matchAll(pattern)) {
    if (from !== undefined && to !== undefined) tokens.push(rangeToken(Number(from), Number(to)));
    else if (single !== undefined) tokens.push({ type: "numbers", from: Number(single), to: Number(single) });
    else if (word !== undefined) addWord(tokens, word.toLowerCase(), reply);
    else if (other !== undefined) throw notUnderstood(reply);
  }
  return tokens;
}

function rangeToken(from: number, to: number): Token {
  if (from > to) {
    throw new AppError("invalid", `The range ${from}-${to} runs backwards.`, { hint: `Write ${to}-${from}.` });
  }
  return { type: "numbers", from, to };
}

function addWord(tokens: Token[], word: string, reply: string): void {
  if (APPROVE_WORDS.has(word)) tokens.push({ type: "decision", decision: "approve" });
  else if (DENY_WORDS.has(word)) tokens.push({ type: "decision", decision: "deny" });
  else if (ALL_WORDS.has(word)) tokens.push({ type: "all" });
  else if (BUT_WORDS.has(word)) tokens.push({ type: "but" });
  else if (!JOINING_WORDS.has(word)) throw notUnderstood(reply);
}

interface Group {
  decision: ReplyDecision["decision"];
  tokens: Token[];
}

function groupTokens(tokens: Token[], reply: string): Group[] {
  const leads = tokens[0]?.type === "decision";
  const groups: Group[] = [];
  let open: Token[] = [];
  let leading: ReplyDecision["decision"] = "approve";
  for (const [index, token] of tokens.entries()) {
    if (token.type !== "decision") {
      open.push(token);
      continue;
    }
    if (tokens[index - 1]?.type === "decision") throw notUnderstood(reply);
    if (leads) {
      if (open.length > 0) groups.push({ decision: leading, tokens: open });
      leading = token.decision;
    } else {
      if (open.length === 0) throw notUnderstood(reply);
      groups.push({ decision: token.decision, tokens: open });
    }
    open = [];
  }
  if (open.length > 0) groups.push({ decision: leading, tokens: open });
  else if (leads && groups.length === 0) groups.push({ decision: leading, tokens: [] });
  else if (leads) throw notUnderstood(reply);
  return groups;
}

function positionsOf(tokens: Token[], count: number, reply: string): Set<number> {
  const chosen = new Set<number>();
  const left = new Set<number>();
  let excepting = false;
  // A bare "yes" or "no" is clear only when there is one thing to decide.
  if (tokens.length === 0) {
    if (count > 1) {
      throw new AppError("invalid", `The reply "${reply.trim()}" does not say which of the ${count} it means.`, {
        hint: 'Name the numbers, such as "4, 5 and 7", or say "all".',
      });
    }
    chosen.add(1);
  }
  for (const token of tokens) {
    if (token.type === "but") {
      if (excepting || chosen.size === 0) throw notUnderstood(reply);
      excepting = true;
    } else if (token.type === "all") {
      if (excepting) throw notUnderstood(reply);
      for (let position = 1; position <= count; position += 1) chosen.add(position);
    } else if (token.type === "numbers") {
      addRange(excepting ? left : chosen, token, count);
    }
  }
  if (excepting && left.size === 0) throw notUnderstood(reply);
  return chosen.difference(left);
}

function addRange(positions: Set<number>, range: { from: number; to: number }, count: number): void {
  const wrong = range.from < 1 ? range.from : range.to > count ? range.to : null;
  if (wrong !== null) {
    throw new AppError("invalid", `There is no number ${wrong} in the list; it has ${count}.`, {
      hint: "List what waits again: the numbers may have moved.",
    });
  }
  for (let position = range.from; position <= range.to; position += 1) positions.add(position);
}

function notUnderstood(reply: string): AppError {
  return new AppError("invalid", `The reply "${reply.trim()}" is not understood.`, {
    hint: 'Write numbers and words such as "4, 5 and 7", "2-4", "all but 2" or "5 no".',
  });
}
