import type { DecisionScope } from "@bureau/protocol";
import { parseDay, type Today } from "./due-day.ts";
import {
  type DecidingClause,
  EXAMPLES,
  notUnderstood,
  NotUnderstood,
  readDeciding,
  readPositions,
  shown,
} from "./reply-clause.ts";

/** Longest reply that is read, in characters. */
const MAX_REPLY_LENGTH = 2_000;

/** What a reply does with one entry, by its place in the list that the person saw, from 1. */
export type ReplyAction =
  | { position: number; type: "decide"; decision: "approve" | "deny"; scope?: DecisionScope; note?: string }
  /** `due` is a day such as `2026-12-01`. */
  | { position: number; type: "assign"; to: string; due: string | null };

export type ParsedReply = { ok: true; actions: ReplyAction[] } | { ok: false; message: string; hint: string };

/**
 * Reads a reply to a numbered list: "4, 5 and 7", "all but 2", "4 yes, 5 no", "4 no: too expensive",
 * "1-3 for this goal", "5 → @ana, Friday". Several are put together with ";" or line breaks.
 *
 * Never throws. A reply of which any word is not understood, or that can be read in two ways, does nothing at all.
 */
export function parseReply(reply: string, count: number, today: Today): ParsedReply {
  try {
    return { ok: true, actions: readReply(reply, count, today) };
  } catch (error) {
    if (error instanceof NotUnderstood) return { ok: false, message: error.message, hint: error.hint };
    throw error;
  }
}

function readReply(reply: string, count: number, today: Today): ReplyAction[] {
  if (reply.length > MAX_REPLY_LENGTH) {
    throw new NotUnderstood(
      `The reply is ${reply.length} characters long; at most ${MAX_REPLY_LENGTH} are read.`,
      EXAMPLES,
    );
  }
  if (count === 0) throw new NotUnderstood("There is nothing in the list to reply to.", "List what waits again.");
  const actions = new Map<number, ReplyAction>();
  for (const clause of reply.split(/[;\r\n]+/u)) {
    if (clause.trim() === "") continue;
    for (const action of readClause(clause, count, today)) addAction(actions, action);
  }
  if (actions.size === 0) throw notUnderstood(reply);
  return [...actions.values()].toSorted((one, other) => one.position - other.position);
}

function addAction(actions: Map<number, ReplyAction>, action: ReplyAction): void {
  const earlier = actions.get(action.position);
  if (earlier !== undefined && !isSame(earlier, action)) {
    const opposed = earlier.type === "decide" && action.type === "decide" && earlier.decision !== action.decision;
    const says = opposed ? "both approves and denies" : "says two things about";
    throw new NotUnderstood(
      `The reply ${says} number ${action.position}.`,
      'Say each number once, such as "4 yes, 5 no".',
    );
  }
  actions.set(action.position, action);
}

function isSame(one: ReplyAction, other: ReplyAction): boolean {
  if (one.type === "assign") return other.type === "assign" && one.to === other.to && one.due === other.due;
  return (
    other.type === "decide" && one.decision === other.decision && one.scope === other.scope && one.note === other.note
  );
}

function readClause(clause: string, count: number, today: Today): ReplyAction[] {
  const arrow = /→|->|=>/u.exec(clause);
  if (arrow !== null) {
    const right = clause.slice(arrow.index + arrow[0].length);
    return readAssignment(clause.slice(0, arrow.index), right, { count, today });
  }
  const colon = clause.indexOf(":");
  const reasoned = colon < 0 ? null : readReasoned(clause.slice(0, colon), clause.slice(colon + 1), count);
  return reasoned ?? actionsOf(readDeciding(clause, count));
}

function actionsOf({ groups, scope }: DecidingClause, note?: string): ReplyAction[] {
  if (scope !== null && groups.length > 1) {
    throw new NotUnderstood(
      "It is not clear which of the numbers the decision shall reach further for.",
      'Put ";" between: "1 yes for this goal; 2 no".',
    );
  }
  return groups.flatMap(({ decision, positions }) =>
    [...positions].map((position): ReplyAction => ({
      position,
      type: "decide",
      decision,
      ...(scope !== null && { scope }),
      ...(note !== undefined && { note }),
    })),
  );
}

/** "4 no: too expensive". Null where the colon only parts numbers and words, as in "4: no". */
function readReasoned(head: string, tail: string, count: number): ReplyAction[] | null {
  const decided = tryDeciding(head, count);
  if (!decided?.saysWhich) return null;
  // "no: 4" denies the fourth; a list of one has no fourth to deny.
  if (!decided.names && tryDeciding(tail, count)) return null;
  const note = tail.trim();
  if (note === "") throw notUnderstood(`${head}:`);
  if (decided.groups.length > 1) {
    throw new NotUnderstood(
      `It is not clear to which of the decisions the reason "${shown(note)}" belongs.`,
      'Put ";" between: "4 yes; 5 no: too expensive".',
    );
  }
  for (const end of endsOf(note)) {
    if (!tryDeciding(end, count)) continue;
    throw new NotUnderstood(
      `"${shown(end)}" can be read as part of the reason and as a decision of its own.`,
      'Put ";" before what is decided for itself.',
    );
  }
  return actionsOf(decided, note);
}

/** The whole text, and what follows each of its commas. */
function endsOf(text: string): string[] {
  return [text, ...[...text.matchAll(/,/gu)].map(({ index }) => text.slice(index + 1))];
}

function tryDeciding(clause: string, count: number): DecidingClause | null {
  try {
    return readDeciding(clause, count);
  } catch (error) {
    if (error instanceof NotUnderstood) return null;
    throw error;
  }
}

/** "5 → @ana, Friday", "5 -> @ana by 2026-12-01". */
function readAssignment(left: string, right: string, { count, today }: { count: number; today: Today }): ReplyAction[] {
  const positions = readPositions(left, count);
  const named =
    /^\s*@([\p{L}\p{N}](?:[\p{L}\p{N}\p{M}._-]{0,58}[\p{L}\p{N}\p{M}])?)(?![\p{L}\p{N}\p{M}_@-])(.*)$/u.exec(right);
  if (named === null) throw notUnderstood(right);
  const [, to = "", rest = ""] = named;
  const words = rest
    .trim()
    .replace(/^[,.\s]+/u, "")
    .replace(/^(?:by|on|until|bis|am)\s+/iu, "")
    .replace(/[.\s]+$/u, "");
  const due = words === "" ? null : parseDay(words, today);
  if (words !== "" && due === null) {
    throw new NotUnderstood(
      `"${shown(words)}" is not understood as a day that is to come. Nothing was decided.`,
      "Write a date such as 2026-12-01, a weekday, today or tomorrow.",
    );
  }
  return [...positions].map((position) => ({ position, type: "assign", to, due }));
}
