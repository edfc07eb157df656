import { type PairingMade, SCOPES, type Scope, type SessionInfo } from "@bureau/protocol";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { client } from "../../lib/session.ts";
import { useBusy } from "../../lib/use-busy.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Select, TextField } from "../../ui/field.tsx";
import { Section } from "../../ui/page.tsx";
import { PairingCode } from "./pairing-code.tsx";
import { settingsQueries } from "./queries.ts";
import { SCOPE_WORDS } from "./words.ts";

/** A code that a phone's camera reads. */
export function PairPhone({ session }: { session: SessionInfo }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Section title="Pair a phone">
      <p className="mb-3 text-sm text-quiet">
        Open Bureau on a phone, or in another browser, without typing a token: its camera reads a code from here.
      </p>
      <Button icon="phone" onClick={() => setOpen(true)}>
        Pair a phone
      </Button>
      <Dialog open={isOpen} onClose={() => setOpen(false)} title="Pair a phone">
        {isOpen ? <Pairing session={session} onClose={() => setOpen(false)} /> : null}
      </Dialog>
    </Section>
  );
}

function Pairing({ session, onClose }: { session: SessionInfo; onClose: () => void }) {
  const [made, setMade] = useState<PairingMade | null>(null);
  const [scope, setScope] = useState<Scope>("full");
  const [name, setName] = useState("");
  const [person, setPerson] = useState("");
  const isOwner = session.person.role === "owner";
  const people = useQuery({ ...settingsQueries.people, enabled: isOwner }).data?.people ?? [];
  const { isBusy, problem, run } = useBusy();
  const make = (event?: FormEvent) => {
    event?.preventDefault();
    void run(async () =>
      setMade(
        await client.pair({
          body: { scope, ...(name.trim() !== "" && { name: name.trim() }), ...(person !== "" && { person }) },
        }),
      ),
    );
  };
  if (made !== null) {
    return <PairingCode key={made.pairing.id} made={made} busy={isBusy} onAnew={() => make()} onClose={onClose} />;
  }
  return (
    <form onSubmit={make} className="flex flex-col gap-4">
      <TextField
        label="Name (if you like)"
        hint="Left empty, the phone says what it is called."
        maxLength={60}
        value={name}
        problem={problem}
        onChange={(event) => setName(event.target.value)}
      />
      <Select
        label="What it may do"
        hint={SCOPE_WORDS[scope].means}
        value={scope}
        onChange={(event) => setScope(SCOPES.find((one) => one === event.target.value) ?? "read")}
      >
        {SCOPES.toReversed().map((one) => (
          <option key={one} value={one}>
            {SCOPE_WORDS[one].name}
          </option>
        ))}
      </Select>
      {people.length < 2 ? null : (
        <Select label="Whose it is" value={person} onChange={(event) => setPerson(event.target.value)}>
          <option value="">Yours</option>
          {people
            .filter(({ id }) => id !== session.person.id)
            .map(({ id, name: other }) => (
              <option key={id} value={id}>
                {other}
              </option>
            ))}
        </Select>
      )}
      <Button kind="primary" type="submit" busy={isBusy}>
        Show the code
      </Button>
    </form>
  );
}
