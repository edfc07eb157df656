import { Link } from "@tanstack/react-router";
import type { InboxEntry } from "@bureau/protocol";
import type { QueuedDecision } from "../../lib/decision-queue.ts";
import { useQueuedDecisions } from "../../lib/decisions.ts";
import { formatClock } from "../../lib/format.ts";
import { visibleText } from "../../lib/visible-text.ts";
import { useView } from "../../live/use-live.ts";
import { Button } from "../../ui/button.tsx";
import { Icon } from "../../ui/icon.tsx";
import { takeBack } from "./entry-outcome.tsx";
import { actionWords } from "./words.ts";

/**
 * Decisions of this browser that were refused when they were sent, and those that wait for a connection and have no
 * card of their own in the list to say so.
 */
export function QueueNotes({ listed }: { listed: readonly InboxEntry[] }) {
  const queued = useQueuedDecisions();
  const all = queued.filter(({ state, entryId }) => state === "refused" || !listed.some(({ id }) => id === entryId));
  if (all.length === 0) return null;
  return (
    <section aria-label="Decisions that are not sent" className="mb-4 flex flex-col gap-2">
      {all.map((decision) => (
        <Note key={decision.id} decision={decision} />
      ))}
    </section>
  );
}

function Note({ decision }: { decision: QueuedDecision }) {
  const kind = useView((view) => view.inbox[decision.entryId]?.kind ?? null);
  const isRefused = decision.state === "refused";
  const words = `${actionWords(kind, decision.action)}, at ${formatClock(decision.queuedAt)}`;
  return (
    <div
      role={isRefused ? "alert" : "status"}
      className={`flex flex-wrap items-center gap-x-3 gap-y-1 rounded-xl px-3 py-2 text-sm ${isRefused ? "bg-bad-soft" : "bg-warn-soft"}`}
    >
      <Icon name={isRefused ? "warning" : "clock"} className="size-4.5 shrink-0" />
      <div className="min-w-0 flex-1 basis-60">
        <p className="font-medium text-wrap-anywhere">{visibleText(decision.title)}</p>
        <p className="text-wrap-anywhere">
          {isRefused
            ? `“${words}” was not done: ${decision.reason ?? "it was refused."}`
            : `“${words}” will be sent when Bureau is back.`}
        </p>
      </div>
      {isRefused ? (
        <Link
          to="/inbox/$entryId"
          params={{ entryId: decision.entryId }}
          className="inline-flex min-h-11 items-center font-medium underline md:min-h-9"
        >
          Look at it
        </Link>
      ) : null}
      <Button kind="plain" onClick={() => void takeBack(decision.id)}>
        {isRefused ? "Put away" : "Cancel"}
      </Button>
    </div>
  );
}
