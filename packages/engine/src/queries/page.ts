import { AppError } from "@bureau/protocol";

/** One part of a list, and the cursor of the next; null when the list ends here. */
export interface PagePart<T> {
  rows: T[];
  nextCursor: string | null;
}

/**
 * Cuts rows that were asked for with one more than `limit` to a part of a list.
 * The extra row tells that there are more, so that no count is needed.
 */
export function partOf<T>(rows: T[], limit: number, cursorOf: (row: T) => string): PagePart<T> {
  const part = rows.slice(0, limit);
  const last = part.at(-1);
  return { rows: part, nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}

/** The same for a list that grows at its end: what to ask for next is the last entry's place. */
export function afterPart<T>(
  rows: T[],
  limit: number,
  placeOf: (row: T) => number,
): { rows: T[]; nextAfter: number | null } {
  const part = rows.slice(0, limit);
  const last = part.at(-1);
  return { rows: part, nextAfter: rows.length > limit && last !== undefined ? placeOf(last) : null };
}

/** A place in a ranked list as text that a caller only hands back. */
export function encodeCursor(values: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(values)).toString("base64url");
}

/** The values of a cursor, each of the type of its example. Throws `invalid` for anything that is not one of ours. */
export function decodeCursor<const Types extends readonly ("string" | "number")[]>(
  cursor: string,
  types: Types,
): { [K in keyof Types]: Types[K] extends "string" ? string : number } {
  let values: unknown;
  try {
    values = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    values = null;
  }
  if (
    Array.isArray(values) &&
    values.length === types.length &&
    values.every((value, index) => typeof value === types[index] && isStorable(value))
  ) {
    return values as { [K in keyof Types]: Types[K] extends "string" ? string : number };
  }
  throw new AppError("invalid", `"${cursor}" is not a cursor of this list.`, {
    hint: "Hand back the nextCursor of the part before, or leave it out to begin at the start.",
  });
}

/** The database can hold neither NUL characters nor halves of surrogate pairs. */
function isStorable(value: unknown): boolean {
  return typeof value !== "string" || (!value.includes("\0") && value.isWellFormed());
}
