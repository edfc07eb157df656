import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Button } from "../../ui/button.tsx";
import type { Row } from "./rows.ts";
import { RowView } from "./row-view.tsx";

/** So near the end counts as at the end. */
const END_PX = 60;
const OVERSCAN_ROWS = 8;
/** Older items are asked for when so few rows are left above. */
const OLDER_AT_ROW = 50;
const TOP_PX = 44;
const BOTTOM_PX = 16;

/** Guesses at heights, before a row was seen. */
const ESTIMATES: Record<Row["kind"], number> = {
  message: 110,
  draft: 120,
  work: 36,
  reasoning: 36,
  question: 84,
  approval: 36,
  artifact: 72,
  notice: 46,
  summary: 36,
  day: 36,
};

interface ConversationProps {
  rows: readonly Row[];
  agentName: string;
  hasOlder: boolean;
  /** Asks for older rows; called while there are any and the top is near. Null: nothing can be asked for now. */
  onOlder: (() => void) | null;
  label?: string;
}

/**
 * The rows of a thread, as many as fit the screen: opens at the end, stays there while something is added unless the
 * person has scrolled up, and does not move when older rows come in above.
 */
export function Conversation({ rows, agentName, hasOlder, onOlder, label = "Conversation" }: ConversationProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const onToggle = useCallback((key: string) => setOpened((before) => before.symmetricDifference(new Set([key]))), []);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    getItemKey: (index) => rows[index]?.key ?? index,
    estimateSize: (index) => ESTIMATES[rows[index]?.kind ?? "message"],
    anchorTo: "end",
    followOnAppend: true,
    scrollEndThreshold: END_PX,
    overscan: OVERSCAN_ROWS,
    paddingStart: TOP_PX,
    paddingEnd: BOTTOM_PX,
  });
  // A row that comes in above and grows when its code or table is drawn must not push what is being read.
  virtualizer.shouldAdjustScrollPositionOnItemSizeChange = ({ index, start }, _, { scrollOffset }) =>
    rows[index]?.kind !== "draft" && start < (scrollOffset ?? 0);
  const isEmpty = rows.length === 0;
  useLayoutEffect(() => {
    if (!isEmpty) virtualizer.scrollToEnd();
  }, [isEmpty, virtualizer]);

  const shown = virtualizer.getVirtualItems();
  const firstIndex = shown[0]?.index ?? 0;
  useEffect(() => {
    if (hasOlder && firstIndex < OLDER_AT_ROW) onOlder?.();
  }, [hasOlder, firstIndex, onOlder]);

  const isAtEnd = virtualizer.isAtEnd(END_PX);
  const last = rows.at(-1);
  const isAdded = useNewBelow(last?.key, isAtEnd);
  const isNewBelow = isAdded || last?.kind === "draft";
  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={scroller}
        role="region"
        aria-label={label}
        tabIndex={0}
        className="h-full overflow-y-auto overscroll-contain outline-offset-[-2px] [overflow-anchor:none]"
      >
        <div className="relative mx-auto w-full max-w-3xl" style={{ height: virtualizer.getTotalSize() }}>
          <p className="absolute inset-x-0 top-0 flex h-11 items-center justify-center text-xs text-quiet">
            {hasOlder ? "Loading what came before" : "The beginning"}
          </p>
          {shown.map(({ key, index, start }) => {
            const row = rows[index];
            return row === undefined ? null : (
              <div
                key={key}
                ref={virtualizer.measureElement}
                data-index={index}
                className="absolute inset-x-0 top-0 px-4 md:px-8"
                style={{ transform: `translateY(${start}px)` }}
              >
                <RowView row={row} agentName={agentName} opened={opened} onToggle={onToggle} />
              </div>
            );
          })}
        </div>
      </div>
      {isAtEnd || isEmpty ? null : (
        <Button
          icon="down"
          onClick={() => virtualizer.scrollToEnd()}
          className="absolute bottom-3 left-1/2 -translate-x-1/2 rounded-full shadow-md"
        >
          {isNewBelow ? "New below" : "To the end"}
        </Button>
      )}
    </div>
  );
}

/** True when something was added while the person was elsewhere. */
function useNewBelow(lastKey: string | undefined, isAtEnd: boolean): boolean {
  const [seen, setSeen] = useState(lastKey);
  useEffect(() => {
    if (isAtEnd) setSeen(lastKey);
  }, [isAtEnd, lastKey]);
  return !isAtEnd && seen !== lastKey;
}
