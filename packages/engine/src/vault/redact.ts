import { MIN_FORM_LENGTH, type SecretForm, secretForms, withoutLineBreaks } from "./secret-forms.ts";
import type { KeptSecret } from "./vault.ts";

/** Forms are found by the hash of their first characters: of the short ones fewer. */
const LONG_WINDOW = 12;
const HASH_BASE = 0x01000193;
const FILTER_BITS = 0xffff;
/** Line breaks that a stream keeps within what may be the beginning of a secret. */
const MAX_HELD_LINE_BREAKS = 1024;

/** A place in a text that gives a secret away. */
interface SecretSpan {
  start: number;
  end: number;
  name: string;
}

/** Finds the secrets that it knows in any text, in time that grows with the text alone. */
export interface Redactor {
  /** The text with each secret replaced by `[secret NAME]`; the same string when there is none. */
  redact(text: string): string;
  /** The name of a secret whose whole value is in the text. */
  holds(text: string): string | null;
  /** For text that comes in chunks, where a value may be split. */
  stream(): RedactingStream;
}

/** Hands text on as soon as it cannot be a part of a secret. Holds back no more than the longest form. */
export interface RedactingStream {
  push(chunk: string): string;
  /** What was held back. */
  end(): string;
}

/** A redactor of these secrets; it does nothing where there are none. */
export function createRedactor(secrets: readonly KeptSecret[]): Redactor {
  const forms = new Map<string, SecretForm>();
  for (const form of secrets.flatMap((secret) => secretForms(secret))) {
    if (forms.get(form.text)?.whole !== true) forms.set(form.text, form);
  }
  if (forms.size === 0) return NO_REDACTOR;
  const index = indexOf([...forms.values()]);
  return {
    redact: (text) => {
      if (text.length < MIN_FORM_LENGTH) return text;
      const spans = findSpans(index, text, false);
      return spans.length === 0 ? text : replaceSpans(text, spans);
    },
    holds: (text) => findSpans(index, text, true)[0]?.name ?? null,
    stream: () => createStream(index),
  };
}

const NO_REDACTOR: Redactor = {
  redact: (text) => text,
  holds: () => null,
  stream: () => ({ push: (chunk) => chunk, end: () => "" }),
};

/** The mark that stands where a secret was. */
export function secretMark(name: string): string {
  return `[secret ${name}]`;
}

interface FormIndex {
  windows: FormWindow[];
  /** In order, for finding what begins with a text. */
  sorted: string[];
  firstCharacters: Set<number>;
  longest: number;
}

/** Forms that are found by their first `width` characters. */
interface FormWindow {
  width: number;
  /** `HASH_BASE` to the power of `width`, to take a character out of a hash. */
  out: number;
  /** Says of most hashes at once that no form has them. */
  filter: Uint8Array;
  byHash: Map<number, SecretForm[]>;
}

function indexOf(forms: SecretForm[]): FormIndex {
  const isLong = (form: SecretForm) => form.text.length >= LONG_WINDOW;
  const windows = [
    windowOf(
      LONG_WINDOW,
      forms.filter((form) => isLong(form)),
    ),
    windowOf(
      MIN_FORM_LENGTH,
      forms.filter((form) => !isLong(form)),
    ),
  ];
  return {
    windows: windows.filter((window) => window.byHash.size > 0),
    sorted: forms.map((form) => form.text).toSorted(compareText),
    firstCharacters: new Set(forms.map((form) => form.text.charCodeAt(0))),
    longest: Math.max(...forms.map((form) => form.text.length)),
  };
}

function windowOf(width: number, forms: SecretForm[]): FormWindow {
  let out = 1;
  for (let index = 0; index < width; index += 1) out = Math.imul(out, HASH_BASE);
  const window: FormWindow = { width, out, filter: new Uint8Array(FILTER_BITS + 1), byHash: new Map() };
  for (const form of forms.toSorted((a, b) => b.text.length - a.text.length)) {
    let hash = 0;
    for (let index = 0; index < width; index += 1)
      hash = (Math.imul(hash, HASH_BASE) + form.text.charCodeAt(index)) | 0;
    window.filter[fold(hash)] = 1;
    window.byHash.set(hash, [...(window.byHash.get(hash) ?? []), form]);
  }
  return window;
}

function fold(hash: number): number {
  return (hash ^ (hash >>> 16)) & FILTER_BITS;
}

/** Places in the text as it was given, in order, none touching another of the same secret. */
function findSpans(index: FormIndex, text: string, wholeOnly: boolean): SecretSpan[] {
  const clean = withoutLineBreaks(text);
  const found: SecretSpan[] = [];
  for (const window of index.windows) findIn(window, clean, wholeOnly, found);
  if (found.length === 0) return found;
  const merged = mergeSpans(found);
  return clean.length === text.length ? merged : placeSpans(text, merged);
}

