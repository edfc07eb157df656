import { type FormEvent, useState } from "react";
import { deviceNameOf } from "../lib/device-name.ts";
import { client } from "../lib/session.ts";
import { useBusy } from "../lib/use-busy.ts";
import { useFragment } from "../lib/use-fragment.ts";
import { Alone } from "../ui/alone.tsx";
import { Button } from "../ui/button.tsx";
import { TextField } from "../ui/field.tsx";

/** What an invitation's link opens. It is accepted once, by a press. */
export function JoinScreen() {
  const { secret } = useFragment();
  const [device, setDevice] = useState(() => deviceNameOf(navigator.userAgent));
  const { isBusy, problem, run } = useBusy();
  if (secret === null) {
    return (
      <Alone title="Join Bureau" sentence="The link is not whole: what stands after the # is missing.">
        <p>Open the link that you were sent once more, or ask for another.</p>
      </Alone>
    );
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const isDone = await run(() => client.acceptInvitation({ body: { secret, device: device.trim() } }));
    if (isDone) window.location.assign("/");
  };
  return (
    <Alone
      title="Join Bureau"
      sentence="You were invited to work here. The link is yours alone: it works once, and this browser is signed in by it."
    >
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
        <TextField
          label="Name of this device"
          hint="It stands beside what you decide with it."
          required
          maxLength={60}
          value={device}
          problem={problem}
          onChange={(event) => setDevice(event.target.value)}
        />
        <Button kind="primary" type="submit" busy={isBusy} disabled={device.trim() === ""}>
          Accept and go in
        </Button>
      </form>
    </Alone>
  );
}
