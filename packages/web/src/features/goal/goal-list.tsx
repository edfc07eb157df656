import type { Agent } from "@bureau/protocol";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { memo, useLayoutEffect, useRef, useState } from "react";
import { useView } from "../../live/use-live.ts";
import { Icon } from "../../ui/icon.tsx";
import { type GoalGroup, type GoalListRow, GROUP_TITLES, OVER_GROUPS } from "./goal-groups.ts";
import { GoalRow } from "./goal-row.tsx";

/** Shorter lists stand on the page whole. */
const MOST_WHOLE = 100;
const HEADING_PX = 52;
const GOAL_PX = 108;
const OVERSCAN = 8;

interface GoalListProps {
  rows: readonly GoalListRow[];
  onFold: (group: GoalGroup) => void;
}

/** The goals by groups. A long list keeps only what is near the window. */
export function GoalList({ rows, onFold }: GoalListProps) {
  return rows.length > MOST_WHOLE ? (
    <LongList rows={rows} onFold={onFold} />
  ) : (
    <ul>
      {rows.map((row) => (
        <li key={row.key} className="pb-2">
          <Row row={row} onFold={onFold} />
        </li>
      ))}
    </ul>
  );
}

function LongList({ rows, onFold }: GoalListProps) {
  const list = useRef<HTMLUListElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(list.current?.offsetTop ?? 0), []);
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: (index) => (rows[index]?.kind === "group" ? HEADING_PX : GOAL_PX),
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: OVERSCAN,
    scrollMargin: top,
  });
  return (
    <ul ref={list} className="relative" style={{ height: virtualizer.getTotalSize() }}>
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
            className="absolute inset-x-0 top-0 pb-2"
            style={{ transform: `translateY(${item.start - top}px)` }}
          >
            <Row row={row} onFold={onFold} />
          </li>
        );
      })}
    </ul>
  );
}

const Row = memo(function Row({ row, onFold }: { row: GoalListRow; onFold: (group: GoalGroup) => void }) {
  const agents = useView((view) => view.agents);
  if (row.kind === "group") return <GroupHeading row={row} onFold={onFold} />;
  return <GoalRow goal={row.goal} waiting={row.waiting} agentName={nameOf(agents, row.goal.agentId)} />;
});

function nameOf(agents: Readonly<Record<string, Agent>>, id: string): string {
  return agents[id]?.name ?? "";
}

function GroupHeading({
  row: { group, count, isOpen },
  onFold,
}: {
  row: Extract<GoalListRow, { kind: "group" }>;
  onFold: (group: GoalGroup) => void;
}) {
  const title = (
    <>
      {GROUP_TITLES[group]} <span className="font-normal tabular-nums">{count}</span>
    </>
  );
  if (!OVER_GROUPS.includes(group)) {
    return <h2 className="flex min-h-11 items-end gap-1.5 pb-1 text-sm font-semibold text-quiet">{title}</h2>;
  }
  return (
    <h2 className="text-sm font-semibold text-quiet">
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => onFold(group)}
        className="flex min-h-11 w-full items-center gap-1.5 rounded-lg hover:text-ink"
      >
        <Icon name={isOpen ? "down" : "forward"} className="size-4" />
        {title}
      </button>
    </h2>
  );
}
