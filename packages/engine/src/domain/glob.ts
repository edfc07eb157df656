/** Longest pattern of a rule, in characters. */
export const MAX_PATTERN_CHARACTERS = 500;
const MAX_TEXT_CHARACTERS = 10_000;

/** Whether a pattern is one that rules can be made of: not empty, and short enough to be looked at in full. */
export function isPattern(pattern: string): boolean {
  return pattern !== "" && pattern.length <= MAX_PATTERN_CHARACTERS;
}

/** Whether a pattern holds for everything. */
export function isAll(pattern: string): boolean {
  return /^\*+$/.test(pattern);
}

/**
 * Whether the whole of a text fits a pattern in which `*` stands for any characters, in any case of letters.
 *
 * Null where the pattern or the text is too long to say: the caller then takes the careful side.
 */
export function matchesGlob(pattern: string, text: string): boolean | null {
  if (!isPattern(pattern) || text.length > MAX_TEXT_CHARACTERS) return null;
  const parts = folded(pattern).split("*");
  const whole = folded(text);
  const [first = "", ...others] = parts;
  const last = others.pop();
  if (last === undefined) return whole === first;
  if (!whole.startsWith(first)) return false;
  // The leftmost place of each part is as good as any later one, so no place is looked at twice.
  let from = first.length;
  for (const part of others) {
    const found = whole.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  return whole.length - last.length >= from && whole.endsWith(last);
}

function folded(text: string): string {
  return text.normalize("NFC").toLowerCase();
}
