import { useEffect, useRef } from "react";
import { Button } from "../../ui/button.tsx";
import { TextArea } from "../../ui/field.tsx";
import type { ComposerState } from "./composer-state.ts";

interface ComposerQuestionsProps {
  state: ComposerState;
  busy: boolean;
  onWriting: (text: string) => void;
  onAnswer: (answer: string) => void;
  onSkipAll: () => void;
  onBack: () => void;
}

/** One question at a time, with answers to press and a field for any other. */
export function ComposerQuestions({ state, busy, onWriting, onAnswer, onSkipAll, onBack }: ComposerQuestionsProps) {
  const position = Math.min(state.position, state.questions.length - 1);
  const asked = state.questions[position];
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [position, asked?.question]);
  if (asked === undefined) return null;
  return (
    <div className="flex flex-col gap-4">
      <p className="line-clamp-3 text-quiet text-wrap-anywhere">{state.text}</p>
      <div className="rounded-xl bg-sunken px-4 py-3">
        <p className="text-sm text-quiet">
          Question {position + 1} of {state.questions.length}
          {state.isAskedByModel ? ", from the model" : ""}
        </p>
        <h2 ref={heading} tabIndex={-1} className="text-lg font-semibold text-wrap-anywhere outline-none">
          {asked.question}
        </h2>
      </div>
      {asked.suggestions.length === 0 ? null : (
        <div role="group" aria-label="Suggested answers" className="flex flex-col gap-2 md:flex-row md:flex-wrap">
          {asked.suggestions.map((suggestion) => (
            <Button
              key={suggestion}
              disabled={busy}
              className="justify-start text-left text-wrap-anywhere"
              onClick={() => onAnswer(suggestion)}
            >
              {suggestion}
            </Button>
          ))}
        </div>
      )}
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (state.writing.trim() !== "" && !busy) onAnswer(state.writing);
        }}
      >
        <TextArea
          label={asked.suggestions.length === 0 ? "Your answer" : "Or in your words"}
          rows={2}
          maxLength={2_000}
          value={state.writing}
          readOnly={busy}
          onChange={(event) => onWriting(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
          }}
        />
        <div className="flex flex-wrap gap-2">
          <Button kind="primary" type="submit" busy={busy} disabled={state.writing.trim() === ""}>
            Answer
          </Button>
          <Button disabled={busy} onClick={() => onAnswer("")}>
            I don’t mind
          </Button>
          <Button kind="quiet" disabled={busy} onClick={onSkipAll}>
            Skip the questions
          </Button>
          <Button kind="quiet" icon="back" disabled={busy} onClick={onBack}>
            Back
          </Button>
        </div>
      </form>
    </div>
  );
}
