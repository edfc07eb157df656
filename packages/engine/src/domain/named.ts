import { addressesOf, isWebAddress, webAddress } from "./named-addresses.ts";
import { isMeant, isSmallNumber, plainNumber } from "./named-numbers.ts";
import { isNamedTime, timesOf, type WrittenTimes } from "./named-times.ts";
import { bare, EMPTY_WORDS, wordsOf, type WrittenWord } from "./named-words.ts";

/** Characters of a person's words that are looked at; what comes after them names nothing. */
const MAX_WORDS_CHARACTERS = 200_000;
/** A longer value is not named, whatever was written. */
const MAX_VALUE_CHARACTERS = 10_000;
const MEANINGFUL_CHARACTERS = 3;
const MAX_QUERY_WORDS = 32;
/** Values that can carry nothing. */
const HARMLESS = new Set(["", "true", "false", "null"]);

/** What a person wrote, read once, to be asked many times what it names. */
export interface Named {
  /** Whether the value stands in the words: whole, in any case of letters, and not as what shall not be done. */
  has(value: string): boolean;
  /** Whether all words of a query that say something stand in the words, in any order. */
  hasQuery(query: string): boolean;
}

/** True when a value was literally written by the person. When in doubt it was not. */
export function isNamed(value: string, words: string): boolean {
  return namedIn(words).has(value);
}

/** True when a value can carry nothing anywhere: nothing at all, yes or no. */
export function isHarmless(value: string): boolean {
  return HARMLESS.has(value.trim().toLowerCase());
}

/** Reads a person's words. Time and memory grow with their length, and so does each question with its own. */
export function namedIn(text: string): Named {
  const read = once(() => readWords(text.slice(0, MAX_WORDS_CHARACTERS)));
  return {
    has: (value) => isHarmless(value) || (value.length <= MAX_VALUE_CHARACTERS && isIn(value.trim(), read())),
    hasQuery: (query) => query.length <= MAX_VALUE_CHARACTERS && isQueryIn(query.trim(), read()),
  };
}

interface Read {
  words: WrittenWord[];
  /** Places of each word, in order. */
  places: Map<string, number[]>;
  /** Places of each number, by its plain form. */
  numbers: Map<string, number[]>;
  times: WrittenTimes;
  addresses: Set<string>;
}

function readWords(text: string): Read {
  const words = wordsOf(text);
  const places = new Map<string, number[]>();
  const numbers = new Map<string, number[]>();
  for (const [place, word] of words.entries()) {
    keep(places, word.text, place);
    const number = plainNumber(word.text);
    if (number !== null) keep(numbers, number, place);
  }
  return { words, places, numbers, times: timesOf(words), addresses: addressesOf(words) };
}

function isIn(value: string, read: Read): boolean {
  if (looksLikeOther(value)) return false;
  if (isWebAddress(value)) return isAddressIn(value, read);
  const time = isNamedTime(bare(value), read.times);
  if (time === true) return true;
  const words = wordsOf(value).map((word) => word.text);
  if (words.length === 1 && isNumberIn(words[0]!, read)) return true;
  return isPassageIn(words, read) || (/^[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+$/u.test(value) && isAddressIn(value, read));
}

/** Characters that become plain letters when they are folded, such as the sign for kelvin, are somebody's disguise. */
function looksLikeOther(value: string): boolean {
  for (const character of value.match(/[^\p{ASCII}]/gu) ?? []) {
    if (/^\p{ASCII}*$/u.test(character.normalize("NFC").toLowerCase())) return true;
  }
  return false;
}

function isAddressIn(value: string, read: Read): boolean {
  const address = webAddress(value);
  return address !== null && read.addresses.has(address);
}

function isNumberIn(word: string, read: Read): boolean {
  const number = plainNumber(word);
  const places = number === null ? undefined : read.numbers.get(number);
  return places?.some((place) => !read.words[place]!.negated && isMeant(read.words, place)) ?? false;
}

/** Whether words follow one another in what was written, beginning where it does not say no. */
function isPassageIn(words: readonly string[], read: Read): boolean {
  const [only] = words;
  if (only === undefined) return false;
  if (words.length === 1) {
    return read.places.get(only)?.some((place) => isWordNamed(read.words, place)) ?? false;
  }
  if (!words.some(isMeaningful)) return false;
  return startsOf(words, read).some((place) => !read.words[place]!.negated);
}

function isWordNamed(words: readonly WrittenWord[], place: number): boolean {
  const word = words[place]!;
  if (word.negated) return false;
  return word.alone || (isMeaningful(word.text) && isMeant(words, place));
}

function isMeaningful(word: string): boolean {
  return word.length >= MEANINGFUL_CHARACTERS && !EMPTY_WORDS.has(word) && /[\p{L}\p{N}]/u.test(word);
}

/** Places at which a sequence of words begins, found without looking at any word twice (Knuth, Morris, Pratt). */
function startsOf(wanted: readonly string[], { words }: Read): number[] {
  const back = [0];
  for (let index = 1, fit = 0; index < wanted.length; index += 1) {
    while (fit > 0 && wanted[index] !== wanted[fit]) fit = back[fit - 1]!;
    if (wanted[index] === wanted[fit]) fit += 1;
    back.push(fit);
  }
  const starts: number[] = [];
  for (let place = 0, fit = 0; place < words.length; place += 1) {
    while (fit > 0 && words[place]!.text !== wanted[fit]) fit = back[fit - 1]!;
    if (words[place]!.text === wanted[fit]) fit += 1;
    if (fit < wanted.length) continue;
    starts.push(place - wanted.length + 1);
    fit = back[fit - 1]!;
  }
  return starts;
}

function isQueryIn(query: string, read: Read): boolean {
  if (looksLikeOther(query) || isWebAddress(query)) return false;
  const words = [...new Set(wordsOf(query).map((word) => word.text))].filter((word) => !EMPTY_WORDS.has(word));
  if (words.length === 0 || words.length > MAX_QUERY_WORDS || !words.some((word) => !isSmallNumber(word))) return false;
  return words.every((word) => read.places.get(word)?.some((place) => !read.words[place]!.negated) ?? false);
}

function keep(map: Map<string, number[]>, key: string, place: number): void {
  const places = map.get(key);
  if (places === undefined) map.set(key, [place]);
  else places.push(place);
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
