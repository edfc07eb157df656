import { clsx } from "clsx";
import { type ReactNode, useId, useState } from "react";
import { visibleText } from "../lib/visible-text.ts";
import { Icon } from "./icon.tsx";

const FOLDED_LINES = 8;
const FOLDED_CHARACTERS = 640;

/** A box on another ground, with a line that says what is in it: what stands there was not written by this app. */
export function InertBox({ caption, children }: { caption: string; children: ReactNode }) {
  return (
    <figure className="rounded-lg border border-line bg-sunken">
      <figcaption className="border-b border-line px-3 py-1.5 text-xs text-quiet">{caption}</figcaption>
      <div className="inert-content px-3 py-2 text-[0.9375rem]">{children}</div>
    </figure>
  );
}

/** Text as it is, hidden characters made visible. What is long shows its first lines, and the rest at a press. */
export function InertText({ text, isCode = false, isWhole = false }: InertTextProps) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const shown = visibleText(text);
  const lines = shown.split("\n");
  const isLong = !isWhole && (lines.length > FOLDED_LINES + 2 || shown.length > FOLDED_CHARACTERS * 1.5);
  const first = lines.slice(0, FOLDED_LINES).join("\n").slice(0, FOLDED_CHARACTERS);
  return (
    <>
      <div id={id} className={clsx("whitespace-pre-wrap text-wrap-anywhere", isCode && "font-mono text-sm")}>
        {isLong && !isOpen ? `${first}…` : shown}
      </div>
      {isLong ? (
        <button
          type="button"
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={() => setOpen(!isOpen)}
          className="mt-1 -ml-1 inline-flex min-h-11 items-center gap-1 rounded px-1 text-sm font-medium text-accent md:min-h-8"
        >
          <Icon name={isOpen ? "down" : "forward"} className="size-4" />
          {isOpen ? "Show less" : `Show all (${sizeWords(lines.length, shown.length)})`}
        </button>
      ) : null}
    </>
  );
}

interface InertTextProps {
  text: string;
  isCode?: boolean;
  /** Nothing is folded. */
  isWhole?: boolean;
}

function sizeWords(lines: number, characters: number): string {
  return lines > FOLDED_LINES ? `${lines} lines` : `${characters} characters`;
}

/** Names with their values, each whole. */
export function Facts({ facts }: { facts: readonly { name: string; value: ReactNode }[] }) {
  if (facts.length === 0) return null;
  return (
    <dl className="grid grid-cols-[minmax(4rem,auto)_minmax(0,1fr)] gap-x-3 gap-y-1">
      {facts.map(({ name, value }) => (
        <div key={name} className="col-span-2 grid grid-cols-subgrid">
          <dt className="text-sm leading-6 text-quiet text-wrap-anywhere">{name}</dt>
          <dd className="min-w-0 text-wrap-anywhere">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
