import { Link } from "@tanstack/react-router";
import type { Effect } from "@bureau/protocol";
import { useQueryClient } from "@tanstack/react-query";
import { AppError } from "@bureau/protocol";
import { useId, useState } from "react";
import { previewOf } from "../../lib/action-preview.ts";
import { ActionView } from "../../lib/action-view.tsx";
import { formatAgo, formatWhole } from "../../lib/format.ts";
import { client } from "../../lib/session.ts";
import { useNow } from "../../lib/use-now.ts";
import { visibleText } from "../../lib/visible-text.ts";
import { useView } from "../../live/use-live.ts";
import { EFFECT_LOOKS } from "../../status.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Facts, InertBox, InertText } from "../../ui/inert-box.tsx";
import { messageOf } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { useNewest } from "./fresh-effects.ts";
import { Countdown, UndoButton } from "./undo-button.tsx";

/** One write outside: what, to whom, for which goal, on whose yes, and what came of it. */
export function EffectCard({ effect: fetched }: { effect: Effect }) {
  const effect = useNewest(fetched);
  const [isOpen, setOpen] = useState(false);
  const titleId = useId();
  const isHeld = effect.status === "approved" && effect.undoUntil !== null;
  return (
    <article aria-labelledby={titleId} className="rounded-xl border border-line bg-raised p-3 md:p-4">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1 text-sm text-quiet">
        <Badge look={EFFECT_LOOKS[effect.status]} />
        {effect.undoneAt !== null && effect.status === "done" ? (
          <Badge look={{ label: "Taken back", tone: "neutral", icon: "undo" }} />
        ) : null}
        <span className="ml-auto">
          <When at={effect.endedAt ?? effect.startedAt ?? effect.approvedAt ?? effect.proposedAt} />
        </span>
      </div>
      <h2 id={titleId} className="mt-1 font-semibold text-wrap-anywhere">
        {visibleText(effect.title)}
      </h2>
      <From effect={effect} />
      {effect.error === null || effect.status === "done" ? null : (
        <p className="mt-1 text-sm text-wrap-anywhere text-quiet">{visibleText(effect.error)}</p>
      )}
      {isOpen ? <Whole effect={effect} /> : null}
      <div className="mt-2 flex flex-wrap items-center gap-2">
        {isHeld ? <Countdown effect={effect} /> : null}
        <UndoButton effect={effect} />
        {effect.status === "unknown" ? <Settle effect={effect} /> : null}
        <ReceiptLink link={effect.receipt?.link} />
        <Button kind="quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? "Show less" : "Show what exactly"}
        </Button>
      </div>
    </article>
  );
}

function When({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={formatWhole(at)}>
      {formatAgo(at, now)}
    </time>
  );
}

function From({ effect }: { effect: Effect }) {
  const agent = useView((view) => view.agents[effect.agentId]);
  const goal = useView((view) => (effect.goalId === null ? undefined : view.goals[effect.goalId]));
  return (
    <p className="flex flex-wrap gap-x-2 text-sm text-quiet">
      <span className="text-wrap-anywhere">
        {effect.targets.length === 0 ? "to nobody by name" : `to ${effect.targets.map(visibleText).join(", ")}`}
      </span>
      {agent === undefined ? null : (
        <Link to="/agents/$agentId" params={{ agentId: agent.id }} className="hover:text-ink hover:underline">
          by {agent.name}
        </Link>
      )}
      {goal === undefined ? null : (
        <Link
          to="/goals/$goalId"
          params={{ goalId: goal.id }}
          className="text-wrap-anywhere hover:text-ink hover:underline"
        >
          for “{visibleText(goal.title)}”
        </Link>
      )}
      {effect.approvedBy === null ? null : (
        <span className="text-wrap-anywhere">on the yes of {visibleText(effect.approvedBy)}</span>
      )}
    </p>
  );
}

/** The page that proves it, with its host to be seen. */
function ReceiptLink({ link }: { link: string | undefined }) {
  const url = link === undefined ? null : URL.parse(link);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) return null;
  return (
    <a
      href={url.href}
      target="_blank"
      rel="noopener noreferrer nofollow"
      title={url.href}
      className="inline-flex min-h-11 items-center gap-1.5 px-2 text-sm text-accent underline md:min-h-9"
    >
      <Icon name="external" className="size-4" />
      Receipt <span className="text-quiet">({url.host})</span>
    </a>
  );
}

/** Finds out what became of it: from the service, or from the entry in the inbox where somebody says so. */
function Settle({ effect }: { effect: Effect }) {
  const queries = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const [said, setSaid] = useState<string | null>(null);
  const entry = useView((view) =>
    Object.values(view.inbox).find(
      (one) =>
        one.kind === "unknown_effect" &&
        one.status === "pending" &&
        (one.effectId === effect.id || one.toolCallId === effect.toolCallId),
    ),
  );
  const ask = async () => {
    setBusy(true);
    try {
      const found = await client.reconcileEffect({ params: { effectId: effect.id } });
      if (found.status === "unknown") setSaid("The service cannot say. Look there, then decide it in the inbox.");
      else
        toast(found.status === "done" ? "The service says that it took place." : "The service says that it did not.");
    } catch (error) {
      setSaid(`${messageOf(error)} ${error instanceof AppError ? (error.hint ?? "") : ""}`);
    } finally {
      await queries.invalidateQueries({ queryKey: ["effects"] });
      setBusy(false);
    }
  };
  return (
    <>
      <Button kind="primary" icon="search" busy={isBusy} onClick={() => void ask()}>
        Ask the service
      </Button>
      {entry === undefined ? null : (
        <Link
          to="/inbox/$entryId"
          params={{ entryId: entry.id }}
          className="inline-flex min-h-11 items-center px-2 text-sm text-accent underline md:min-h-9"
        >
          Say what you found
        </Link>
      )}
      {said === null ? null : (
        <p role="status" className="order-last w-full text-sm text-wrap-anywhere">
          {said}
        </p>
      )}
    </>
  );
}

function Whole({ effect }: { effect: Effect }) {
  const agent = useView((view) => view.agents[effect.agentId]);
  const at = (name: string, value: string | null) => (value === null ? [] : [{ name, value: formatWhole(value) }]);
  return (
    <div className="mt-3 flex flex-col gap-3">
      <ActionView preview={previewOf(effect)} targets={effect.targets} folder={agent?.folder} isWhole />
      <div className="text-sm">
        <Facts
          facts={[
            ...(effect.sources.length === 0
              ? []
              : [{ name: "Had read", value: effect.sources.map(({ name }) => visibleText(name)).join(", ") }]),
            ...at("Proposed", effect.proposedAt),
            ...at("Approved", effect.approvedAt),
            ...at("Begun", effect.startedAt),
            ...at("Ended", effect.endedAt),
            ...at("Taken back", effect.undoneAt),
            ...(effect.undoneBy === null ? [] : [{ name: "By", value: visibleText(effect.undoneBy) }]),
          ]}
        />
      </div>
      {effect.receipt === null ? null : (
        <InertBox caption="The receipt, as the service gave it">
          <InertText text={JSON.stringify(effect.receipt, null, 2)} isCode />
        </InertBox>
      )}
      <Link
        to="/runs/$runId"
        params={{ runId: effect.runId }}
        className="inline-flex min-h-11 items-center text-sm text-accent underline md:min-h-9"
      >
        Open the run
      </Link>
    </div>
  );
}
