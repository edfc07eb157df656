import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { deviceNameOf } from "../../lib/device-name.ts";
import { formatAgo } from "../../lib/format.ts";
import { addPasskey, canUsePasskeys } from "../../lib/passkeys.ts";
import { client } from "../../lib/session.ts";
import { useBusy } from "../../lib/use-busy.ts";
import { useNow } from "../../lib/use-now.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmButton } from "../../ui/confirm-button.tsx";
import { TextField } from "../../ui/field.tsx";
import { Section } from "../../ui/page.tsx";
import { Row, Rows } from "../../ui/rows.tsx";
import { Failure, Loading } from "../../ui/states.tsx";
import { settingsQueries } from "./queries.ts";

/** Signing in by a look or a touch. */
export function Passkeys() {
  const { data, error, refetch } = useQuery(settingsQueries.passkeys);
  const queryClient = useQueryClient();
  const now = useNow();
  const again = () => queryClient.invalidateQueries({ queryKey: settingsQueries.passkeys.queryKey });
  const remove = async (passkey: string) => {
    await client.removePasskey({ params: { passkey } });
    await again();
  };
  return (
    <Section title="Passkeys">
      {data === undefined && error === null ? <Loading rows={1} /> : null}
      {data === undefined && error !== null ? <Failure error={error} onRetry={() => void refetch()} /> : null}
      {data === undefined || data.passkeys.length === 0 ? null : (
        <Rows label="Passkeys">
          {data.passkeys.map((passkey) => (
            <Row
              key={passkey.id}
              name={passkey.name}
              detail={`Signs in ${passkey.person} at ${passkey.host} · ${passkey.lastUsedAt === null ? "never used" : `used ${formatAgo(passkey.lastUsedAt, now)}`}`}
            >
              <ConfirmButton
                label="Remove"
                about={passkey.name}
                title={`Remove the passkey ${passkey.name}?`}
                yes="Remove it"
                onConfirm={() => remove(passkey.id)}
              >
                It signs in no more. Sessions that it opened stay until they are ended.
              </ConfirmButton>
            </Row>
          ))}
        </Rows>
      )}
      {canUsePasskeys() ? (
        <AddPasskey onAdded={again} />
      ) : (
        <p className="mt-2 text-sm text-quiet">
          Passkeys need an address with a name and HTTPS, such as https://bureau.example.com. This one is{" "}
          {window.location.host}.
        </p>
      )}
    </Section>
  );
}

function AddPasskey({ onAdded }: { onAdded: () => Promise<void> }) {
  const [name, setName] = useState(() => deviceNameOf(navigator.userAgent));
  const { isBusy, problem, run } = useBusy();
  const add = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => {
      await addPasskey(name.trim());
      await onAdded();
    });
  };
  return (
    <form onSubmit={add} className="mt-3 flex flex-col gap-2">
      <TextField
        label="Name of a new passkey"
        hint="Then you sign in here by a look or a touch, without a token."
        maxLength={60}
        value={name}
        problem={problem}
        onChange={(event) => setName(event.target.value)}
      />
      <Button icon="key" type="submit" className="self-start" busy={isBusy} disabled={name.trim() === ""}>
        Add a passkey
      </Button>
    </form>
  );
}
