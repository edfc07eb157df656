/** Characters that cannot be seen, or that turn the order of others around. */
const HIDDEN =
  /\p{Cc}|\p{Cf}|\p{Variation_Selector}|[\u034F\u115F\u1160\u17B4\u17B5\u180E\u2028\u2029\u2800\u3164\uFFA0]/gu;
const SEEN = new Set(["\n", "\t"]);
const JOINER = "\u200D";
/** Makes the character before it a picture. */
const AS_PICTURE = "\uFE0F";
const PICTURE_BEFORE = /\p{Extended_Pictographic}\uFE0F?\p{Emoji_Modifier}?$/u;
const PICTURE_AFTER = /^\p{Extended_Pictographic}/u;
/** Longer than any picture of one part, in code units. */
const LOOKED_AT = 8;

/** The text with everything in it to be seen: what is approved must be what was read. */
export function visibleText(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(HIDDEN, (character, offset: number, whole: string) => {
    if (SEEN.has(character)) return character;
    if (character === AS_PICTURE && /\p{Emoji}$/u.test(whole.slice(Math.max(0, offset - 2), offset))) return character;
    if (character === JOINER && joinsPictures(whole, offset)) return character;
    return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

function joinsPictures(text: string, offset: number): boolean {
  const before = text.slice(Math.max(0, offset - LOOKED_AT), offset);
  return PICTURE_BEFORE.test(before) && PICTURE_AFTER.test(text.slice(offset + 1, offset + 1 + LOOKED_AT));
}
