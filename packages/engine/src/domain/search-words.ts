import type { MatchRange, SearchKind } from "@bureau/protocol";

/** Characters of a word that count; what is beyond is not compared. */
const MAX_WORD_CHARACTERS = 64;
const MAX_QUERY_WORDS = 24;
/** Words of one entry that are compared; a vector may hold positions up to 16,383. */
const MAX_ENTRY_WORDS = 4_000;
const TITLE_GAP = 8;
const SNIPPET_CHARACTERS = 220;
const MAX_RANGES = 40;

/** Runs of letters, digits and their marks. An underscore parts words, so that `write_file` is found by `file`. */
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;
/** Scripts that put no space between words: each character is a word, and words of a query stand in a row. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー]\p{M}*/gu;
/** Accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic: they may be left out in writing. */
const ACCENTS = /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670]/g;
/** Letters that do not come apart into a letter and an accent. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  đ: "d",
  ð: "d",
  ł: "l",
  ı: "i",
  þ: "th",
  ς: "σ",
};
const SPECIAL = new RegExp(`[${Object.keys(LETTERS).join("")}]`, "g");

export interface FoundWord extends MatchRange {
  word: string;
}

/** Words that must stand in a row; the last may be the beginning of a longer one. */
export interface QueryTerm {
  words: string[];
  prefix: boolean;
}

export interface ParsedQuery {
  terms: QueryTerm[];
  /** What must not be there. */
  without: QueryTerm[];
}

/** A word as it is compared: without case, accents and forms of width. */
export function foldWord(word: string): string {
  const plain = word.normalize("NFKD").replace(ACCENTS, "").normalize("NFC").toLowerCase();
  const folded = plain.replace(ACCENTS, "").replace(SPECIAL, (letter) => LETTERS[letter] ?? letter);
  return folded.slice(0, MAX_WORD_CHARACTERS).toWellFormed();
}

/** The words of a text in order, each with where it stands. */
export function wordsOf(text: string, max = MAX_ENTRY_WORDS): FoundWord[] {
  const found: FoundWord[] = [];
  for (const match of text.matchAll(WORD)) {
    for (const part of partsOf(match[0], match.index)) {
      // Folding may bring in what is no letter, such as the fraction stroke of ½.
      for (const [word] of foldWord(part.word).matchAll(WORD)) {
        found.push({ ...part, word });
        if (found.length >= max) return found;
      }
    }
  }
  return found;
}

function partsOf(run: string, offset: number): FoundWord[] {
  const parts: FoundWord[] = [];
  let from = 0;
  const add = (start: number, end: number) => {
    if (end > start) parts.push({ word: run.slice(start, end), start: offset + start, end: offset + end });
  };
  for (const match of run.matchAll(UNSPACED)) {
    add(from, match.index);
    from = match.index + match[0].length;
    add(match.index, from);
  }
  add(from, run.length);
  return parts;
}

/** What a person typed, read. Any text is a query; one without words has no terms. Never throws. */
export function parseQuery(text: string): ParsedQuery {
  const query: ParsedQuery = { terms: [], without: [] };
  let count = 0;
  let last: QueryTerm | null = null;
  for (const match of text.matchAll(/(-?)(?:"([^"]*)"?|([^\s"]+))/gu)) {
    const words = wordsOf(match[2] ?? match[3] ?? "", MAX_QUERY_WORDS - count).map(({ word }) => word);
    if (words.length === 0) continue;
    count += words.length;
    const isBefore = match.index === 0 || /[\s"]/u.test(text.charAt(match.index - 1));
    const isExcluded = match[1] === "-" && isBefore;
    const term = { words, prefix: false };
    (isExcluded ? query.without : query.terms).push(term);
    last = isExcluded || match[0].endsWith('"') ? null : term;
    if (count >= MAX_QUERY_WORDS) break;
  }
  // Whoever is still typing has begun a word; words that are shut in quotes are whole.
  if (last !== null) last.prefix = true;
  return query;
}

/**
 * The query as PostgreSQL's `tsquery` reads it, for entries of these kinds; null when it can find nothing. Words hold
 * letters and digits alone.
 */
export function tsQuery({ terms, without }: ParsedQuery, kinds: readonly SearchKind[] | null = null): string | null {
  if (terms.length === 0 || kinds?.length === 0) return null;
  const one = ({ words, prefix }: QueryTerm) =>
    `(${words.map((word, index) => `'${word}'${prefix && index === words.length - 1 ? ":*" : ""}`).join(" <-> ")})`;
  const words = [...terms.map(one), ...without.map((term) => `!${one(term)}`)].join(" & ");
  return kinds === null ? words : `${words} & (${kinds.map((kind) => `'=${kind}'`).join(" | ")})`;
}

/** The words of an entry as PostgreSQL's `tsvector` reads it: those of the title weigh more. The kind is one, too. */
export function tsVector(kind: SearchKind, title: string, body: string): string {
  const places = new Map<string, string[]>();
  const add = (words: readonly FoundWord[], offset: number, weight: string) => {
    for (const [index, { word }] of words.entries()) {
      const known = places.get(word);
      const place = `${offset + index + 1}${weight}`;
      if (known === undefined) places.set(word, [place]);
      else if (known.length < 200) known.push(place);
    }
  };
  const titleWords = wordsOf(title);
  add(titleWords, 0, "A");
  add(wordsOf(body, MAX_ENTRY_WORDS - titleWords.length), titleWords.length + TITLE_GAP, "");
  return [`'=${kind}'`, ...[...places].map(([word, at]) => `'${word}':${at.join(",")}`)].join(" ");
}

/** Where a text holds words of the query. */
export function matchesIn(text: string, query: ParsedQuery, limit = MAX_RANGES): MatchRange[] {
  const words = wordsOf(text);
  const ranges: MatchRange[] = [];
  for (let index = 0; index < words.length && ranges.length < limit; index += 1) {
    const length = Math.max(0, ...query.terms.map((term) => (stands(term, words, index) ? term.words.length : 0)));
    if (length === 0) continue;
    const [first, end] = [words[index]!, words[index + length - 1]!];
    ranges.push({ start: first.start, end: end.end });
    index += length - 1;
  }
  return ranges;
}

function stands({ words: wanted, prefix }: QueryTerm, words: readonly FoundWord[], from: number): boolean {
  return wanted.every((word, index) => {
    const found = words[from + index]?.word;
    if (found === undefined) return false;
    return prefix && index === wanted.length - 1 ? found.startsWith(word) : found === word;
  });
}

/** A part of a text around where the query first stands, with the places in it that match. */
export function snippetOf(text: string, query: ParsedQuery): { snippet: string; ranges: MatchRange[] } {
  const first = matchesIn(text, query, 1)[0]?.start ?? 0;
  const start = first < SNIPPET_CHARACTERS * 0.6 ? 0 : afterSpace(text, first - Math.floor(SNIPPET_CHARACTERS * 0.3));
  const end = Math.min(text.length, start + SNIPPET_CHARACTERS);
  const middle = text
    .slice(start, end)
    .toWellFormed()
    .replace(/[\s\p{Cc}]/gu, " ");
  const lead = start > 0 ? "…" : "";
  const snippet = `${lead}${middle}${end < text.length ? "…" : ""}`;
  return { snippet, ranges: matchesIn(snippet, query) };
}

function afterSpace(text: string, from: number): number {
  const space = text.slice(from, from + 30).search(/\s/u);
  return space < 0 ? from : from + space + 1;
}
