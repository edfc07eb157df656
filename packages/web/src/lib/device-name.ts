const KINDS: readonly [RegExp, string][] = [
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Android.*Mobile/, "Android phone"],
  [/Android/, "Android tablet"],
  [/Macintosh/, "Mac"],
  [/CrOS/, "Chromebook"],
  [/Windows/, "Windows computer"],
  [/Linux/, "Linux computer"],
];

/** What a browser's device is called, as well as can be told from what the browser says of itself. */
export function deviceNameOf(userAgent: string): string {
  return KINDS.find(([pattern]) => pattern.test(userAgent))?.[1] ?? "Browser";
}
