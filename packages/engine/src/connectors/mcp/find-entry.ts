/** Entries of one list that are looked at; a longer one is not known whole. */
const MAX_ENTRIES = 5_000;
const MAX_DEPTH = 30;
const MIN_ALIKE = 4;
/** Names by which servers say that there is more than they answered with. */
const MORE_KEYS = /^(next_?cursor|next_?page(_?token)?|has_?more|truncated|more)$/i;

/** `near`: an entry has something like each of the values, so it may be the thing, changed on its way. */
export type Found = { outcome: "found"; entry: unknown } | { outcome: "absent" | "near" | "not_whole" };

/**
 * Looks in a server's list for one entry that has all of the values, each as a whole: as it is, but for white space.
 *
 * `absent` is only said of a list that is whole and in which nothing is alike.
 */
export function findEntry(data: unknown, wanted: readonly string[]): Found {
  if (wanted.length === 0) return { outcome: "near" };
  const list = listIn(data);
  if (list === null) return { outcome: "not_whole" };
  const texts = wanted.map((text) => normal(text));
  let isNear = false;
  for (const entry of list.entries) {
    const own = new Set(textsIn(entry).map((text) => normal(text)));
    if (texts.every((text) => own.has(text))) return { outcome: "found", entry };
    isNear ||= texts.every((text) => [...own].some((other) => isAlike(text, other)));
  }
  if (isNear) return { outcome: "near" };
  return { outcome: list.isWhole ? "absent" : "not_whole" };
}

/** The list that an answer is, or the only one that it holds. */
function listIn(data: unknown): { entries: readonly unknown[]; isWhole: boolean } | null {
  if (Array.isArray(data)) return bounded(data, true);
  if (typeof data !== "object" || data === null) return null;
  const lists = Object.values(data).filter((value) => Array.isArray(value));
  if (lists.length !== 1) return null;
  const saysMore = Object.entries(data).some(([key, value]) => MORE_KEYS.test(key) && Boolean(value));
  return bounded(lists[0]!, !saysMore);
}

function bounded(list: readonly unknown[], isWhole: boolean): { entries: readonly unknown[]; isWhole: boolean } {
  return { entries: list.slice(0, MAX_ENTRIES), isWhole: isWhole && list.length <= MAX_ENTRIES };
}

/** All values of a call's argument, or of an entry, as texts. */
export function textsIn(value: unknown, depth = 0): string[] {
  if (depth > MAX_DEPTH || value === null || value === undefined || value === "") return [];
  if (Array.isArray(value)) return value.flatMap((each) => textsIn(each, depth + 1));
  if (typeof value === "object") return Object.values(value).flatMap((each) => textsIn(each, depth + 1));
  return [String(value as string | number | boolean)];
}

/** One holds the other, as when a service puts a mark before a subject. Short texts are in too many others. */
function isAlike(one: string, other: string): boolean {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  if (a === b) return true;
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= MIN_ALIKE && long.includes(short);
}

function normal(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
