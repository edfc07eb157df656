import { type FormEvent, useState } from "react";
import { submitByKeys } from "../../lib/hotkeys.ts";
import { visibleText } from "../../lib/visible-text.ts";
import { Button, buttonClass } from "../../ui/button.tsx";
import { TextArea } from "../../ui/field.tsx";

const MAX_ANSWER_CHARACTERS = 20_000;

interface AnswerAsGuestProps {
  choices: readonly string[];
  busy: boolean;
  problem: string | null;
  onAnswer: (given: { text: string } | { choice: number }) => void;
}

/** The choices, and room for other words. */
export function AnswerAsGuest({ choices, busy, problem, onAnswer }: AnswerAsGuestProps) {
  const [text, setText] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== "") onAnswer({ text: text.trim() });
  };
  return (
    <div className="flex flex-col gap-3">
      {choices.length === 0 ? null : (
        <ol aria-label="Choices" className="flex flex-col gap-2">
          {choices.map((choice, index) => (
            <li key={index}>
              <button
                type="button"
                disabled={busy}
                onClick={() => onAnswer({ choice: index + 1 })}
                className={buttonClass("plain", "w-full justify-start! text-left")}
              >
                <span className="w-5 shrink-0 text-quiet tabular-nums">{index + 1}</span>
                <span className="min-w-0 text-wrap-anywhere">{visibleText(choice)}</span>
              </button>
            </li>
          ))}
        </ol>
      )}
      <form onSubmit={submit} onKeyDown={submitByKeys()} className="flex flex-col gap-2">
        <TextArea
          label={choices.length === 0 ? "Your answer" : "Or in your own words"}
          rows={2}
          maxLength={MAX_ANSWER_CHARACTERS}
          value={text}
          problem={problem}
          onChange={(event) => setText(event.target.value)}
        />
        <Button
          kind="primary"
          type="submit"
          icon="send"
          busy={busy}
          disabled={text.trim() === ""}
          className="self-start"
        >
          Answer
        </Button>
      </form>
    </div>
  );
}
