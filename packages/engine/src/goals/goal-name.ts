const MAX_NAME_LENGTH = 48;
const MAX_NUMBER = 10_000;
/** Names that some file systems keep for themselves. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d|readme)$/;

/**
 * A name for a goal that is safe as a file name on every system and not yet taken: `grow-the-newsletter`, then
 * `grow-the-newsletter-2`.
 */
export function goalName(title: string, isTaken: (name: string) => boolean): string {
  const base = slug(title);
  if (!isTaken(base)) return base;
  for (let number = 2; number <= MAX_NUMBER; number += 1) {
    const suffix = `-${number}`;
    const name = `${base.slice(0, MAX_NAME_LENGTH - suffix.length).replace(/-+$/, "")}${suffix}`;
    if (!isTaken(name)) return name;
  }
  return `${base.slice(0, MAX_NAME_LENGTH - 9)}-${crypto.randomUUID().slice(0, 8)}`;
}

/** Lower-case letters, digits and single dashes, cut between words where possible. */
export function slug(title: string, noun = "goal"): string {
  const words = title
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
  let name = "";
  for (const word of words) {
    const longer = name === "" ? word : `${name}-${word}`;
    if (longer.length > MAX_NAME_LENGTH) break;
    name = longer;
  }
  if (name === "") name = (words[0] ?? noun).slice(0, MAX_NAME_LENGTH);
  return RESERVED.test(name) ? `${noun}-${name}` : name;
}
