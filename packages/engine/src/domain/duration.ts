const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const WRITTEN: readonly (keyof typeof UNITS)[] = ["d", "h", "m", "s", "ms"];
const PART = /(\d+(?:\.\d+)?)\s*(ms|d|h|m|s)/gy;

/** Milliseconds of a text such as `90s`, `15m`, `2h`, `1d` or `1h30m`; null when it is no duration above zero. */
export function parseDuration(text: string): number | null {
  const source = text.trim().toLowerCase();
  let total = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < source.length) {
    const match = PART.exec(source);
    if (match === null) return null;
    total += Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
    while (source[PART.lastIndex] === " ") PART.lastIndex += 1;
  }
  const rounded = Math.round(total);
  return rounded > 0 && Number.isSafeInteger(rounded) ? rounded : null;
}

/** The shortest exact text of a duration, which `parseDuration` reads back: `1h30m`. */
export function durationText(ms: number): string {
  let rest = Math.round(ms);
  let text = "";
  for (const unit of WRITTEN) {
    const count = Math.floor(rest / UNITS[unit]);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * UNITS[unit];
  }
  return text === "" ? "0s" : text;
}
