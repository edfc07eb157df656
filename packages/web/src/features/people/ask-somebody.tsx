import type { LinkMade } from "@bureau/protocol";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { formatWhole } from "../../lib/format.ts";
import { client } from "../../lib/session.ts";
import { useBusy } from "../../lib/use-busy.ts";
import { Button } from "../../ui/button.tsx";
import { CopyText } from "../../ui/copy-text.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/field.tsx";
import { Icon } from "../../ui/icon.tsx";

/** Exactly one: an entry of the inbox to be decided once, or a thread whose agent asks. */
export type AskedOf = { entryId: string } | { threadId: string };

/** A button that makes a link by which somebody without an account decides one thing, or is interviewed. */
export function AskSomebody(asked: AskedOf) {
  const [isOpen, setOpen] = useState(false);
  const isInterview = "threadId" in asked;
  return (
    <>
      <Button kind="quiet" icon="person" onClick={() => setOpen(true)}>
        {isInterview ? "Interview somebody" : "Ask somebody"}
      </Button>
      <Dialog
        open={isOpen}
        onClose={() => setOpen(false)}
        title={isInterview ? "Interview somebody" : "Ask somebody"}
        description={
          isInterview
            ? "They answer what the agent asks in this thread, one question at a time. They need no account and see nothing else."
            : "They decide this one thing. They need no account and see nothing else."
        }
      >
        {isOpen ? <MakeLink asked={asked} onClose={() => setOpen(false)} /> : null}
      </Dialog>
    </>
  );
}

function MakeLink({ asked, onClose }: { asked: AskedOf; onClose: () => void }) {
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [made, setMade] = useState<LinkMade | null>(null);
  const { isBusy, problem, run } = useBusy();
  const make = (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    void run(async () => {
      setMade(await client.makeLink({ body: { name: name.trim(), ...asked } }));
      await queryClient.invalidateQueries({ queryKey: ["links"] });
    });
  };
  if (made !== null) {
    return (
      <div className="flex flex-col gap-4">
        <CopyText
          label={`Link for ${made.link.name}`}
          text={made.url}
          hint={`Whoever has it can use it, until ${formatWhole(made.link.expiresAt)}. It is shown this once.`}
        />
        {made.address.warning === null ? null : (
          <p className="flex gap-2 rounded-lg bg-warn-soft p-3 text-sm">
            <Icon name="warning" className="size-4.5 shrink-0 text-warn" />
            <span className="text-wrap-anywhere">{made.address.warning}</span>
          </p>
        )}
        <Button kind="primary" className="self-end" onClick={onClose}>
          Done
        </Button>
      </div>
    );
  }
  return (
    <form onSubmit={make} className="flex flex-col gap-4">
      <TextField
        label="Who is asked"
        hint="The name stands beside what they decide."
        required
        autoFocus
        maxLength={60}
        value={name}
        problem={problem}
        onChange={(event) => setName(event.target.value)}
      />
      <Button kind="primary" type="submit" icon="link" busy={isBusy} disabled={name.trim() === ""}>
        Make the link
      </Button>
    </form>
  );
}
