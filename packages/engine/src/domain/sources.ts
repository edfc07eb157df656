import type { Source } from "./action.ts";

/** A run remembers so many sources by name; it is tainted by the first. */
const MAX_SOURCES = 20;

/** What the run has read from outside, with more of it. */
export function withSources(taint: readonly Source[] | undefined, more: readonly Source[]): Source[] {
  const byName = new Map([...(taint ?? []), ...more].map((source) => [source.name, source]));
  return [...byName.values()].slice(0, MAX_SOURCES);
}
