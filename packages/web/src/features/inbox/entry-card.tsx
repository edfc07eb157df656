import { Link } from "@tanstack/react-router";
import type { InboxEntry } from "@bureau/protocol";
import { clsx } from "clsx";
import { type ReactNode, useEffect, useId, useState } from "react";
import { formatAgo, formatDuration, formatWhole } from "../../lib/format.ts";
import { useNow } from "../../lib/use-now.ts";
import { visibleText } from "../../lib/visible-text.ts";
import { useView } from "../../live/use-live.ts";
import { INBOX_LOOKS } from "../../status.ts";
import { Badge } from "../../ui/badge.tsx";
import { Icon } from "../../ui/icon.tsx";
import { useBoard } from "./board-context.ts";
import { EntryActions } from "./entry-actions.tsx";
import { EntryBody } from "./entry-body.tsx";
import { EntryOutcome } from "./entry-outcome.tsx";
import { sentenceOf } from "./words.ts";

/** Longer than the card takes to close. */
const CLOSED_AFTER_MS = 300;
const SOON_MS = 60_000;

interface EntryCardProps {
  entry: InboxEntry;
  /** Where it stands in the list, with what selects it; absent on a screen of its own. */
  place?: { number: number; total: number; isActive: boolean; select: ReactNode };
  /** Nothing is folded, and it opens nothing. */
  isWhole?: boolean;
}

/** One thing that waits: what, for whom, why, exactly what would happen, and what can be decided. */
export function EntryCard({ entry, place, isWhole = false }: EntryCardProps) {
  const titleId = useId();
  const { acts, queued } = useBoard();
  const agent = useView((view) => (entry.agentId === null ? undefined : view.agents[entry.agentId]));
  const act = acts[entry.id];
  const isOver = entry.status !== "pending" || act?.state === "sending" || queued[entry.id]?.state === "queued";
  const isShown = useStillShown(!isOver || isWhole);
  const sentence = sentenceOf(entry, agent?.name ?? null);
  return (
    <article
      id={`entry-${entry.id}`}
      data-entry={entry.id}
      tabIndex={place === undefined ? undefined : 0}
      aria-labelledby={titleId}
      aria-posinset={place?.number}
      aria-setsize={place?.total}
      className={clsx(
        "rounded-xl border bg-raised outline-offset-0",
        place?.isActive === true ? "border-accent" : "border-line",
      )}
    >
      <div className={clsx("flex items-start gap-2 px-3 md:px-4", isOver && !isWhole ? "py-1" : "pt-2")}>
        {place?.select}
        <CardHead entry={entry} isOver={isOver} title={isOver && !isWhole ? sentence : null} titleId={titleId} />
      </div>
      <div
        className={clsx(
          "grid transition-[grid-template-rows] duration-200",
          isOver && !isWhole ? "grid-rows-[0fr]" : "grid-rows-[1fr]",
        )}
      >
        <div className="min-h-0 overflow-clip" inert={isOver && !isWhole}>
          {isShown || isWhole ? (
            <div className="flex flex-col gap-3 px-3 pb-3 md:px-4 md:pb-4">
              <div>
                <h2 id={isOver && !isWhole ? undefined : titleId} className="font-semibold text-wrap-anywhere">
                  {isWhole ? (
                    sentence
                  ) : (
                    <Link to="/inbox/$entryId" params={{ entryId: entry.id }} className="hover:underline">
                      {sentence}
                    </Link>
                  )}
                </h2>
                <CardFrom entry={entry} agentName={agent?.name ?? null} />
              </div>
              <EntryBody entry={entry} folder={agent?.folder} isWhole={isWhole} />
              {isOver ? <EntryOutcome entry={entry} /> : <EntryActions entry={entry} />}
            </div>
          ) : null}
        </div>
      </div>
    </article>
  );
}

/** True a little longer than `isOpen`, so that what closes can be seen closing. */
function useStillShown(isOpen: boolean): boolean {
  const [isShown, setShown] = useState(isOpen);
  useEffect(() => {
    const timer = window.setTimeout(() => setShown(isOpen), isOpen ? 0 : CLOSED_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, [isOpen]);
  return isOpen || isShown;
}

interface CardHeadProps {
  entry: InboxEntry;
  isOver: boolean;
  /** Of a closed card: all that it still shows. */
  title: string | null;
  titleId: string;
}

function CardHead({ entry, isOver, title, titleId }: CardHeadProps) {
  if (title !== null) {
    return (
      <div className="flex min-h-11 min-w-0 flex-1 flex-wrap items-center gap-x-3 md:min-h-9">
        <h2 id={titleId} className="min-w-0 flex-1 truncate text-sm text-quiet">
          {title}
        </h2>
        <EntryOutcome entry={entry} />
      </div>
    );
  }
  return (
    <div className="flex min-h-11 min-w-0 flex-1 flex-wrap items-center gap-x-2 gap-y-1 text-sm text-quiet md:min-h-9">
      <Badge look={INBOX_LOOKS[entry.kind]} />
      {entry.assignee === null ? null : <span className="text-wrap-anywhere">for {visibleText(entry.assignee)}</span>}
      <span className="ml-auto flex flex-wrap justify-end gap-x-2">
        {isOver ? null : <Expiry entry={entry} />}
        <Age at={entry.createdAt} />
      </span>
    </div>
  );
}

function Age({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={formatWhole(at)}>
      {formatAgo(at, now)}
    </time>
  );
}

/** How long somebody can still decide; what happens then is told to who rests on it. */
function Expiry({ entry }: { entry: InboxEntry }) {
  const coarse = useNow();
  if (entry.expiresAt === null) return null;
  const isSoon = Date.parse(entry.expiresAt) - coarse < SOON_MS;
  return (
    <span
      title={`${EXPIRY_WORDS[entry.onExpiry ?? "none"]} on ${formatWhole(entry.expiresAt)}`}
      className={clsx("inline-flex items-center gap-1 tabular-nums", isSoon && "font-medium text-warn")}
    >
      <Icon name="clock" className="size-3.5" />
      {isSoon ? <SecondsLeft at={entry.expiresAt} /> : leftWords(entry.expiresAt, coarse)}
    </span>
  );
}

const EXPIRY_WORDS = {
  deny: "Counts as denied",
  assume: "Goes on without an answer",
  none: "Expires",
} as const;

function SecondsLeft({ at }: { at: string }) {
  return leftWords(at, useNow("fine"));
}

function leftWords(at: string, now: number): string {
  const left = Date.parse(at) - now;
  return left <= 0 ? "time is over" : `${formatDuration(left)} left`;
}

function CardFrom({ entry, agentName }: { entry: InboxEntry; agentName: string | null }) {
  const goal = useView((view) => (entry.goalId === null ? undefined : view.goals[entry.goalId]));
  return (
    <p className="flex flex-wrap items-center gap-x-2 text-sm text-quiet">
      {agentName === null || entry.agentId === null ? null : (
        <Link to="/agents/$agentId" params={{ agentId: entry.agentId }} className="hover:text-ink hover:underline">
          {agentName}
        </Link>
      )}
      {goal === undefined ? null : (
        <Link
          to="/goals/$goalId"
          params={{ goalId: goal.id }}
          className="min-w-0 text-wrap-anywhere hover:text-ink hover:underline"
        >
          for “{visibleText(goal.title)}”
        </Link>
      )}
      {entry.threadId === null ? null : (
        <Link to="/threads/$threadId" params={{ threadId: entry.threadId }} className="hover:text-ink hover:underline">
          thread
        </Link>
      )}
    </p>
  );
}
