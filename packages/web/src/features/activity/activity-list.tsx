import type { ActivityEntry, ActivityKind } from "@bureau/protocol";
import { Link } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { memo, type ReactNode, useRef } from "react";
import { formatClock, formatWhole } from "../../lib/format.ts";
import { useOffsetTop } from "../../lib/use-offset-top.ts";
import { Icon, type IconName } from "../../ui/icon.tsx";
import type { ActivityRow } from "./activity-days.ts";

const MOST_WHOLE = 100;
const DAY_PX = 44;
const ENTRY_PX = 76;
const OVERSCAN = 10;

export const ACTIVITY_LOOKS: Record<ActivityKind, { label: string; icon: IconName }> = {
  goal: { label: "Goals", icon: "goal" },
  run: { label: "Runs", icon: "play" },
  task: { label: "Tasks", icon: "check" },
  decision: { label: "Decisions", icon: "inbox" },
  effect: { label: "Done outside", icon: "external" },
  artifact: { label: "Artifacts", icon: "artifact" },
  agent: { label: "Agents", icon: "agent" },
  policy: { label: "Rules", icon: "shield" },
  workspace: { label: "Workspace", icon: "settings" },
};

/** What happened, by days. A long list keeps only what is near the window. */
export function ActivityRows({ rows }: { rows: readonly ActivityRow[] }) {
  if (rows.length > MOST_WHOLE) return <LongRows rows={rows} />;
  return (
    <ol>
      {rows.map((row) => (
        <li key={row.key}>
          <Row row={row} />
        </li>
      ))}
    </ol>
  );
}

function LongRows({ rows }: { rows: readonly ActivityRow[] }) {
  const list = useRef<HTMLOListElement>(null);
  const top = useOffsetTop(list);
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: (index) => (rows[index]?.type === "day" ? DAY_PX : ENTRY_PX),
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: OVERSCAN,
    scrollMargin: top,
  });
  return (
    <ol ref={list} className="relative" style={{ height: virtualizer.getTotalSize() }}>
      {virtualizer.getVirtualItems().map((item) => {
        const row = rows[item.index];
        if (row === undefined) return null;
        return (
          <li
            key={item.key}
            ref={virtualizer.measureElement}
            data-index={item.index}
            aria-setsize={rows.length}
            aria-posinset={item.index + 1}
            className="absolute inset-x-0 top-0"
            style={{ transform: `translateY(${item.start - top}px)` }}
          >
            <Row row={row} />
          </li>
        );
      })}
    </ol>
  );
}

function Row({ row }: { row: ActivityRow }) {
  return row.type === "day" ? (
    <h2 className="flex min-h-11 items-end pb-1 text-sm font-semibold text-quiet">{row.label}</h2>
  ) : (
    <Entry entry={row.entry} />
  );
}

const Entry = memo(function Entry({ entry }: { entry: ActivityEntry }) {
  const look = ACTIVITY_LOOKS[entry.kind];
  return (
    <article className="flex gap-3 border-b border-line py-2.5">
      <Icon name={look.icon} className="mt-1 size-4.5 shrink-0 text-quiet" />
      <div className="min-w-0 flex-1">
        <p className="text-wrap-anywhere">{entry.sentence}</p>
        <p className="flex flex-wrap items-center gap-x-3 text-sm text-quiet">
          <span className="sr-only">{look.label}</span>
          <time dateTime={entry.at} title={formatWhole(entry.at)} className="tabular-nums">
            {formatClock(entry.at)}
          </time>
          {entry.by === null ? null : <span>by {entry.by}</span>}
          <EntryLinks entry={entry} />
        </p>
      </div>
    </article>
  );
});

const LINK = "inline-flex min-h-11 items-center underline-offset-4 hover:text-ink hover:underline md:min-h-6";

function EntryLinks({ entry: { runId, goalId, goalTitle, threadId, agentId, agentName } }: { entry: ActivityEntry }) {
  const links: ReactNode[] = [];
  if (agentId !== null && agentName !== null)
    links.push(
      <Link key="agent" to="/agents/$agentId" params={{ agentId }} className={LINK}>
        {agentName}
      </Link>,
    );
  if (goalId !== null && goalTitle !== null)
    links.push(
      <Link key="goal" to="/goals/$goalId" params={{ goalId }} className={`${LINK} max-w-full`}>
        <span className="truncate">{goalTitle}</span>
      </Link>,
    );
  if (runId !== null)
    links.push(
      <Link key="run" to="/runs/$runId" params={{ runId }} className={LINK}>
        Run
      </Link>,
    );
  else if (threadId !== null)
    links.push(
      <Link key="thread" to="/threads/$threadId" params={{ threadId }} className={LINK}>
        Thread
      </Link>,
    );
  return links;
}
