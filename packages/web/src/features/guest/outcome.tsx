import type { GuestView, InboxStatus } from "@bureau/protocol";
import { formatWhole } from "../../lib/format.ts";
import { useBusy } from "../../lib/use-busy.ts";
import { Alone } from "../../ui/alone.tsx";
import { Button } from "../../ui/button.tsx";

const OUTCOMES: Record<InboxStatus, string> = {
  pending: "It is still open.",
  approved: "It was approved.",
  denied: "It was denied. It will not be done.",
  answered: "It was answered.",
  dismissed: "Nobody needs to decide it any more.",
  expired: "Nobody decided it in time.",
};

/** What came of the one decision. */
export function Decided({ view, decided }: { view: GuestView; decided: InboxStatus }) {
  return (
    <Alone title={`Thank you, ${view.name}`} sentence={OUTCOMES[decided]}>
      <p role="status" className="text-sm text-quiet">
        There is nothing more to do. You can close this page.
      </p>
    </Alone>
  );
}

/** Between two questions of an interview. */
export function NothingAsked({ view, onCheck }: { view: GuestView; onCheck: () => Promise<unknown> }) {
  const { isBusy, run } = useBusy();
  return (
    <Alone title="Nothing is asked now" sentence={`Thank you, ${view.name}. The next question appears here by itself.`}>
      <div className="flex flex-col items-start gap-3">
        <Button icon="undo" busy={isBusy} onClick={() => void run(onCheck)}>
          Look again
        </Button>
        <p className="text-sm text-quiet">The link holds until {formatWhole(view.expiresAt)}.</p>
      </div>
    </Alone>
  );
}
