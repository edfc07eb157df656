/** Whether two names are of one person: case, and how accents are written, make no difference. */
export function isSameName(one: string, other: string): boolean {
  return foldName(one) === foldName(other);
}

/** As names are compared. */
export function foldName(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

export type FoundName<T> = { ok: true; found: T } | { ok: false; message: string; hint: string };

/** So many names are said to somebody who wrote one that is not there. */
const MAX_SAID = 12;

/**
 * Whom a word such as `ana`, `ana.lopez` or `me` means: a whole name, or the first word of only one.
 *
 * Never throws, and never takes one of two.
 */
export function findName<T extends { name: string }>(people: readonly T[], word: string, me: string): FoundName<T> {
  const wanted = foldName(word) === "me" ? foldName(me) : foldName(word);
  const joined = (name: string) => foldName(name).replaceAll(/[ .’'-]+/g, "-");
  const whole = people.find(({ name }) => foldName(name) === wanted);
  if (whole !== undefined) return { ok: true, found: whole };
  const like = people.filter(
    ({ name }) => joined(name) === wanted.replaceAll(/[ ._’'-]+/g, "-") || foldName(name).split(" ")[0] === wanted,
  );
  if (like.length === 1) return { ok: true, found: like[0]! };
  const said = (like.length > 1 ? like : people).map(({ name }) => name);
  const names = `${said.slice(0, MAX_SAID).join(", ")}${said.length > MAX_SAID ? " and others" : ""}`;
  return like.length > 1
    ? { ok: false, message: `"${word}" can be any of several people.`, hint: `Write one of: ${names}.` }
    : { ok: false, message: `There is nobody named "${word}" here.`, hint: `There are: ${names}.` };
}
