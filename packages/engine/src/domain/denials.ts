/** Denials in a row, of different actions, after which the run asks how to go on. */
const ASK_AFTER = 3;
/** Denials that a run remembers in order to give them again; the oldest are forgotten first. */
const MAX_REMEMBERED = 50;
const MAX_TEXT_CHARACTERS = 2_000;

export const DENIALS_QUESTION = "Three requests in a row were denied. How should I go on?";

/** One action that was denied, by its hash, and what the agent was told. */
export interface Denial {
  hash: string;
  text: string;
}

/** What a run remembers of its denials. A word of the person's makes it begin anew. */
export interface Denials {
  /** Hashes of the different actions that were denied since a yes or the last question. */
  row: readonly string[];
  known: readonly Denial[];
}

export const NO_DENIALS: Denials = { row: [], known: [] };

/**
 * A request was denied. `also` are further hashes of the same request: of its arguments before they were edited.
 *
 * `asks` when this was the third different action in a row; the count then begins anew.
 */
export function afterDenial(
  denials: Denials,
  denial: Denial,
  also: readonly string[] = [],
): { denials: Denials; asks: boolean } {
  const hashes = new Set([denial.hash, ...also]);
  const text = denial.text.slice(0, MAX_TEXT_CHARACTERS);
  const known = [
    ...denials.known.filter((other) => !hashes.has(other.hash)),
    ...[...hashes].map((hash) => ({ hash, text })),
  ].slice(-MAX_REMEMBERED);
  const row = denials.row.some((hash) => hashes.has(hash)) ? denials.row : [...denials.row, also[0] ?? denial.hash];
  const asks = row.length >= ASK_AFTER;
  return { denials: { row: asks ? [] : row, known }, asks };
}

/** A yes ends the row, and what was said before of the same action. */
export function afterApproval(denials: Denials, hash: string): Denials {
  return { row: [], known: denials.known.filter((other) => other.hash !== hash) };
}

/** What an agent that asks for a denied action again is told at once, without a new request; null for any other. */
export function denialOf(denials: Denials | null | undefined, hash: string): string | null {
  return denials?.known.find((denial) => denial.hash === hash)?.text ?? null;
}
