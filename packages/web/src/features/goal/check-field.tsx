import type { CheckKind } from "@bureau/protocol";
import { Button, IconButton } from "../../ui/button.tsx";
import { Details } from "../../ui/details.tsx";
import { Select, TextArea, TextField } from "../../ui/field.tsx";
import { CHECK_WORDS, type CheckForm, type CheckProblems } from "./check-form.ts";

interface CheckFieldProps {
  number: number;
  check: CheckForm;
  problems: CheckProblems;
  /** The first field is to be written in at once. */
  isNew: boolean;
  onChange: (check: CheckForm) => void;
  onRemove: () => void;
}

/** One check as a small form of its kind. */
export function CheckField({ number, check, problems, isNew, onChange, onRemove }: CheckFieldProps) {
  const { label, hint } = CHECK_WORDS[check.kind];
  const Fields = FIELDS[check.kind];
  return (
    <li className="rounded-xl border border-line bg-raised p-3">
      <div className="mb-2 flex items-start justify-between gap-2">
        <div>
          <p className="font-medium">{label}</p>
          <p className="text-sm text-quiet">{hint}</p>
        </div>
        <IconButton icon="close" label={`Remove check ${number}`} onClick={onRemove} />
      </div>
      <div className="flex flex-col gap-3">
        <Fields check={check} problems={problems} isNew={isNew} set={(change) => onChange({ ...check, ...change })} />
      </div>
    </li>
  );
}

interface FieldsProps {
  check: CheckForm;
  problems: CheckProblems;
  isNew: boolean;
  set: (change: Partial<CheckForm>) => void;
}

const FIELDS: Record<CheckKind, (props: FieldsProps) => React.ReactNode> = {
  command: ({ check, problems, isNew, set }) => (
    <>
      <TextField
        label="Command"
        value={check.command}
        problem={problems.command ?? null}
        placeholder="test -s report.md"
        autoFocus={isNew}
        spellCheck={false}
        autoCapitalize="off"
        className="font-mono"
        onChange={(event) => set({ command: event.target.value })}
      />
      <TextField
        label="At most"
        value={check.timeout}
        problem={problems.timeout ?? null}
        placeholder="As usual, or 90s, 5m"
        onChange={(event) => set({ timeout: event.target.value })}
      />
    </>
  ),
  file: FileFields,
  http: ({ check, problems, isNew, set }) => (
    <>
      <TextField
        label="Address"
        inputMode="url"
        value={check.url}
        problem={problems.url ?? null}
        placeholder="https://example.com/health"
        autoFocus={isNew}
        spellCheck={false}
        autoCapitalize="off"
        onChange={(event) => set({ url: event.target.value })}
      />
      <div className="grid gap-3 md:grid-cols-2">
        <TextField
          label="Answers with status"
          inputMode="numeric"
          value={check.status}
          problem={problems.status ?? null}
          placeholder="Any success"
          onChange={(event) => set({ status: event.target.value })}
        />
        <TextField
          label="Its answer says"
          value={check.answerContains}
          placeholder="Anything"
          onChange={(event) => set({ answerContains: event.target.value })}
        />
      </div>
    </>
  ),
  query: ({ check, problems, isNew, set }) => (
    <TextArea
      label="What must be true"
      value={check.query}
      problem={problems.query ?? null}
      placeholder="records.tasks where status != 'done' is empty"
      autoFocus={isNew}
      spellCheck={false}
      className="font-mono"
      onChange={(event) => set({ query: event.target.value })}
    />
  ),
  judge: ({ check, problems, isNew, set }) => (
    <TextArea
      label="What the judge looks for"
      value={check.judge}
      problem={problems.judge ?? null}
      placeholder="Each risk is concrete and names a source that exists"
      autoFocus={isNew}
      onChange={(event) => set({ judge: event.target.value })}
    />
  ),
  person: ({ check, problems, isNew, set }) => (
    <TextField
      label="Who signs it off"
      value={check.person}
      problem={problems.person ?? null}
      autoFocus={isNew}
      onChange={(event) => set({ person: event.target.value })}
    />
  ),
};

function FileFields({ check, problems, isNew, set }: FieldsProps) {
  return (
    <>
      <div className="grid gap-3 md:grid-cols-[minmax(0,1fr)_12rem]">
        <TextField
          label="Path"
          value={check.path}
          problem={problems.path ?? null}
          placeholder="report.md"
          autoFocus={isNew}
          spellCheck={false}
          autoCapitalize="off"
          className="font-mono"
          onChange={(event) => set({ path: event.target.value })}
        />
        <Select
          label="It"
          value={check.isAbsent ? "absent" : "there"}
          onChange={(event) => set({ isAbsent: event.target.value === "absent" })}
        >
          <option value="there">must be there</option>
          <option value="absent">must not be there</option>
        </Select>
      </div>
      {check.isAbsent ? null : (
        <>
          {check.contains.map((text, index) => (
            <div key={index} className="flex items-end gap-1">
              <div className="min-w-0 flex-1">
                <TextArea
                  label={index === 0 ? "It says" : "and it says"}
                  rows={1}
                  value={text}
                  onChange={(event) => set({ contains: check.contains.with(index, event.target.value) })}
                />
              </div>
              <IconButton
                icon="close"
                label="Remove this text"
                onClick={() => set({ contains: check.contains.toSpliced(index, 1) })}
              />
            </div>
          ))}
          <Button
            kind="quiet"
            icon="plus"
            className="self-start"
            onClick={() => set({ contains: [...check.contains, ""] })}
          >
            It must say something
          </Button>
          <Details summary="A pattern or a schema" isOpen={check.matches !== "" || check.schema !== ""}>
            <div className="flex flex-col gap-3 pt-1">
              <TextField
                label="It fits the regular expression"
                value={check.matches}
                problem={problems.matches ?? null}
                spellCheck={false}
                className="font-mono"
                onChange={(event) => set({ matches: event.target.value })}
              />
              <TextArea
                label="It is JSON that fits the schema"
                value={check.schema}
                problem={problems.schema ?? null}
                spellCheck={false}
                className="font-mono"
                onChange={(event) => set({ schema: event.target.value })}
              />
            </div>
          </Details>
        </>
      )}
    </>
  );
}
