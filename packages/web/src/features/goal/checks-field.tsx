import { useRef, useState } from "react";
import { Button } from "../../ui/button.tsx";
import { CHECK_KINDS, CHECK_WORDS, type CheckForm, type CheckProblems, emptyCheck } from "./check-form.ts";
import { CheckField } from "./check-field.tsx";
import type { Problems } from "./spec-form.ts";

const MAX_CHECKS = 50;

interface ChecksFieldProps {
  checks: readonly CheckForm[];
  problems: Problems;
  onChange: (checks: CheckForm[]) => void;
}

/** How Bureau finds out that the goal is reached. */
export function ChecksField({ checks, problems, onChange }: ChecksFieldProps) {
  const [added, setAdded] = useState(-1);
  const adders = useRef<HTMLDivElement>(null);
  return (
    <fieldset>
      <legend className="text-sm font-medium">Checks</legend>
      <p className="mb-2 text-sm text-quiet">
        {checks.length === 0
          ? "Bureau runs them; the agent cannot. Without any, a judge looks whether it is as you said."
          : "Bureau runs them; the agent cannot. The goal is done when all pass."}
      </p>
      <ol className="flex flex-col gap-2">
        {checks.map((check, index) => (
          <CheckField
            key={index}
            number={index + 1}
            check={check}
            problems={problemsOf(problems, index)}
            isNew={added === index}
            onChange={(changed) => onChange(checks.with(index, changed))}
            onRemove={() => {
              setAdded(-1);
              onChange(checks.toSpliced(index, 1));
              adders.current?.querySelector("button")?.focus();
            }}
          />
        ))}
      </ol>
      <div ref={adders} role="group" aria-label="Add a check" className="mt-2 flex flex-wrap gap-1.5">
        {CHECK_KINDS.map((kind) => (
          <Button
            key={kind}
            icon="plus"
            disabled={checks.length >= MAX_CHECKS}
            onClick={() => {
              setAdded(checks.length);
              onChange([...checks, emptyCheck(kind)]);
            }}
          >
            {CHECK_WORDS[kind].label}
          </Button>
        ))}
      </div>
    </fieldset>
  );
}

function problemsOf(problems: Problems, index: number): CheckProblems {
  const prefix = `checks.${index}.`;
  return Object.fromEntries(
    Object.entries(problems)
      .filter(([path]) => path.startsWith(prefix))
      .map(([path, problem]) => [path.slice(prefix.length), problem]),
  );
}
