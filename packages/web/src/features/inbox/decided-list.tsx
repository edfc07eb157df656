import { Link } from "@tanstack/react-router";
import type { InboxEntry } from "@bureau/protocol";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { formatAgo, formatWhole } from "../../lib/format.ts";
import { useNow } from "../../lib/use-now.ts";
import { visibleText } from "../../lib/visible-text.ts";
import { queries } from "../../live/load.ts";
import { useView } from "../../live/use-live.ts";
import { INBOX_LOOKS } from "../../status.ts";
import { Badge } from "../../ui/badge.tsx";
import { Empty, Failure, Loading } from "../../ui/states.tsx";
import { outcomeOf, sentenceOf } from "./words.ts";

const SHOWN = 200;

/** What was decided lately, and by whom. */
export function DecidedList() {
  const query = useQuery(queries.decidedInbox);
  const inbox = useView((view) => view.inbox);
  const { refetch } = query;
  const entries = useMemo(
    () =>
      Object.values(inbox)
        .filter(({ status, decidedAt }) => status !== "pending" && typeof decidedAt === "string")
        .toSorted((one, other) => (decidedAt(one) < decidedAt(other) ? 1 : -1))
        .slice(0, SHOWN),
    [inbox],
  );
  useEffect(() => {
    void refetch();
  }, [refetch]);
  if (entries.length === 0 && query.isPending) return <Loading rows={6} />;
  if (entries.length === 0 && query.isError) return <Failure error={query.error} onRetry={() => void refetch()} />;
  if (entries.length === 0) {
    return (
      <Empty icon="check" title="Nothing was decided yet">
        What you approve, deny, answer or put away is listed here.
      </Empty>
    );
  }
  return (
    <ul className="divide-y divide-line rounded-xl border border-line bg-raised">
      {entries.map((entry) => (
        <DecidedRow key={entry.id} entry={entry} />
      ))}
    </ul>
  );
}

function decidedAt(entry: InboxEntry): string {
  return entry.decidedAt ?? "";
}

function DecidedRow({ entry }: { entry: InboxEntry }) {
  const now = useNow();
  const agent = useView((view) => (entry.agentId === null ? undefined : view.agents[entry.agentId]));
  const at = decidedAt(entry);
  return (
    <li className="[contain-intrinsic-size:auto_4.5rem] [content-visibility:auto]">
      <Link to="/inbox/$entryId" params={{ entryId: entry.id }} className="block px-4 py-2.5 hover:bg-sunken">
        <p className="truncate">{sentenceOf(entry, agent?.name ?? null)}</p>
        <p className="flex flex-wrap items-center gap-x-2 text-sm text-quiet">
          <Badge look={INBOX_LOOKS[entry.kind]} />
          <span className="text-wrap-anywhere">
            {outcomeOf(entry)}
            {entry.decidedBy === null ? "" : ` by ${visibleText(entry.decidedBy)}`}
          </span>
          <time dateTime={at} title={formatWhole(at)} className="ml-auto">
            {formatAgo(at, now)}
          </time>
        </p>
      </Link>
    </li>
  );
}
