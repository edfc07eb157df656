import type { InboxEntry } from "@bureau/protocol";
import { type FormEvent, useState } from "react";
import { submitByKeys } from "../../lib/hotkeys.ts";
import { visibleText } from "../../lib/visible-text.ts";
import { Button, buttonClass } from "../../ui/button.tsx";
import { TextArea } from "../../ui/field.tsx";
import { decisionFor, useBoard } from "./board-context.ts";
import { decidableBy } from "./decidable.ts";

const MAX_ANSWER_CHARACTERS = 100_000;

/** The choices of a question with their numbers, and room for other words. */
export function AnswerForm({ entry }: { entry: InboxEntry }) {
  const { act, scope } = useBoard();
  const [text, setText] = useState("");
  const answer = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== "") act(entry, { type: "answer", text: text.trim() });
  };
  const hasChoices = entry.choices.length > 0;
  return (
    <div className="flex flex-col gap-3">
      {hasChoices ? (
        <ol aria-label="Choices" className="flex flex-col gap-2">
          {entry.choices.map((choice, index) => (
            <li key={index}>
              <button
                type="button"
                onClick={() => act(entry, { type: "answer", choice: index + 1 })}
                className={buttonClass("plain", "w-full justify-start! py-2 text-left")}
              >
                <span className="w-5 shrink-0 text-quiet tabular-nums">{index + 1}</span>
                <span className="min-w-0 text-wrap-anywhere">{visibleText(choice)}</span>
              </button>
            </li>
          ))}
        </ol>
      ) : null}
      <form onSubmit={answer} onKeyDown={submitByKeys()} className="flex flex-col gap-2">
        <TextArea
          label={hasChoices ? "Or in your own words" : "Your answer"}
          rows={1}
          maxLength={MAX_ANSWER_CHARACTERS}
          value={text}
          data-answer
          onChange={(event) => setText(event.target.value)}
        />
        <div className="flex flex-wrap gap-2">
          <Button kind="primary" type="submit" icon="send" disabled={text.trim() === ""}>
            Answer
          </Button>
          {decidableBy(entry, scope).decisions.includes("dismiss") ? (
            <Button kind="quiet" onClick={() => act(entry, decisionFor(entry, "dismiss"))}>
              Put away, let it decide
            </Button>
          ) : null}
        </div>
      </form>
    </div>
  );
}