function findIn(window: FormWindow, text: string, wholeOnly: boolean, found: SecretSpan[]): void {
  const { width, out, filter, byHash } = window;
  let hash = 0;
  for (let end = 0; end < text.length; end += 1) {
    hash = (Math.imul(hash, HASH_BASE) + text.charCodeAt(end)) | 0;
    if (end >= width) hash = (hash - Math.imul(text.charCodeAt(end - width), out)) | 0;
    if (end < width - 1 || filter[fold(hash)] === 0) continue;
    const start = end - width + 1;
    const form = byHash.get(hash)?.find((one) => (one.whole || !wholeOnly) && text.startsWith(one.text, start));
    if (form !== undefined) found.push({ start, end: start + form.text.length, name: form.name });
  }
}

/** What overlaps is one place, named for the longest secret in it. */
function mergeSpans(found: SecretSpan[]): SecretSpan[] {
  const merged: SecretSpan[] = [];
  let longest = 0;
  for (const span of found.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = merged.at(-1);
    const joins = last !== undefined && (span.start < last.end || (span.start === last.end && span.name === last.name));
    if (!joins) {
      merged.push({ ...span });
      longest = span.end - span.start;
      continue;
    }
    last.end = Math.max(last.end, span.end);
    if (span.end - span.start <= longest) continue;
    longest = span.end - span.start;
    last.name = span.name;
  }
  return merged;
}

/** Spans of the text without line breaks as spans of the text with them. */
function placeSpans(text: string, spans: SecretSpan[]): SecretSpan[] {
  const placed: SecretSpan[] = [];
  let [position, clean] = [0, 0];
  const advance = (to: number) => {
    for (; clean < to || isLineBreak(text, position); position += 1) if (!isLineBreak(text, position)) clean += 1;
    return position;
  };
  for (const { start, end, name } of spans) {
    const from = advance(start);
    placed.push({ start: from, end: advance(end - 1) + 1, name });
  }
  return placed;
}

function isLineBreak(text: string, position: number): boolean {
  const code = text.charCodeAt(position);
  return code === 10 || code === 13;
}

function replaceSpans(text: string, spans: SecretSpan[]): string {
  const kept: string[] = [];
  let from = 0;
  for (const { start, end, name } of spans) {
    kept.push(text.slice(from, start), secretMark(name));
    from = end;
  }
  kept.push(text.slice(from));
  return kept.join("");
}

function createStream(index: FormIndex): RedactingStream {
  let held = "";
  /** Characters at the beginning of what is held that belong to a secret whose mark was handed on already. */
  let marked = { end: 0, name: "" };
  const release = (upTo: number): string => {
    if (upTo === 0) return "";
    const found = findSpans(index, held, false);
    const goesOn = marked.end > 0;
    const spans = goesOn ? mergeSpans([{ start: 0, ...marked }, ...found]) : found;
    const kept: string[] = [];
    let from = 0;
    marked = { end: 0, name: "" };
    for (const { start, end, name } of spans) {
      if (start >= upTo) break;
      kept.push(held.slice(from, start));
      if (start > 0 || !goesOn) kept.push(secretMark(name));
      from = Math.min(end, upTo);
      if (end > upTo) marked = { end: end - upTo, name };
    }
    kept.push(held.slice(from, upTo));
    held = held.slice(upTo);
    return kept.join("");
  };
  return {
    push: (chunk) => {
      if (chunk === "") return "";
      held += chunk;
      return release(holdFrom(index, held));
    },
    end: () => release(held.length),
  };
}

/** Where the longest end of a text begins that may be the beginning of a form. */
function holdFrom(index: FormIndex, text: string): number {
  const tail = Math.max(0, text.length - index.longest - MAX_HELD_LINE_BREAKS);
  const clean = withoutLineBreaks(text.slice(tail));
  const first = Math.max(0, clean.length - index.longest + 1);
  for (let start = first; start < clean.length; start += 1) {
    if (!index.firstCharacters.has(clean.charCodeAt(start))) continue;
    if (beginsForm(index.sorted, clean.slice(start))) return placeFromEnd(text, clean.length - start);
  }
  return text.length;
}

function beginsForm(sorted: string[], beginning: string): boolean {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareText(sorted[middle]!, beginning) < 0) low = middle + 1;
    else high = middle;
  }
  // A form that is there whole is found as it is; it is held back only where a longer one may follow.
  const next = sorted[low] === beginning ? sorted[low + 1] : sorted[low];
  return next?.startsWith(beginning) === true;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The position from which a text has `count` characters that are no line breaks. */
function placeFromEnd(text: string, count: number): number {
  let position = text.length;
  for (let left = count; left > 0;) {
    position -= 1;
    if (!isLineBreak(text, position)) left -= 1;
  }
  return position;
}
