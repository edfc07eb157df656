import type { WrittenWord } from "./named-words.ts";

/** Marks around an address in running text. A comma or bracket may be a part of it. */
const AROUND = /[\s"“”„«»‹›`<>|]+|\]\(/u;
const LEADING = new Set("'‘’([{¿¡");
const TRAILING = new Set("'‘’.,;:!?…)]}*");
const MAX_ADDRESS_CHARACTERS = 4_000;
const SCHEME = /^https?:\/\//i;
const HOST = /^[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+(:\d{1,5})?([/?#]|$)/u;

/** The web addresses in words that do not say no, in the form in which `webAddress` writes them. */
export function addressesOf(words: readonly WrittenWord[]): Set<string> {
  const addresses = new Set<string>();
  for (const chunk of new Set(words.filter((word) => !word.negated).map((word) => word.chunk))) {
    for (const piece of chunk.split(AROUND)) {
      const address = webAddress(trimmed(piece));
      if (address !== null) addresses.add(address);
    }
  }
  return addresses;
}

/**
 * A web address without its scheme, `www.` and the slash at its end; null for what is none.
 *
 * The rest stays as it is, capitals too: whoever can choose them, or add a query, can write data into them.
 */
export function webAddress(text: string): string | null {
  if (text.length > MAX_ADDRESS_CHARACTERS || /[\s\p{Cc}]/u.test(text)) return null;
  const whole = SCHEME.test(text);
  if (!whole && !HOST.test(text)) return null;
  const url = URL.parse(whole ? text : `http://${text}`);
  if (url === null || url.username !== "" || url.password !== "") return null;
  const host = url.host.replace(/^www\./, "").replace(/:80$|:443$/, "");
  const path = url.pathname.length > 1 && url.pathname.endsWith("/") ? url.pathname.slice(0, -1) : url.pathname;
  return `${host}${path === "/" ? "" : path}${url.search}${url.hash}`;
}

/** Whether a value can only be meant as a web address, so that no other way of naming it counts. */
export function isWebAddress(value: string): boolean {
  return SCHEME.test(value) || /^www\./i.test(value) || (HOST.test(value) && /[/?#]/.test(value));
}

function trimmed(piece: string): string {
  let [start, end] = [0, piece.length];
  while (start < end && LEADING.has(piece[start]!)) start += 1;
  while (end > start && TRAILING.has(piece[end - 1]!)) end -= 1;
  return piece.slice(start, end);
}
