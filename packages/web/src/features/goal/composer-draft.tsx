import type { Agent } from "@bureau/protocol";
import { useRef, useState } from "react";
import { flushSync } from "react-dom";
import { Button } from "../../ui/button.tsx";
import { AgentField } from "./composer-sentence.tsx";
import type { ComposerState } from "./composer-state.ts";
import { rulingOfDraft } from "./rulings.ts";
import { fieldsOfForm, type Problems, type WholeFields } from "./spec-form.ts";
import { SpecFields } from "./spec-fields.tsx";

interface ComposerDraftProps {
  state: ComposerState;
  agents: readonly Agent[];
  /** Which of the two is under way. */
  saving: "start" | "keep" | null;
  onChange: (change: Partial<ComposerState>) => void;
  onSave: (fields: WholeFields, how: "start" | "keep") => void;
  onBack: () => void;
}

/** The goal as it would be, to be changed, started or kept. */
export function ComposerDraft({ state, agents, saving, onChange, onSave, onBack }: ComposerDraftProps) {
  const [problems, setProblems] = useState<Problems>({});
  const form = useRef<HTMLFormElement>(null);
  const save = (how: "start" | "keep") => {
    const read = fieldsOfForm(state.form);
    flushSync(() => setProblems(read.problems ?? {}));
    if (read.fields !== null) return onSave(read.fields, how);
    const wrong = form.current?.querySelector<HTMLElement>("[aria-invalid=true]");
    wrong?.closest("details")?.setAttribute("open", "");
    wrong?.focus();
  };
  const { formBefore } = state;
  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        save("start");
      }}
    >
      {state.why === null ? null : (
        <p className="mb-4 rounded-xl bg-info-soft px-4 py-3 text-sm text-info">
          {state.why} This is made of your own words.
        </p>
      )}
      <div className="flex flex-col gap-6">
        <SpecFields
          form={state.form}
          problems={problems}
          ruling={(text) => rulingOfDraft(state.rules, state.advice, text)}
          onChange={(next) => onChange({ form: next })}
        />
        <AgentField agents={agents} agent={state.agent} onChange={(agent) => onChange({ agent })} />
      </div>
      <div className="sticky bottom-14 z-10 -mx-4 mt-6 flex flex-wrap items-center gap-2 border-t border-line bg-paper px-4 py-3 md:bottom-0 md:mx-0 md:px-0">
        <Button kind="primary" icon="play" type="submit" busy={saving === "start"} disabled={saving !== null}>
          Start
        </Button>
        <Button busy={saving === "keep"} disabled={saving !== null} onClick={() => save("keep")}>
          Keep as draft
        </Button>
        <Button kind="quiet" icon="back" disabled={saving !== null} onClick={onBack}>
          Back
        </Button>
        {formBefore === null ? null : (
          <Button
            kind="quiet"
            icon="undo"
            disabled={saving !== null}
            onClick={() => onChange({ form: formBefore, formBefore: state.form })}
          >
            The draft before
          </Button>
        )}
        {Object.keys(problems).length === 0 ? null : (
          <p role="alert" className="w-full text-sm text-bad">
            {Object.keys(problems).length === 1
              ? "One field needs another look."
              : `${Object.keys(problems).length} fields need another look.`}
          </p>
        )}
      </div>
    </form>
  );
}
