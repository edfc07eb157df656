import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ownSubscription, type PushHere, pushHere, subscribeHere, unsubscribeHere } from "../../lib/push-here.ts";
import { client } from "../../lib/session.ts";
import { useBusy } from "../../lib/use-busy.ts";
import { Button } from "../../ui/button.tsx";
import { Card, Section } from "../../ui/page.tsx";
import { Switch } from "../../ui/switch.tsx";
import { PreferencesForm } from "./preferences-form.tsx";
import { settingsQueries } from "./queries.ts";

const MISSING: Record<Exclude<PushHere, "ready">, string> = {
  needs_tls:
    "Notifications need HTTPS, and this page came without it. The guide Your phone says how to reach Bureau by Tailscale or Caddy.",
  needs_home_screen:
    "On an iPhone or iPad, put Bureau on the home screen first: open the share sheet, choose Add to Home Screen, and open it from there.",
  denied: "This browser was told not to show notifications of Bureau. Allow them in the settings of the site.",
  unsupported: "This browser shows no notifications of sites.",
};

/** Of what one is told outside the app, and whether this device does so. */
export function Notifications() {
  const here = pushHere();
  return (
    <Section title="Notifications">
      <Card className="flex flex-col gap-3">
        <h3 className="font-medium">On this device</h3>
        {here === "ready" ? <OnThisDevice /> : <p className="text-sm text-quiet">{MISSING[here]}</p>}
      </Card>
      <PreferencesForm />
    </Section>
  );
}

function OnThisDevice() {
  const queryClient = useQueryClient();
  const status = useQuery(settingsQueries.push);
  const subscriptions = useQuery(settingsQueries.pushSubscriptions);
  const here = useQuery({ queryKey: ["push", "here"], queryFn: () => ownSubscription().then((one) => one !== null) });
  const { isBusy, problem, run } = useBusy();
  const [said, setSaid] = useState("");
  const own = here.data === true ? subscriptions.data?.subscriptions.find((one) => one.own) : undefined;
  const change = (work: () => Promise<void>) => {
    setSaid("");
    void run(work).then(() => queryClient.invalidateQueries({ queryKey: ["push"] }));
  };
  const test = () =>
    change(async () => {
      if (own === undefined) return;
      const { results } = await client.testPush({ body: { subscription: own.id } });
      setSaid(
        results[0]?.status === "sent"
          ? "Sent. It should show in a moment."
          : (results[0]?.message ?? "Nothing was sent."),
      );
    });
  const missing = status.data?.problem;
  if (missing !== null && missing !== undefined) {
    return (
      <p className="text-sm text-wrap-anywhere">
        {missing.message} {missing.hint}
      </p>
    );
  }
  return (
    <>
      {own === undefined ? (
        <p className="text-sm text-quiet">
          What waits for you is told here, also while Bureau is closed. Nothing of what is asked is said unless you
          wish.
        </p>
      ) : (
        <Switch
          label="Say what it is about"
          hint="The title and one line. They can be read on a locked screen."
          checked={own.content}
          disabled={isBusy}
          onChange={(content) => change(() => subscribeHere(content))}
        />
      )}
      <div className="flex flex-wrap items-center gap-2">
        {own === undefined ? (
          <Button icon="bell" busy={isBusy} onClick={() => change(() => subscribeHere(false))}>
            Turn on
          </Button>
        ) : (
          <>
            <Button icon="bell" busy={isBusy} onClick={test}>
              Send a test
            </Button>
            <Button kind="quiet" busy={isBusy} onClick={() => change(() => unsubscribeHere(own.id))}>
              Turn off
            </Button>
          </>
        )}
        <span role="status" className="text-sm text-quiet">
          {said}
        </span>
      </div>
      {problem === null && own?.lastError == null ? null : (
        <p role="alert" className="text-sm text-bad text-wrap-anywhere">
          {problem ?? `The push service said last: ${own?.lastError ?? ""}`}
        </p>
      )}
    </>
  );
}
