import type { PairingMade } from "@bureau/protocol";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { client } from "../../lib/session.ts";
import { useNow } from "../../lib/use-now.ts";
import { Button } from "../../ui/button.tsx";
import { CopyText } from "../../ui/copy-text.tsx";
import { Icon } from "../../ui/icon.tsx";
import { minutesLeft } from "./minutes-left.ts";
import { settingsQueries } from "./queries.ts";

const POLL_MS = 2_000;

interface PairingCodeProps {
  made: PairingMade;
  busy: boolean;
  onAnew: () => void;
  onClose: () => void;
}

/** The code as a picture and as a link, until a phone has used it or its time is over. */
export function PairingCode({ made, busy, onAnew, onClose }: PairingCodeProps) {
  const { pairing } = made;
  const now = useNow("fine");
  const queryClient = useQueryClient();
  const isOver = Date.parse(pairing.expiresAt) <= now;
  const { data } = useQuery({
    queryKey: ["pairings", pairing.id],
    queryFn: () => client.getPairing({ params: { pairing: pairing.id } }),
    // Only while the code is on the screen.
    refetchInterval: ({ state }) => (state.data?.status === "open" || state.data === undefined ? POLL_MS : false),
    gcTime: 0,
  });
  const isUsed = data?.status === "redeemed";
  useEndingOf(pairing.id, isUsed || isOver);
  useEffect(() => {
    if (isUsed) void queryClient.invalidateQueries({ queryKey: settingsQueries.devices.queryKey });
  }, [isUsed, queryClient]);
  if (isUsed) {
    return (
      <div role="status" className="flex flex-col items-center gap-3 py-6 text-center">
        <Icon name="check" className="size-10 text-accent" />
        <p className="text-lg font-medium">The phone is connected.</p>
        <Button kind="primary" onClick={onClose}>
          Done
        </Button>
      </div>
    );
  }
  if (isOver || data?.status === "expired") {
    return (
      <div role="status" className="flex flex-col items-center gap-3 py-6 text-center">
        <Icon name="clock" className="size-10 text-quiet" />
        <p>This code is over. Nobody used it.</p>
        <Button kind="primary" busy={busy} onClick={onAnew}>
          Make another
        </Button>
      </div>
    );
  }
  return (
    <div className="flex flex-col gap-4">
      <p>Point the phone's camera at it, and open what it finds.</p>
      {/* White in the dark too: cameras read dark on light. An image runs nothing that stands in it. */}
      <img
        src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(made.qr.svg)}`}
        alt="QR code that connects a phone"
        width={224}
        height={224}
        className="mx-auto size-56 rounded-lg bg-[#fff] p-2"
      />
      <p className="text-center text-sm text-quiet tabular-nums">
        {`Waiting for the phone. Holds for ${minutesLeft(pairing.expiresAt, now)}, and works once.`}
      </p>
      {made.address.warning === null ? null : (
        <p className="flex gap-2 rounded-lg bg-warn-soft p-3 text-sm">
          <Icon name="warning" className="size-4.5 shrink-0 text-warn" />
          <span className="min-w-0 text-wrap-anywhere">{made.address.warning}</span>
        </p>
      )}
      <CopyText label="Or open this link on it" text={made.link} />
    </div>
  );
}

/** A code that nobody looks at any more need not hold. */
function useEndingOf(pairing: string, isEnded: boolean): void {
  const ended = useRef(isEnded);
  ended.current = isEnded;
  useEffect(
    () => () => {
      if (!ended.current) client.endPairing({ params: { pairing } }).catch(() => undefined);
    },
    [pairing],
  );
}
