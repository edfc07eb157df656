import type { InboxEntry } from "@bureau/protocol";
import { type FormEvent, useState } from "react";
import { submitByKeys } from "../../lib/hotkeys.ts";
import { client } from "../../lib/session.ts";
import { layThings, readLive } from "../../live/store.ts";
import { Button } from "../../ui/button.tsx";
import { TextArea, TextField } from "../../ui/field.tsx";
import { problemOf } from "./acts.ts";
import { decisionFor, useBoard } from "./board-context.ts";
import { readDetail } from "./detail.ts";
import { argumentsFrom, type EditField, fieldsOf, isLong } from "./edit-fields.ts";

/** Changes what would be done, then approves exactly that. */
export function EditPanel({ entry }: { entry: InboxEntry }) {
  const { act, openPanel } = useBoard();
  const [begun] = useState({ fields: fieldsOf(readDetail(entry).action?.arguments), hash: entry.actionHash });
  const [fields, setFields] = useState<readonly EditField[]>(begun.fields);
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({});
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const edited = argumentsFrom(fields);
    setProblems(edited.ok ? {} : edited.problems);
    if (!edited.ok) return;
    setBusy(true);
    setProblem(null);
    try {
      if (entry.actionHash !== begun.hash) throw new Error(CHANGED);
      const askedAt = readLive().view.lastSeq;
      const body = { arguments: edited.arguments };
      const changed = await client.editInboxEntry({ params: { entryId: entry.id }, body });
      layThings("inbox", [changed], askedAt);
      act(changed, decisionFor(changed, "approve"));
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      setBusy(false);
    }
  };
  if (begun.fields.length === 0) {
    return <p className="text-sm">This call takes no arguments, so there is nothing to change.</p>;
  }
  return (
    <form
      onSubmit={(event) => void submit(event)}
      onKeyDown={submitByKeys(() => openPanel(entry.id, null))}
      className="flex flex-col gap-3"
    >
      {fields.map((field, index) => (
        <Field
          key={field.name}
          field={field}
          isLong={isLong(begun.fields[index] ?? field)}
          isFirst={index === 0}
          problem={problems[field.name] ?? null}
          onChange={(value) => setFields(fields.map((one) => (one === field ? { ...one, value } : one)))}
        />
      ))}
      <p className="text-sm text-quiet">
        What you change is another action with a number of its own: your yes holds for exactly that, and the agent is
        told what was changed.
      </p>
      {problem === null ? null : (
        <p role="alert" className="rounded-lg bg-bad-soft px-3 py-2 text-sm text-wrap-anywhere">
          {problem}
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" type="submit" icon="check" busy={isBusy}>
          Change and approve
        </Button>
        <Button kind="quiet" onClick={() => openPanel(entry.id, null)}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

const CHANGED = "Somebody else has changed this while you were at it. Cancel, look at it as it is now, and edit again.";

interface FieldProps {
  field: EditField;
  isLong: boolean;
  isFirst: boolean;
  problem: string | null;
  onChange: (value: string) => void;
}

function Field({ field, isLong: isLarge, isFirst, problem, onChange }: FieldProps) {
  const common = {
    label: field.name,
    value: field.value,
    problem,
    autoFocus: isFirst,
    spellCheck: field.type === "text",
    className: field.type === "json" ? "font-mono text-sm" : "",
    ...(field.type === "json" && { hint: "As JSON." }),
  };
  return isLarge ? (
    <TextArea {...common} onChange={(event) => onChange(event.target.value)} />
  ) : (
    <TextField {...common} onChange={(event) => onChange(event.target.value)} />
  );
}
