/** Parts of sentences that people read. Words of models and of the world outside pass through `oneLine`. */

const NUMBER = new Intl.NumberFormat("en-US");

/** On one line, without characters that change how a line reads, and of at most so many characters. */
export function oneLine(text: string, maxCharacters = 120): string {
  const line = text
    .slice(0, maxCharacters * 3)
    .toWellFormed()
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, " ")
    .trim();
  return line.length > maxCharacters
    ? `${line
        .slice(0, maxCharacters - 1)
        .toWellFormed()
        .trimEnd()}…`
    : line;
}

export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${NUMBER.format(count)} ${count === 1 ? noun : plural}`;
}

/** `a, b and c`; of many the first ones, and how many more there are. */
export function listed(values: readonly string[], max = 4): string {
  const shown = values.length > max ? [...values.slice(0, max), `${values.length - max} more`] : [...values];
  const last = shown.pop() ?? "";
  return shown.length === 0 ? last : `${shown.join(", ")} and ${last}`;
}

/** Without the stop at its end, so that it can stand within a sentence. */
export function clause(text: string, maxCharacters = 160): string {
  return oneLine(text, maxCharacters).replace(/[.\s]+$/u, "");
}

export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  return `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}${/[.!?…]["”]?$/u.test(trimmed) ? "" : "."}`;
}

/** A length of time for people: `40 s`, `3 min`, `2 h 5 min`. */
export function spanText(ms: number): string {
  if (ms < 1_000) return "under a second";
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return rest === 0 || hours >= 10 ? `${hours} h` : `${hours} h ${rest} min`;
}
