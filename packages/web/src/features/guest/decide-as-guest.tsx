import { useState } from "react";
import { Button } from "../../ui/button.tsx";
import { TextArea } from "../../ui/field.tsx";

const MAX_NOTE_CHARACTERS = 2_000;

interface DecideAsGuestProps {
  what: "approval" | "sign_off";
  busy: boolean;
  problem: string | null;
  onDecide: (decision: "approve" | "deny", note: string) => void;
}

/** Yes or no, with a word if one likes. */
export function DecideAsGuest({ what, busy, problem, onDecide }: DecideAsGuestProps) {
  const [note, setNote] = useState("");
  return (
    <div className="flex flex-col gap-3">
      <TextArea
        label="A word on it (if you like)"
        rows={1}
        maxLength={MAX_NOTE_CHARACTERS}
        value={note}
        problem={problem}
        onChange={(event) => setNote(event.target.value)}
      />
      <div className="grid grid-cols-2 gap-2">
        <Button icon="close" busy={busy} onClick={() => onDecide("deny", note.trim())}>
          {what === "approval" ? "Deny" : "Not yet"}
        </Button>
        <Button kind="primary" icon="check" busy={busy} onClick={() => onDecide("approve", note.trim())}>
          {what === "approval" ? "Approve" : "Yes, it is"}
        </Button>
      </div>
    </div>
  );
}
