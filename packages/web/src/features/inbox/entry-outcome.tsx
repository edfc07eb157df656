import type { InboxEntry } from "@bureau/protocol";
import { formatAgo } from "../../lib/format.ts";
import { cancelDecision } from "../../lib/decisions.ts";
import { useNow } from "../../lib/use-now.ts";
import { visibleText } from "../../lib/visible-text.ts";
import { Button } from "../../ui/button.tsx";
import { Icon, type IconName } from "../../ui/icon.tsx";
import { toast, toastFailure } from "../../ui/toast.tsx";
import { useBoard } from "./board-context.ts";
import { actionWords, outcomeOf } from "./words.ts";

const ICONS: Record<InboxEntry["status"], IconName> = {
  pending: "clock",
  approved: "check",
  denied: "close",
  answered: "check",
  dismissed: "close",
  expired: "clock",
};

/** What became of an entry, or what is on its way. */
export function EntryOutcome({ entry }: { entry: InboxEntry }) {
  const { acts, queued } = useBoard();
  const now = useNow();
  const act = acts[entry.id];
  const waiting = queued[entry.id];
  if (entry.status !== "pending") {
    const by = entry.decidedBy === null ? "" : ` by ${visibleText(entry.decidedBy)}`;
    const at = entry.decidedAt === null ? "" : `, ${formatAgo(entry.decidedAt, now)}`;
    return <Line icon={ICONS[entry.status]} text={`${outcomeOf(entry)}${by}${at}`} />;
  }
  if (act?.state === "sending") return <Line icon="send" text={`${actionWords(entry.kind, act.action)} …`} />;
  if (waiting?.state !== "queued") return null;
  return (
    <div className="flex flex-wrap items-center gap-x-3">
      <Line icon="clock" text={`${actionWords(entry.kind, waiting.action)}: will be sent when Bureau is back`} />
      <Button kind="quiet" icon="undo" onClick={() => void takeBack(waiting.id)}>
        Cancel
      </Button>
    </div>
  );
}

function Line({ icon, text }: { icon: IconName; text: string }) {
  return (
    <p role="status" className="inline-flex min-w-0 items-center gap-1.5 text-sm font-medium text-quiet">
      <Icon name={icon} className="size-4 shrink-0" />
      <span className="text-wrap-anywhere">{text}</span>
    </p>
  );
}

export async function takeBack(id: string): Promise<void> {
  try {
    if (!(await cancelDecision(id))) toast("It was sent already.");
  } catch (error) {
    toastFailure(error);
  }
}
