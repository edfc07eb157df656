import { type DifferenceLine, differenceLines } from "./difference-lines.ts";

const SIGNS: Record<DifferenceLine["kind"], { sign: string; word: string; look: string }> = {
  added: { sign: "+", word: "added", look: "bg-accent-soft text-ink" },
  removed: { sign: "−", word: "removed", look: "bg-bad-soft text-ink" },
  same: { sign: " ", word: "", look: "" },
  skipped: { sign: "⋯", word: "", look: "text-quiet" },
};

/** What changed in a text, line by line, with a few lines around each change. */
export function Difference({ before, after }: { before: string; after: string }) {
  const lines = differenceLines(before, after);
  if (lines === null) return <p className="p-3 text-sm text-quiet">Too much changed to show it line by line.</p>;
  if (lines.length === 0) return <p className="p-3 text-sm text-quiet">Nothing changed.</p>;
  return (
    <pre className="overflow-x-auto py-2 font-mono text-[0.8125rem] leading-5" tabIndex={0} aria-label="Changed lines">
      {lines.map(({ kind, text }, index) => (
        <div key={index} className={`flex min-w-max px-3 ${SIGNS[kind].look}`}>
          <span aria-hidden="true" className="w-5 shrink-0 text-quiet select-none">
            {SIGNS[kind].sign}
          </span>
          {SIGNS[kind].word === "" ? null : <span className="sr-only">{SIGNS[kind].word}: </span>}
          <span className="whitespace-pre">{text}</span>
        </div>
      ))}
    </pre>
  );
}
