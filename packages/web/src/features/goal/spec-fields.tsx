import { EFFORTS } from "@bureau/protocol";
import { Select, TextArea, TextField } from "../../ui/field.tsx";
import type { BudgetForm } from "./amounts.ts";
import { ChecksField } from "./checks-field.tsx";
import { ConstraintsField } from "./constraints-field.tsx";
import type { Ruling } from "./rulings.ts";
import { EFFORT_WORDS, type Problems, type SpecForm, titleOf } from "./spec-form.ts";

interface SpecFieldsProps {
  form: SpecForm;
  problems: Problems;
  ruling?: (text: string) => Ruling;
  onChange: (form: SpecForm) => void;
}

const UNKNOWN: Ruling = { kind: "unknown" };

/** Everything that a goal asks for, to be written. */
export function SpecFields({ form, problems, ruling = () => UNKNOWN, onChange }: SpecFieldsProps) {
  const set = (change: Partial<SpecForm>) => onChange({ ...form, ...change });
  return (
    <div className="flex flex-col gap-6">
      <TextField
        label="Title"
        value={form.title}
        maxLength={120}
        placeholder={titleOf(form.brief) || "Made of the first sentence"}
        onChange={(event) => set({ title: event.target.value })}
      />
      <TextArea
        label="What is to be done"
        rows={4}
        value={form.brief}
        problem={problems["brief"] ?? null}
        onChange={(event) => set({ brief: event.target.value })}
      />
      <TextArea
        label="What done looks like"
        hint="What one would see, not how it is done."
        rows={2}
        value={form.done}
        onChange={(event) => set({ done: event.target.value })}
      />
      <ChecksField checks={form.checks} problems={problems} onChange={(checks) => set({ checks })} />
      <ConstraintsField
        constraints={form.constraints}
        ruling={ruling}
        onChange={(constraints) => set({ constraints })}
      />
      <BudgetFields budget={form.budget} problems={problems} onChange={(budget) => set({ budget })} />
      <TimeFields form={form} set={set} />
    </div>
  );
}

const CAPS: readonly { key: keyof BudgetForm; label: string; placeholder: string }[] = [
  { key: "micros", label: "Money in dollars", placeholder: "2.00" },
  { key: "tokens", label: "Tokens", placeholder: "200k" },
  { key: "timeMs", label: "Time at work", placeholder: "2h" },
  { key: "turns", label: "Turns", placeholder: "40" },
  { key: "toolCalls", label: "Tool calls", placeholder: "100" },
];

function BudgetFields({
  budget,
  problems,
  onChange,
}: {
  budget: BudgetForm;
  problems: Problems;
  onChange: (budget: BudgetForm) => void;
}) {
  return (
    <fieldset>
      <legend className="text-sm font-medium">Budget</legend>
      <p className="mb-2 text-sm text-quiet">Work pauses before a cap is passed, and asks you. Empty: no cap.</p>
      <div className="grid grid-cols-2 gap-3 md:grid-cols-3">
        {CAPS.map(({ key, label, placeholder }) => (
          <TextField
            key={key}
            label={label}
            value={budget[key]}
            problem={problems[`budget.${key}`] ?? null}
            placeholder={placeholder}
            autoComplete="off"
            onChange={(event) => onChange({ ...budget, [key]: event.target.value })}
          />
        ))}
      </div>
    </fieldset>
  );
}

const CADENCES = ["every weekday at 8:00", "every Monday at 9:00", "every hour", "on the first of each month"];

function TimeFields({ form, set }: { form: SpecForm; set: (change: Partial<SpecForm>) => void }) {
  return (
    <fieldset className="flex flex-col gap-4">
      <legend className="mb-2 text-sm font-medium">When and how</legend>
      <div>
        <TextField
          label="How often"
          hint="In plain words. Empty: it works until it is done, once."
          value={form.cadence}
          list="goal-cadences"
          maxLength={500}
          placeholder="Once"
          onChange={(event) => set({ cadence: event.target.value })}
        />
        <datalist id="goal-cadences">
          {CADENCES.map((cadence) => (
            <option key={cadence} value={cadence} />
          ))}
        </datalist>
      </div>
      <div className="grid gap-4 md:grid-cols-2">
        <TextField
          label="Begins when"
          hint="Something that happens, such as meeting.ended."
          value={form.on}
          maxLength={500}
          placeholder="You start it"
          onChange={(event) => set({ on: event.target.value })}
        />
        <Select
          label="Effort"
          value={form.effort}
          onChange={(event) => set({ effort: EFFORTS.find((effort) => effort === event.target.value) ?? "" })}
        >
          <option value="">As the agent usually works</option>
          {EFFORTS.map((effort) => (
            <option key={effort} value={effort}>
              {EFFORT_WORDS[effort]}
            </option>
          ))}
        </Select>
      </div>
    </fieldset>
  );
}
