interface Thing {
  id: string;
}

/** Every whole thing says when it came to be; a part that an event told of a thing nobody had seen does not. */
const MARKS = ["createdAt", "checkedAt"];

export function isWhole(thing: object): boolean {
  return MARKS.some((mark) => mark in thing);
}

/** A thing as it was fetched, with what has been told of it since. Null while neither says all of it. */
export function mergeThing<T extends Thing>(fetched: T | undefined, live: T | undefined): T | null {
  if (live !== undefined && isWhole(live)) return live;
  if (fetched === undefined) return null;
  return live === undefined ? fetched : { ...fetched, ...live };
}

/** All things that were fetched or that the view holds whole, newest first, each once. */
export function mergeThings<T extends Thing>(fetched: readonly T[], live: Readonly<Record<string, T>>): T[] {
  const merged = new Map<string, T>();
  for (const thing of fetched) merged.set(thing.id, mergeThing(thing, live[thing.id]) ?? thing);
  for (const thing of Object.values(live)) if (isWhole(thing)) merged.set(thing.id, thing);
  return [...merged.values()].toSorted((one, other) => (one.id < other.id ? 1 : one.id > other.id ? -1 : 0));
}
