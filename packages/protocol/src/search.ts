import { z } from "zod";
import { Page } from "./api-inputs.ts";

const QUERY_CHARACTERS = 1_000;

/** Everything that can be found. */
export const SEARCH_KINDS = ["goal", "agent", "thread", "task", "item", "run", "inbox", "effect"] as const;
export type SearchKind = (typeof SEARCH_KINDS)[number];

/**
 * What to look for: words, the last of which may be a beginning; `"words in a row"`; `-word` for what must not be in
 * it. Any text is a query, also one that finds nothing.
 */
export const SearchQuery = Page.extend({
  q: z.string().max(QUERY_CHARACTERS).default(""),
  kinds: z
    .preprocess(
      (value) => (typeof value === "string" ? value.split(",") : value),
      z.array(z.enum(SEARCH_KINDS)).min(1).max(SEARCH_KINDS.length),
    )
    .optional(),
});
export type SearchQuery = z.infer<typeof SearchQuery>;

/** A part of a text that matched: from a UTF-16 offset up to, and without, another. */
export const MatchRange = z.object({ start: z.number().int(), end: z.number().int() });
export type MatchRange = z.infer<typeof MatchRange>;

export const SearchHit = z.object({
  kind: z.enum(SEARCH_KINDS),
  id: z.string(),
  /** Of an item or a run: that of its thread. */
  title: z.string(),
  titleRanges: z.array(MatchRange),
  /** A part of the text around what matched; plain text, whatever it looks like. */
  snippet: z.string(),
  ranges: z.array(MatchRange),
  at: z.string(),
  agentId: z.string().nullable(),
  goalId: z.string().nullable(),
  runId: z.string().nullable(),
  threadId: z.string().nullable(),
  /** Of an item: its position in the thread. */
  position: z.number().int().nullable(),
});
export type SearchHit = z.infer<typeof SearchHit>;

/** How much of what happened search knows. */
export const SearchIndex = z.object({
  /** The last event whose change can be found. */
  indexedTo: z.number().int(),
  /** Events and rows that are still to be read, about; 0 when everything can be found. Ask again to go on. */
  behind: z.number().int(),
});
export type SearchIndex = z.infer<typeof SearchIndex>;

export const SearchResult = z.object({
  /** The best first: how well it fits, and how new it is. */
  hits: z.array(SearchHit),
  nextCursor: z.string().nullable(),
  index: SearchIndex,
});
export type SearchResult = z.infer<typeof SearchResult>;
