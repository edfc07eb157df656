import { INBOX_KINDS, type InboxEntry } from "@bureau/protocol";

/** The most pressing first, as the server ranks: by kind, then by age. */
export function ranked(entries: readonly InboxEntry[]): InboxEntry[] {
  return entries.toSorted(
    (one, other) =>
      INBOX_KINDS.indexOf(one.kind) - INBOX_KINDS.indexOf(other.kind) ||
      compare(one.createdAt, other.createdAt) ||
      compare(one.id, other.id),
  );
}

/**
 * The order in which entries stand on the screen, by id.
 *
 * While somebody has the list in hand nothing moves: what was decided keeps its place, and what is new stands at the
 * end. Otherwise it is the ranking.
 */
export function nextOrder(
  shown: readonly string[],
  pending: readonly InboxEntry[],
  isInHand: boolean,
): readonly string[] {
  const ids = ranked(pending).map(({ id }) => id);
  if (!isInHand) return isSame(shown, ids) ? shown : ids;
  const known = new Set(shown);
  const added = ids.filter((id) => !known.has(id));
  return added.length === 0 ? shown : [...shown, ...added];
}

/** The entry where the work goes on after these were decided: the next that waits, or the last before it. */
export function entryAfter(
  order: readonly string[],
  decided: readonly string[],
  isPending: (id: string) => boolean,
): string | null {
  const places = decided.map((id) => order.indexOf(id));
  const from = Math.max(...places, -1);
  const waits = (id: string) => !decided.includes(id) && isPending(id);
  return order.slice(from + 1).find(waits) ?? order.slice(0, from + 1).findLast(waits) ?? null;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((id, place) => id === other[place]);
}

function compare(one: string, other: string): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
