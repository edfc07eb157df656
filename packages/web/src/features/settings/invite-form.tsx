import type { InvitationMade, Invite } from "@bureau/protocol";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { formatWhole } from "../../lib/format.ts";
import { client } from "../../lib/session.ts";
import { useBusy } from "../../lib/use-busy.ts";
import { queries } from "../../live/load.ts";
import { useView } from "../../live/use-live.ts";
import { Button } from "../../ui/button.tsx";
import { CopyText } from "../../ui/copy-text.tsx";
import { Select, TextField } from "../../ui/field.tsx";
import { Icon } from "../../ui/icon.tsx";
import { settingsQueries } from "./queries.ts";
import { ROLE_WORDS } from "./words.ts";

/** A name and a role become a link that makes one person, once. */
export function InviteForm({ onClose }: { onClose: () => void }) {
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Invite["role"]>("member");
  const [goal, setGoal] = useState("");
  const [made, setMade] = useState<InvitationMade | null>(null);
  const { isBusy, problem, run } = useBusy();
  const invite = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => {
      setMade(
        await client.invite({
          body: { name: name.trim(), role, ...(role === "guest" && goal !== "" && { goals: [goal] }) },
        }),
      );
      await queryClient.invalidateQueries({ queryKey: settingsQueries.invitations.queryKey });
    });
  };
  if (made !== null) return <Invited made={made} onClose={onClose} />;
  return (
    <form onSubmit={invite} className="flex flex-col gap-4">
      <TextField
        label="Name"
        hint="It stands beside what they decide."
        required
        autoFocus
        maxLength={60}
        value={name}
        problem={problem}
        onChange={(event) => setName(event.target.value)}
      />
      <Select
        label="Role"
        hint={ROLE_WORDS[role].means}
        value={role}
        onChange={(event) => setRole(event.target.value === "guest" ? "guest" : "member")}
      >
        <option value="member">{ROLE_WORDS.member.name}</option>
        <option value="guest">{ROLE_WORDS.guest.name}</option>
      </Select>
      {role === "guest" ? <GoalField goal={goal} onChange={setGoal} /> : null}
      {role === "member" ? (
        <p className="text-sm text-quiet">
          A member starts work on the machine that Bureau runs on. Invite whom you would let work there.
        </p>
      ) : null}
      <Button kind="primary" type="submit" icon="link" busy={isBusy} disabled={name.trim() === ""}>
        Make the link
      </Button>
    </form>
  );
}

function GoalField({ goal, onChange }: { goal: string; onChange: (goal: string) => void }) {
  useQuery(queries.goals);
  const goals = useView((view) => view.goals);
  return (
    <Select label="What they may see" value={goal} onChange={(event) => onChange(event.target.value)}>
      <option value="">Only what is given to them</option>
      {Object.values(goals).map(({ id, title }) => (
        <option key={id} value={id}>
          {title}
        </option>
      ))}
    </Select>
  );
}

function Invited({ made, onClose }: { made: InvitationMade; onClose: () => void }) {
  return (
    <div className="flex flex-col gap-4">
      <CopyText
        label={`Link for ${made.invitation.name}`}
        text={made.link}
        hint={`Whoever opens it first is ${made.invitation.name}, so send it to them alone. It holds until ${formatWhole(made.invitation.expiresAt)} and is shown this once.`}
      />
      {made.address.warning === null ? null : (
        <p className="flex gap-2 rounded-lg bg-warn-soft p-3 text-sm">
          <Icon name="warning" className="size-4.5 shrink-0 text-warn" />
          <span className="min-w-0 text-wrap-anywhere">{made.address.warning}</span>
        </p>
      )}
      <Button kind="primary" className="self-end" onClick={onClose}>
        Done
      </Button>
    </div>
  );
}
