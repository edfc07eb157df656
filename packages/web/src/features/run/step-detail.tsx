import type { BureauEvent, Item, Run, TimelineEntry } from "@bureau/protocol";
import { useEffect, useMemo, useState } from "react";
import { holdThread, releaseThread } from "../../live/store.ts";
import { useView } from "../../live/use-live.ts";
import { Failure } from "../../ui/states.tsx";
import { type Call, callsOf } from "../thread/calls.ts";
import { RowView } from "../thread/row-view.tsx";
import { rowsOf } from "../thread/rows.ts";
import { CallLine } from "../thread/work.tsx";

const NO_ITEMS: readonly Item[] = [];

/** Items of a run: those that its stored events tell of, and those that come while it is on the screen. */
export function useItemsOf(run: Run, events: readonly BureauEvent[] | undefined): readonly Item[] {
  const { id: runId, threadId } = run;
  useEffect(() => {
    holdThread(threadId);
    return () => releaseThread(threadId);
  }, [threadId]);
  const fresh = useView((view) => view.items[threadId]) ?? NO_ITEMS;
  return useMemo(() => {
    const told = (events ?? []).flatMap(({ data }) => (isItem(data["item"]) ? [data["item"]] : []));
    const own = fresh.filter((item) => item.runId === runId);
    const byPosition = new Map([...told, ...own].map((item) => [item.position, item]));
    return [...byPosition.values()].toSorted((one, other) => one.position - other.position);
  }, [events, fresh, runId]);
}

function isItem(value: unknown): value is Item {
  return typeof value === "object" && value !== null && "position" in value && "content" in value;
}

interface StepDetailProps {
  entry: TimelineEntry;
  /** Items of the run; empty while they are being fetched. */
  items: readonly Item[];
  isLoading: boolean;
  error: unknown;
  agentName: string;
}

/** What a step said, asked for, and got. */
export function StepDetail({ entry, items, isLoading, error, agentName }: StepDetailProps) {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set([`call-${entry.toolCallId}`]));
  const onToggle = (key: string) => setOpened((before) => before.symmetricDifference(new Set([key])));
  const calls = useMemo(() => callsOf(items), [items]);
  const call: Call | undefined = entry.toolCallId === null ? undefined : calls.get(entry.toolCallId);
  const own = items.filter(({ stepId }) => stepId === entry.stepId);
  const rows = rowsOf({ items: own, drafts: {}, openRuns: [] })
    .filter(({ kind }) => kind !== "day")
    .map((row) => (row.kind === "work" ? { ...row, calls: row.calls.map((one) => calls.get(one.id) ?? one) } : row));
  if (error !== null && error !== undefined) return <Failure error={error} />;
  if (isLoading) return <div role="status" aria-label="Loading" className="h-16 animate-pulse rounded-lg bg-sunken" />;
  if (call !== undefined) return <CallLine call={call} opened={opened} onToggle={onToggle} />;
  if (rows.length === 0) return <p className="py-2 text-sm text-quiet">Nothing more is kept of this step.</p>;
  return (
    <div>
      {rows.map((row) => (
        <RowView key={row.key} row={row} agentName={agentName} opened={opened} onToggle={onToggle} />
      ))}
    </div>
  );
}
