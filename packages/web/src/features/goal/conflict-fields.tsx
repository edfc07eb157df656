import { Button } from "../../ui/button.tsx";
import { textOf } from "./rebase.ts";
import { SPEC_LABELS, type SpecKey } from "./spec-form.ts";
import type { KeptEdit } from "./use-edit.ts";

interface ConflictFieldsProps {
  edit: KeptEdit;
  onSettle: (key: SpecKey, holds: "mine" | "theirs") => void;
}

/** What both have changed: the two texts, and which of them holds. */
export function ConflictFields({ edit, onSettle }: ConflictFieldsProps) {
  if (edit.conflicts.length === 0) return null;
  return (
    <section
      aria-label="Changed by both"
      className="mb-6 flex flex-col gap-4 rounded-xl border border-warn bg-warn-soft p-4"
    >
      <p role="alert" className="font-medium">
        Somebody changed the same as you. Nothing was written over. Say which text holds.
      </p>
      {edit.conflicts.map((key) => (
        <div key={key}>
          <h2 className="mb-1 text-sm font-semibold">{SPEC_LABELS[key]}</h2>
          <div className="grid gap-3 md:grid-cols-2">
            <Side
              title="As it is now"
              text={textOf(edit.base, key)}
              action="Take this"
              onTake={() => onSettle(key, "theirs")}
            />
            <Side title="Yours" text={textOf(edit.mine, key)} action="Keep mine" onTake={() => onSettle(key, "mine")} />
          </div>
        </div>
      ))}
    </section>
  );
}

/** One of two texts, to be read and taken. */
export function Side({
  title,
  text,
  action,
  onTake,
}: {
  title: string;
  text: string;
  action: string;
  onTake: () => void;
}) {
  return (
    <div className="flex min-w-0 flex-col gap-2 rounded-lg border border-line bg-raised p-3">
      <p className="text-xs text-quiet">{title}</p>
      <div
        tabIndex={0}
        role="region"
        aria-label={title}
        className="inert-content max-h-60 flex-1 overflow-y-auto rounded bg-sunken p-2 text-sm whitespace-pre-wrap"
      >
        {text === "" ? "Empty" : text}
      </div>
      <Button onClick={onTake}>{action}</Button>
    </div>
  );
}
