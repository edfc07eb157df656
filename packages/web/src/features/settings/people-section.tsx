import type { Invitation, Person } from "@bureau/protocol";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { formatUntil } from "../../lib/format.ts";
import { client } from "../../lib/session.ts";
import { useNow } from "../../lib/use-now.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmButton } from "../../ui/confirm-button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Section } from "../../ui/page.tsx";
import { Row, Rows } from "../../ui/rows.tsx";
import { Failure, Loading } from "../../ui/states.tsx";
import { InviteForm } from "./invite-form.tsx";
import { settingsQueries } from "./queries.ts";
import { ROLE_WORDS } from "./words.ts";

/** Who belongs here, who is invited, and whom to invite; for the owner. */
export function PeopleSection() {
  const people = useQuery(settingsQueries.people);
  const invitations = useQuery(settingsQueries.invitations);
  const [isInviting, setInviting] = useState(false);
  const open = invitations.data?.invitations ?? [];
  return (
    <Section
      title="People"
      actions={
        <Button icon="plus" onClick={() => setInviting(true)}>
          Invite
        </Button>
      }
    >
      {people.data === undefined ? (
        people.error === null ? (
          <Loading rows={1} />
        ) : (
          <Failure error={people.error} onRetry={() => void people.refetch()} />
        )
      ) : (
        <Rows label="People">
          {people.data.people.map((person) => (
            <PersonRow key={person.id} person={person} />
          ))}
        </Rows>
      )}
      {open.length === 0 ? null : (
        <>
          <h3 className="mt-4 mb-2 text-sm text-quiet">Invited</h3>
          <Rows label="Invited">
            {open.map((invitation) => (
              <InvitationRow key={invitation.id} invitation={invitation} />
            ))}
          </Rows>
        </>
      )}
      <Dialog open={isInviting} onClose={() => setInviting(false)} title="Invite somebody">
        {isInviting ? <InviteForm onClose={() => setInviting(false)} /> : null}
      </Dialog>
    </Section>
  );
}

function PersonRow({ person }: { person: Person }) {
  const queryClient = useQueryClient();
  const role = ROLE_WORDS[person.role];
  const remove = async () => {
    await client.removePerson({ params: { person: person.id } });
    await Promise.all(
      [settingsQueries.people, settingsQueries.devices].map(({ queryKey }) =>
        queryClient.invalidateQueries({ queryKey }),
      ),
    );
  };
  return (
    <Row name={person.name} detail={`${role.name}. ${role.means}`}>
      {person.role === "owner" ? null : (
        <ConfirmButton
          label="Remove"
          about={person.name}
          title={`Remove ${person.name}?`}
          yes="Remove"
          onConfirm={remove}
        >
          Their devices are signed out at once. What was theirs to decide is everybody's again; what they decided keeps
          their name.
        </ConfirmButton>
      )}
    </Row>
  );
}

function InvitationRow({ invitation }: { invitation: Invitation }) {
  const queryClient = useQueryClient();
  const now = useNow();
  const revoke = async () => {
    await client.revokeInvitation({ params: { invitation: invitation.id } });
    await queryClient.invalidateQueries({ queryKey: settingsQueries.invitations.queryKey });
  };
  return (
    <Row
      name={invitation.name}
      detail={`${ROLE_WORDS[invitation.role].name} · the link holds until ${formatUntil(invitation.expiresAt, now)}`}
    >
      <ConfirmButton
        label="Take back"
        about={invitation.name}
        title={`Take back the invitation for ${invitation.name}?`}
        yes="Take it back"
        onConfirm={revoke}
      >
        The link that was sent no longer works. You can invite them again.
      </ConfirmButton>
    </Row>
  );
}
