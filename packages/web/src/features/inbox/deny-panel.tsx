import type { InboxEntry } from "@bureau/protocol";
import { type FormEvent, useState } from "react";
import { submitByKeys } from "../../lib/hotkeys.ts";
import { Button } from "../../ui/button.tsx";
import { TextArea } from "../../ui/field.tsx";
import { decisionFor, useBoard } from "./board-context.ts";
import { noLabel } from "./words.ts";

const MAX_REASON_CHARACTERS = 20_000;

/** A no, with the reason that the agent reads. */
export function DenyPanel({ entry }: { entry: InboxEntry }) {
  const { act, openPanel } = useBoard();
  const [reason, setReason] = useState("");
  const deny = (event: FormEvent) => {
    event.preventDefault();
    const note = reason.trim();
    act(entry, decisionFor(entry, "deny", note === "" ? {} : { note }));
  };
  const { label, hint } = WORDS[entry.kind] ?? WORDS.approval;
  return (
    <form onSubmit={deny} onKeyDown={submitByKeys(() => openPanel(entry.id, null))} className="flex flex-col gap-2">
      <TextArea
        label={label}
        hint={hint}
        rows={2}
        autoFocus
        maxLength={MAX_REASON_CHARACTERS}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <div className="flex flex-wrap gap-2">
        <Button kind="danger" type="submit" icon="close">
          {noLabel(entry.kind)}
        </Button>
        <Button kind="quiet" onClick={() => openPanel(entry.id, null)}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

const WORDS: Partial<Record<InboxEntry["kind"], { label: string; hint: string }>> & {
  approval: { label: string; hint: string };
} = {
  approval: { label: "Why not? (may stay empty)", hint: "The agent reads it, and goes on without this." },
  sign_off: { label: "What is missing? (may stay empty)", hint: "The agent reads it, and works on." },
  unknown_effect: { label: "How do you know? (may stay empty)", hint: "The agent may ask to do it again." },
  budget: { label: "Why? (may stay empty)", hint: "The work stays paused until you resume it." },
};
