import { Link } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useMemo, useRef, useState } from "react";
import { formatAgo, formatWhole } from "../../lib/format.ts";
import { useNow } from "../../lib/use-now.ts";
import { useView } from "../../live/use-live.ts";
import { RUN_LOOKS } from "../../status.ts";
import { Badge } from "../../ui/badge.tsx";
import { TextField } from "../../ui/field.tsx";
import { doingSentence } from "./doing.ts";
import { filterThreads, THREAD_FILTERS, type ThreadFilter, type ThreadLine, threadLines } from "./thread-order.ts";

const FILTER_LABELS: Record<ThreadFilter, string> = { all: "All", open: "At work", waiting: "Waiting" };
const ROW_PX = 76;
const OVERSCAN_ROWS = 8;

/** The list, with what narrows it. */
export function ThreadList() {
  const [text, setText] = useState("");
  const [filter, setFilter] = useState<ThreadFilter>("all");
  const threads = useView((view) => view.threads);
  const runs = useView((view) => view.runs);
  const agents = useView((view) => view.agents);
  const goals = useView((view) => view.goals);
  const lines = useMemo(() => threadLines({ threads, runs, agents, goals }), [threads, runs, agents, goals]);
  const shown = useMemo(() => filterThreads(lines, text, filter), [lines, text, filter]);
  return (
    <>
      <div className="mb-3 flex flex-col gap-2 md:flex-row md:items-center">
        <div className="flex-1">
          <TextField
            label="Filter threads"
            hideLabel
            type="search"
            placeholder="A word, an agent, a goal"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
        <div role="group" aria-label="Which threads" className="flex gap-1">
          {THREAD_FILTERS.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={filter === one}
              onClick={() => setFilter(one)}
              className="min-h-11 flex-1 rounded-lg border border-line px-3 text-sm whitespace-nowrap text-quiet aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent"
            >
              {FILTER_LABELS[one]}
            </button>
          ))}
        </div>
      </div>
      {shown.length === 0 ? (
        <p role="status" className="py-10 text-center text-quiet">
          No thread is like that.
        </p>
      ) : (
        <Lines lines={shown} />
      )}
    </>
  );
}

function Lines({ lines }: { lines: readonly ThreadLine[] }) {
  const list = useRef<HTMLUListElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    setTop((list.current?.getBoundingClientRect().top ?? 0) + window.scrollY);
  }, []);
  const virtualizer = useWindowVirtualizer({
    count: lines.length,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => lines[index]?.id ?? index,
    overscan: OVERSCAN_ROWS,
    scrollMargin: top,
  });
  return (
    <ul ref={list} aria-label="Threads" className="relative" style={{ height: virtualizer.getTotalSize() }}>
      {virtualizer.getVirtualItems().map(({ key, index, start }) => {
        const line = lines[index];
        return line === undefined ? null : (
          <li
            key={key}
            ref={virtualizer.measureElement}
            data-index={index}
            aria-setsize={lines.length}
            aria-posinset={index + 1}
            className="absolute inset-x-0 top-0 pb-2"
            style={{ transform: `translateY(${start - top}px)` }}
          >
            <Line line={line} />
          </li>
        );
      })}
    </ul>
  );
}

function Line({ line }: { line: ThreadLine }) {
  const { openRun } = line;
  const now = useNow();
  const sentence = useView((view) => (openRun === null ? "" : doingSentence(openRun, view.steps, view.toolCalls)));
  return (
    <Link
      to="/threads/$threadId"
      params={{ threadId: line.id }}
      className="flex min-h-[4.25rem] flex-col justify-center gap-0.5 rounded-xl border border-line bg-raised px-4 py-2.5 hover:border-strong-line"
    >
      <span className="flex items-baseline gap-3">
        <span className="min-w-0 flex-1 truncate font-medium">{line.title}</span>
        <time dateTime={line.updatedAt} title={formatWhole(line.updatedAt)} className="shrink-0 text-xs text-quiet">
          {formatAgo(line.updatedAt, now)}
        </time>
      </span>
      <span className="flex min-h-5 min-w-0 items-center gap-2 text-sm text-quiet">
        {openRun === null ? null : <Badge look={RUN_LOOKS[openRun.status]} />}
        <span className="min-w-0 truncate">
          {line.agentName}
          {line.goalTitle === null || line.goalTitle === line.title ? "" : ` · Goal: ${line.goalTitle}`}
          {sentence === "" ? "" : ` · ${sentence}`}
        </span>
      </span>
    </Link>
  );
}
