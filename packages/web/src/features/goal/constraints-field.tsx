import { useRef, useState } from "react";
import { Button, IconButton } from "../../ui/button.tsx";
import { TextField } from "../../ui/field.tsx";
import type { Ruling } from "./rulings.ts";
import { RulingWords } from "./ruling-words.tsx";

const MAX_CONSTRAINTS = 50;
const MAX_CHARACTERS = 500;

interface ConstraintsFieldProps {
  constraints: readonly string[];
  /** What was made of a constraint as it stands there. */
  ruling: (text: string) => Ruling;
  onChange: (constraints: string[]) => void;
}

/** What the agent must not do, or not without a person. */
export function ConstraintsField({ constraints, ruling, onChange }: ConstraintsFieldProps) {
  const [added, setAdded] = useState(-1);
  const adder = useRef<HTMLDivElement>(null);
  return (
    <fieldset>
      <legend className="text-sm font-medium">Constraints</legend>
      <p className="mb-2 text-sm text-quiet">
        What Bureau understands whole becomes a rule that it holds the agent to. Anything else is advice. You see which
        is which once it is saved.
      </p>
      <ul className="flex flex-col gap-2">
        {constraints.map((text, index) => (
          <li key={index}>
            <div className="flex items-center gap-1">
              <div className="min-w-0 flex-1">
                <TextField
                  label={`Constraint ${index + 1}`}
                  hideLabel
                  value={text}
                  maxLength={MAX_CHARACTERS}
                  autoFocus={added === index}
                  placeholder="never send without my review"
                  onChange={(event) => onChange(constraints.with(index, event.target.value))}
                />
              </div>
              <IconButton
                icon="close"
                label={`Remove constraint ${index + 1}`}
                onClick={() => {
                  setAdded(-1);
                  onChange(constraints.toSpliced(index, 1));
                  adder.current?.querySelector("button")?.focus();
                }}
              />
            </div>
            <RulingWords ruling={ruling(text.trim())} />
          </li>
        ))}
      </ul>
      <div ref={adder} className="mt-2">
        <Button
          icon="plus"
          disabled={constraints.length >= MAX_CONSTRAINTS}
          onClick={() => {
            setAdded(constraints.length);
            onChange([...constraints, ""]);
          }}
        >
          A constraint
        </Button>
      </div>
    </fieldset>
  );
}
