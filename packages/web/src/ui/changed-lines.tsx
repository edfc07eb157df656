import { diffLines } from "diff";
import { useMemo, useState } from "react";
import { visibleText } from "../lib/visible-text.ts";

const CONTEXT_LINES = 3;
const FOLDED_LINES = 24;
/** Beyond this, comparing costs more than it shows. */
const MAX_COMPARED_CHARACTERS = 400_000;

interface Line {
  kind: "same" | "out" | "in" | "gap";
  text: string;
}

/** What goes and what comes, line by line, with a few lines around. */
export function ChangedLines({ before, after }: { before: string; after: string }) {
  const [isOpen, setOpen] = useState(false);
  const lines = useMemo(() => linesOf(before, after), [before, after]);
  const shown = isOpen ? lines : lines.slice(0, FOLDED_LINES);
  return (
    <>
      <div className="font-mono text-sm leading-6">
        {shown.map((line, index) => (
          <LineRow key={index} line={line} />
        ))}
      </div>
      {lines.length > FOLDED_LINES ? (
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
          className="min-h-11 text-sm font-medium text-accent md:min-h-8"
        >
          {isOpen ? "Show less" : `Show all (${lines.length} lines)`}
        </button>
      ) : null}
    </>
  );
}

const ROWS = {
  same: { sign: " ", className: "text-quiet", heard: "" },
  out: { sign: "−", className: "bg-bad-soft text-ink", heard: "taken out: " },
  in: { sign: "+", className: "bg-accent-soft text-ink", heard: "put in: " },
  gap: { sign: "⋯", className: "text-quiet", heard: "" },
} as const;

function LineRow({ line }: { line: Line }) {
  const { sign, className, heard } = ROWS[line.kind];
  return (
    <div className={`-mx-3 flex gap-2 px-3 ${className}`}>
      <span aria-hidden className="w-3 shrink-0 text-center select-none">
        {sign}
      </span>
      <span className="min-w-0 whitespace-pre-wrap text-wrap-anywhere">
        {heard === "" ? null : <span className="sr-only">{heard}</span>}
        {line.text}
      </span>
    </div>
  );
}

function linesOf(before: string, after: string): Line[] {
  if (before.length + after.length > MAX_COMPARED_CHARACTERS) {
    return [...split(before).map((text): Line => ({ kind: "out", text })), ...split(after).map(asIn)];
  }
  const all = diffLines(before, after).flatMap(({ value, added, removed }): Line[] => {
    const kind = added ? "in" : removed ? "out" : "same";
    return split(value).map((text) => ({ kind, text }));
  });
  return withGaps(all);
}

function asIn(text: string): Line {
  return { kind: "in", text };
}

/** Lines far from any change give way to a mark that says how many they are. */
function withGaps(all: readonly Line[]): Line[] {
  const isNear = all.map(() => false);
  all.forEach(({ kind }, index) => {
    if (kind === "same") return;
    for (let near = index - CONTEXT_LINES; near <= index + CONTEXT_LINES; near += 1) isNear[near] = true;
  });
  const lines: Line[] = [];
  let skipped = 0;
  for (const [index, line] of all.entries()) {
    if (isNear[index] !== true) skipped += 1;
    else {
      if (skipped > 0) lines.push(gap(skipped));
      skipped = 0;
      lines.push(line);
    }
  }
  if (skipped > 0) lines.push(gap(skipped));
  return lines;
}

function gap(count: number): Line {
  return { kind: "gap", text: count === 1 ? "1 line stays" : `${count} lines stay` };
}

function split(text: string): string[] {
  const lines = visibleText(text).split("\n");
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}
