import { diffLines } from "diff";

export interface DifferenceLine {
  kind: "added" | "removed" | "same" | "skipped";
  text: string;
}

const MAX_EDITS = 2_000;
const MAX_LINES = 1_000;
const CONTEXT_LINES = 3;

/** Changed lines with some around them; null when so much changed that lines say nothing. */
export function differenceLines(before: string, after: string): DifferenceLine[] | null {
  const parts = diffLines(before, after, { maxEditLength: MAX_EDITS });
  if (parts === undefined) return null;
  const lines: DifferenceLine[] = [];
  parts.forEach((part, place) => {
    const texts = part.value.replace(/\n$/, "").split("\n");
    if (part.added) lines.push(...texts.map((text) => ({ kind: "added" as const, text })));
    else if (part.removed) lines.push(...texts.map((text) => ({ kind: "removed" as const, text })));
    else lines.push(...around(texts, place > 0, place < parts.length - 1));
  });
  const isChanged = lines.some(({ kind }) => kind === "added" || kind === "removed");
  if (!isChanged) return [];
  return lines.length <= MAX_LINES
    ? lines
    : [...lines.slice(0, MAX_LINES), { kind: "skipped", text: `${lines.length - MAX_LINES} more lines` }];
}

/** Of lines that are the same: those next to a change. */
function around(texts: readonly string[], hasBefore: boolean, hasAfter: boolean): DifferenceLine[] {
  const first = hasBefore ? CONTEXT_LINES : 0;
  const last = hasAfter ? CONTEXT_LINES : 0;
  const same = (text: string): DifferenceLine => ({ kind: "same", text });
  if (texts.length <= first + last + 1) return texts.map(same);
  const skipped = texts.length - first - last;
  return [
    ...texts.slice(0, first).map(same),
    { kind: "skipped", text: `${skipped} lines` },
    ...(last === 0 ? [] : texts.slice(-last).map(same)),
  ];
}
