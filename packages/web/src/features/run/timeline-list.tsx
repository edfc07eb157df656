import type { TimelineEntry } from "@bureau/protocol";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { clsx } from "clsx";
import { type ReactNode, useCallback, useLayoutEffect, useRef, useState } from "react";
import { formatClock, formatCount, formatDuration, formatMoney, formatWhole } from "../../lib/format.ts";
import { STEP_LOOKS } from "../../status.ts";
import { Badge } from "../../ui/badge.tsx";
import { Icon } from "../../ui/icon.tsx";
import { barPercent } from "./timeline.ts";

const ROW_PX = 68;
const OVERSCAN_ROWS = 10;

interface TimelineListProps {
  entries: readonly TimelineEntry[];
  /** What an opened step shows. */
  renderDetail: (entry: TimelineEntry) => ReactNode;
  /** Told when the first step is opened. */
  onOpen: () => void;
}

/** Each step of a run with when, how long, what it cost, and what it was; opened, what is in it. */
export function TimelineList({ entries, renderDetail, onOpen }: TimelineListProps) {
  const list = useRef<HTMLOListElement>(null);
  const [top, setTop] = useState(0);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback(
    (stepId: string) => {
      onOpen();
      setOpened((before) => before.symmetricDifference(new Set([stepId])));
    },
    [onOpen],
  );
  useLayoutEffect(() => {
    const measure = () => setTop(Math.round((list.current?.getBoundingClientRect().top ?? 0) + window.scrollY));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);
  const longestMs = Math.max(0, ...entries.map(({ durationMs }) => durationMs ?? 0));
  const virtualizer = useWindowVirtualizer({
    count: entries.length,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => entries[index]?.stepId ?? index,
    overscan: OVERSCAN_ROWS,
    scrollMargin: top,
  });
  return (
    <ol ref={list} aria-label="Steps" className="relative" style={{ height: virtualizer.getTotalSize() }}>
      {virtualizer.getVirtualItems().map(({ key, index, start }) => {
        const entry = entries[index];
        if (entry === undefined) return null;
        const isOpen = opened.has(entry.stepId);
        return (
          <li
            key={key}
            ref={virtualizer.measureElement}
            data-index={index}
            aria-setsize={entries.length}
            aria-posinset={index + 1}
            className="absolute inset-x-0 top-0 border-b border-line"
            style={{ transform: `translateY(${start - top}px)` }}
          >
            <StepLine entry={entry} longestMs={longestMs} isOpen={isOpen} onToggle={toggle} />
            {isOpen ? <div className="pb-3 pl-6">{renderDetail(entry)}</div> : null}
          </li>
        );
      })}
    </ol>
  );
}

interface StepLineProps {
  entry: TimelineEntry;
  longestMs: number;
  isOpen: boolean;
  onToggle: (stepId: string) => void;
}

function StepLine({ entry, longestMs, isOpen, onToggle }: StepLineProps) {
  const { stepId, number, status, startedAt, durationMs, tokens, micros, sentence } = entry;
  return (
    <button
      type="button"
      aria-expanded={isOpen}
      onClick={() => onToggle(stepId)}
      className="flex min-h-16 w-full flex-col justify-center gap-1 rounded-lg py-2 text-left hover:bg-sunken"
    >
      <span className="flex w-full items-start gap-2">
        <Icon name={isOpen ? "down" : "forward"} className="mt-1 size-4 shrink-0 text-quiet" />
        <span className="w-7 shrink-0 text-right text-sm leading-6 text-quiet tabular-nums">{number}</span>
        <span className="min-w-0 flex-1 text-wrap-anywhere">{sentence}</span>
        {status === "completed" ? null : <Badge look={STEP_LOOKS[status]} />}
      </span>
      <span className="flex w-full items-center gap-2 pl-8 text-xs md:gap-3 md:pl-15 text-quiet tabular-nums">
        <time dateTime={startedAt} title={formatWhole(startedAt)} className="w-10 shrink-0">
          {formatClock(startedAt)}
        </time>
        <span aria-hidden="true" className="h-1.5 min-w-8 flex-1 rounded-full bg-sunken">
          <span
            className={clsx(
              "block h-full rounded-full",
              durationMs === null ? "animate-pulse bg-info" : "bg-strong-line",
            )}
            style={{ width: `${barPercent(durationMs, longestMs)}%` }}
          />
        </span>
        <span className="w-12 shrink-0 text-right md:w-14">
          {durationMs === null ? "at it" : formatDuration(durationMs)}
        </span>
        <span className="w-18 shrink-0 text-right md:w-20">{tokens === 0 ? "" : `${formatCount(tokens)} tokens`}</span>
        <span className="w-13 shrink-0 text-right md:w-16">{micros === 0 ? "" : formatMoney(micros)}</span>
      </span>
    </button>
  );
}
