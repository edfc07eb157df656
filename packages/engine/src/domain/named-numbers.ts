import type { WrittenWord } from "./named-words.ts";

/** Whole numbers of fewer digits stand in most texts by accident. */
const MEANINGFUL_DIGITS = 3;
const MONEY = /^[$€£¥]|[$€£¥]$/u;
const CURRENCIES = new Set(
  "usd eur gbp chf jpy dollar dollars euro euros pound pounds franken cent cents $ € £ ¥".split(" "),
);
/** Words before a number that say what it counts or names. */
const NUMBER_WORDS = new Set("id ids no nr num number nummer amount betrag # item event file".split(" "));

/** A written number without its currency, thousands and empty decimals, so that equal numbers are equal text. */
export function plainNumber(text: string): string | null {
  const amount = text.replace(MONEY, "").replace(MONEY, "");
  const grouped = /^([+-]?)(\d{1,3}(?:,\d{3})+|\d{1,30})(?:\.(\d{1,10}))?$/.exec(amount);
  const german = /^([+-]?)(\d{1,3}(?:\.\d{3})+|\d{1,30}),(\d{1,2})$/.exec(amount);
  const match = grouped ?? german;
  if (match === null) return null;
  const [, sign = "", digits = "", decimals = ""] = match;
  const whole = digits.replace(/[.,]/g, "");
  // "007" is a name, not seven; "1.000" is one or a thousand.
  if (whole.length > 1 && whole.startsWith("0")) return null;
  if (grouped !== null && decimals.length === 3) return null;
  const rest = decimals.replace(/0+$/, "");
  return `${sign === "-" ? "-" : ""}${whole}${rest === "" ? "" : `.${rest}`}`;
}

/** True for a plain number so small that it says nothing unless its surroundings do. */
export function isSmallNumber(text: string): boolean {
  return /^\d+$/.test(text) && text.length < MEANINGFUL_DIGITS;
}

/** Whether a number at a place was written on purpose: with decimals or a currency, between quotes, or after "id". */
export function isMeant(words: readonly WrittenWord[], place: number): boolean {
  const word = words[place]!;
  if (word.alone || !isSmallNumber(word.text)) return true;
  const at = (index: number) => (words[index]?.line === word.line ? words[index].text : "");
  const before = at(place - 1) === "of" ? at(place - 2) : at(place - 1);
  return CURRENCIES.has(at(place + 1)) || CURRENCIES.has(before) || NUMBER_WORDS.has(before.replace(/:$/, ""));
}
