import { AppError } from "@bureau/protocol";

/** Longer lines are searched in their first part only. */
const MAX_LINE_CHARACTERS = 20_000;
const SHOWN_BEFORE = 100;
const SHOWN_CHARACTERS = 300;

/**
 * The expression that a search uses. Smart case: capitals in the pattern make it exact, none make it ignore case.
 * `(?i)` at the start, which other search programs know, is understood.
 */
export function searchExpression(pattern: string, literal: boolean): RegExp {
  const inline = !literal && pattern.startsWith("(?i)");
  const source = literal ? RegExp.escape(pattern) : pattern.slice(inline ? 4 : 0);
  const ignoresCase = inline || !hasCapital(literal ? pattern : source.replace(/\\(?:[pP]\{[^}]*\}|.)/g, ""));
  try {
    return new RegExp(source, ignoresCase ? "i" : "");
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, "") : String(error);
    throw new AppError(
      "invalid",
      `The pattern is not a regular expression: ${reason}. Set literal to search for it as it is.`,
      {
        cause: error,
      },
    );
  }
}

export interface LineMatch {
  line: number;
  text: string;
}

/** Searches lines of a text; `firstLine` is the number of the first. Stops after `max` matches. */
export function searchLines(text: string, firstLine: number, expression: RegExp, max: number): LineMatch[] {
  const matches: LineMatch[] = [];
  let [line, start] = [firstLine, 0];
  while (start <= text.length && matches.length < max) {
    const end = text.indexOf("\n", start);
    const stop = end === -1 ? text.length : end;
    const part = text.slice(start, Math.min(stop, start + MAX_LINE_CHARACTERS)).replace(/\r$/, "");
    const match = expression.exec(part);
    if (match && (end !== -1 || part !== "")) matches.push({ line, text: excerpt(part, match.index) });
    if (end === -1) break;
    start = end + 1;
    line += 1;
  }
  return matches;
}

/** The line, or the part of a long one around its match. */
function excerpt(line: string, at: number): string {
  if (line.length <= SHOWN_CHARACTERS) return line;
  const start = Math.max(0, Math.min(at - SHOWN_BEFORE, line.length - SHOWN_CHARACTERS));
  const end = Math.min(line.length, start + SHOWN_CHARACTERS);
  return `${start > 0 ? "…" : ""}${line.slice(start, end)}${end < line.length ? "…" : ""}`;
}

function hasCapital(text: string): boolean {
  return /\p{Lu}/u.test(text);
}
