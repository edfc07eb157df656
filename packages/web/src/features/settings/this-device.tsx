import type { SessionInfo } from "@bureau/protocol";
import { formatWhole } from "../../lib/format.ts";
import { client } from "../../lib/session.ts";
import { useBusy } from "../../lib/use-busy.ts";
import { forgetDevice } from "../../lib/use-snapshot.ts";
import { Button } from "../../ui/button.tsx";
import { Section } from "../../ui/page.tsx";
import { Row, Rows } from "../../ui/rows.tsx";
import { ROLE_WORDS, SCOPE_WORDS } from "./words.ts";

/** Who is signed in here, and the way out. */
export function ThisDevice({ session }: { session: SessionInfo }) {
  const { isBusy, problem, run } = useBusy();
  const signOut = async () => {
    // What this window holds belongs to who signed out, so the app begins anew.
    const isDone = await run(async () => {
      await client.signOut();
      await forgetDevice();
    });
    if (isDone) window.location.assign("/sign-in");
  };
  const name = session.deviceId === null ? "Signed in with the owner's token" : session.name;
  return (
    <Section title="This device">
      <Rows label="This device">
        <Row name={name} detail={whoWords(session)} />
        <Row name={SCOPE_WORDS[session.scope].name} detail={SCOPE_WORDS[session.scope].means} />
        <Row
          name={session.expiresAt === null ? "Signed in until you sign out" : "Signed in"}
          detail={
            problem ??
            (session.expiresAt === null ? undefined : `Until ${formatWhole(session.expiresAt)} at the latest.`)
          }
        >
          <Button busy={isBusy} onClick={() => void signOut()}>
            Sign out
          </Button>
        </Row>
      </Rows>
    </Section>
  );
}

/** The owner is called so until they say otherwise; once is enough. */
function whoWords({ person }: SessionInfo): string {
  const role = ROLE_WORDS[person.role].name;
  return person.name.toLowerCase() === role.toLowerCase() ? role : `${person.name}, ${role.toLowerCase()}`;
}
