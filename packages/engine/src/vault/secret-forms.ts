import type { KeptSecret } from "./vault.ts";

/** Shorter text says too little to be looked for. */
export const MIN_FORM_LENGTH = 6;
/** Longer forms are looked for in pieces of this length, so that the work for each character is bounded. */
const MAX_WHOLE_LENGTH = 512;
const PIECE_LENGTH = 256;
const MIN_HALVED_LENGTH = 32;
const MIN_LINE_LENGTH = 24;
/** A line of a key file, as against words that other texts have too. */
const KEY_LINE = /^[A-Za-z0-9+/=_.~-]+$/;
const LINE_BREAKS = /[\r\n]+/g;

/** A text that gives a secret away. */
export interface SecretForm {
  text: string;
  name: string;
  /** False for a part that only hides what a cut has left of the value. */
  whole: boolean;
}

/** Text as forms are looked for in it: output that was wrapped holds the same value. */
export function withoutLineBreaks(text: string): string {
  return text.includes("\n") || text.includes("\r") ? text.replace(LINE_BREAKS, "") : text;
}

/**
 * Every text by which a secret is recognised: as it is, and as common encoders write it, also within more that was
 * encoded with it. Line breaks are left out of them.
 *
 * Not among them: a value that was reversed, encrypted, compressed or written out in words.
 */
export function secretForms({ name, value }: KeptSecret): SecretForm[] {
  const forms = new Map<string, boolean>();
  const add = (text: string, whole: boolean) => {
    const clean = withoutLineBreaks(text);
    if (clean.length >= MIN_FORM_LENGTH) forms.set(clean, (forms.get(clean) ?? false) || whole);
  };
  for (const text of encodings(value)) {
    const clean = withoutLineBreaks(text);
    if (clean.length <= MAX_WHOLE_LENGTH) add(clean, true);
    else for (const piece of pieces(clean, PIECE_LENGTH)) add(piece, true);
  }
  for (const part of parts(value)) add(part, false);
  return [...forms].map(([text, whole]) => ({ text, name, whole }));
}

function encodings(value: string): string[] {
  const bytes = Buffer.from(value, "utf8");
  const hex = bytes.toString("hex");
  const json = JSON.stringify(value).slice(1, -1);
  const url = encodeURIComponent(value.toWellFormed());
  const base64 = base64Forms(bytes);
  return [
    value,
    json,
    JSON.stringify(json).slice(1, -1),
    json.replace(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`),
    htmlText(value),
    url,
    url.replace(/%../g, (code) => code.toLowerCase()),
    url.replaceAll("%20", "+"),
    strictUrl(value),
    ...base64,
    ...base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
    hex,
    hex.toUpperCase(),
  ];
}

/** What base64 makes of the value at each place it can have in a longer text: characters that depend on it alone. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    const first = Math.ceil((before * 8) / 6);
    const end = Math.floor(((before + bytes.length) * 8) / 6);
    return text.slice(first, end);
  });
}

function htmlText(value: string): string {
  return value
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** As servers and `curl` write it: `encodeURIComponent` leaves `!'()*` alone. */
function strictUrl(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** What is left of a value where a text was cut in it, or where each line was given a number or an indent. */
function parts(value: string): string[] {
  const clean = withoutLineBreaks(value);
  const found =
    clean.length >= MIN_HALVED_LENGTH && clean.length <= MAX_WHOLE_LENGTH
      ? pieces(clean, Math.ceil(clean.length / 2))
      : [];
  const lines = value.split(LINE_BREAKS).map((line) => line.trim());
  if (lines.length < 2) return found;
  for (const line of lines.filter((one) => one.length >= MIN_LINE_LENGTH && KEY_LINE.test(one)))
    found.push(...(line.length > MAX_WHOLE_LENGTH ? pieces(line, PIECE_LENGTH) : [line]));
  return found;
}

/** Pieces of one length that together cover a text, the last one ending with it. */
function pieces(text: string, length: number): string[] {
  const found: string[] = [];
  for (let start = 0; start + length < text.length; start += length) found.push(text.slice(start, start + length));
  found.push(text.slice(-length));
  return found;
}
