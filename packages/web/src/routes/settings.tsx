import { covers } from "@bureau/protocol";
import { useQuery } from "@tanstack/react-query";
import { Appearance } from "../features/settings/appearance.tsx";
import { Devices } from "../features/settings/devices.tsx";
import { LinksSection } from "../features/settings/links-section.tsx";
import { Notifications } from "../features/settings/notifications.tsx";
import { PairPhone } from "../features/settings/pair-phone.tsx";
import { Passkeys } from "../features/settings/passkeys.tsx";
import { PeopleSection } from "../features/settings/people-section.tsx";
import { ThisDevice } from "../features/settings/this-device.tsx";
import { queries } from "../live/load.ts";
import { Page } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";

/** What one sets for oneself, and for the owner who else is here. What somebody may not do is not shown. */
export function SettingsScreen() {
  const { data: session, error, refetch } = useQuery(queries.session);
  if (session === undefined) {
    return (
      <Page title="Settings">
        <Appearance />
        <div className="mt-8">
          {error === null ? <Loading /> : <Failure error={error} onRetry={() => void refetch()} />}
        </div>
      </Page>
    );
  }
  const mayChange = covers(session.scope, "full");
  const { role } = session.person;
  return (
    <Page title="Settings">
      <Appearance />
      <ThisDevice session={session} />
      {mayChange ? <PairPhone session={session} /> : null}
      {mayChange ? <Devices session={session} /> : null}
      <Notifications />
      {mayChange ? <Passkeys /> : null}
      {mayChange && role === "owner" ? <PeopleSection /> : null}
      {mayChange && role !== "guest" ? <LinksSection /> : null}
      {mayChange ? null : (
        <p className="mt-8 text-sm text-quiet">
          This device may not change who has access. Use one that may do everything.
        </p>
      )}
    </Page>
  );
}
