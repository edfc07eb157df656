import { type FormEvent, useState } from "react";
import { deviceNameOf } from "../lib/device-name.ts";
import { client } from "../lib/session.ts";
import { useBusy } from "../lib/use-busy.ts";
import { useFragment } from "../lib/use-fragment.ts";
import { Alone } from "../ui/alone.tsx";
import { Button } from "../ui/button.tsx";
import { TextField } from "../ui/field.tsx";

/** What the QR code opens. A code works once, so it is used by a press and not by looking at the page. */
export function PairScreen() {
  const { secret } = useFragment();
  const [typed, setTyped] = useState("");
  const [name, setName] = useState(() => deviceNameOf(navigator.userAgent));
  const { isBusy, problem, run } = useBusy();
  const code = secret ?? typed.trim();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const isDone = await run(() =>
      client.redeemPairing({ body: { code, ...(name.trim() !== "" && { name: name.trim() }) } }),
    );
    // The app begins anew, so that nothing of before is left in it.
    if (isDone) window.location.assign("/");
  };
  return (
    <Alone
      title="Connect this phone"
      sentence="From then on it works with Bureau as your device. You can end that at any time in Settings."
    >
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
        {secret === null ? (
          <TextField
            label="Code"
            hint="Make one where you are signed in: Settings, then Pair a phone."
            required
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        ) : null}
        <TextField
          label="Name of this device"
          hint="It stands beside what you decide with it. A name that was chosen with the code goes before it."
          required
          maxLength={60}
          value={name}
          problem={problem}
          onChange={(event) => setName(event.target.value)}
        />
        <Button kind="primary" type="submit" icon="phone" busy={isBusy} disabled={code === "" || name.trim() === ""}>
          Connect this phone
        </Button>
      </form>
    </Alone>
  );
}
