import { defaultRangeExtractor, useWindowVirtualizer } from "@tanstack/react-virtual";
import type { InboxEntry } from "@bureau/protocol";
import { memo, type RefObject, useCallback, useEffect, useRef } from "react";
import { useOffsetTop } from "../../lib/use-offset-top.ts";
import { BoardContext } from "./board-context.ts";
import { inBatch } from "./decidable.ts";
import { EntryCard } from "./entry-card.tsx";
import { EntrySelect } from "./entry-select.tsx";
import type { BoardState } from "./use-board.ts";

const CARD_PX = 340;
const CLOSED_PX = 54;
const GAP_PX = 12;
const OVERSCAN = 4;
/** What stands over the list while it is scrolled: the title. */
const HEAD_PX = 72;

interface InboxListProps {
  state: BoardState;
  known: Readonly<Record<string, InboxEntry>>;
  list: RefObject<HTMLDivElement | null>;
}

/** The entries in their order. Only those near the screen are there, and those that somebody has in hand. */
export function InboxList({ state, known, list }: InboxListProps) {
  const { order, activeId, focusWish, isWaiting } = state;
  const top = useOffsetTop(list);
  const held = useHeld(state);
  const virtualizer = useWindowVirtualizer({
    count: order.length,
    estimateSize: (index) => (isWaiting(order[index] ?? "") ? CARD_PX : CLOSED_PX),
    getItemKey: (index) => order[index] ?? index,
    gap: GAP_PX,
    overscan: OVERSCAN,
    scrollMargin: top,
    scrollPaddingStart: HEAD_PX,
    rangeExtractor: useCallback(
      (range: Parameters<typeof defaultRangeExtractor>[0]) =>
        [...new Set([...defaultRangeExtractor(range), ...held])].toSorted((one, other) => one - other),
      [held],
    ),
  });
  useEffect(() => {
    if (focusWish === null) return;
    const place = order.indexOf(focusWish.id);
    const card = document.getElementById(`entry-${focusWish.id}`);
    card?.focus({ preventScroll: true });
    if (place >= 0) showCard(card, () => virtualizer.scrollToIndex(place, { align: "auto" }));
    // The order may change afterwards without anybody wishing to be elsewhere.
  }, [focusWish]);
  return (
    <BoardContext value={state.board}>
      <div
        ref={list}
        role="feed"
        aria-label="What waits for you"
        className="relative"
        style={{ height: virtualizer.getTotalSize() }}
        onFocus={(event) => {
          const id = event.target.closest("[data-entry]")?.getAttribute("data-entry") ?? null;
          if (id !== null) state.setActiveId(id);
        }}
      >
        {virtualizer.getVirtualItems().map(({ index, key, start }) => {
          const entry = known[order[index] ?? ""];
          if (entry === undefined) return null;
          return (
            <div
              key={key}
              ref={virtualizer.measureElement}
              data-index={index}
              className="absolute inset-x-0 top-0"
              style={{ transform: `translateY(${start - top}px)` }}
            >
              <Listed
                entry={entry}
                number={index + 1}
                total={order.length}
                isActive={entry.id === activeId}
                isSelected={state.selected.has(entry.id)}
                isOffered={isWaiting(entry.id) && inBatch(entry, state.board.scope).length > 0}
                onToggle={state.toggle}
              />
            </div>
          );
        })}
      </div>
    </BoardContext>
  );
}

interface ListedProps {
  entry: InboxEntry;
  number: number;
  total: number;
  isActive: boolean;
  isSelected: boolean;
  isOffered: boolean;
  onToggle: (id: string) => void;
}

/** A card of the list; scrolling moves it and draws nothing in it anew. */
const Listed = memo(function Listed({ entry, isSelected, isOffered, onToggle, ...place }: ListedProps) {
  const select = (
    <EntrySelect
      number={place.number}
      isSelected={isSelected}
      isOffered={isOffered}
      onToggle={() => onToggle(entry.id)}
    />
  );
  return <EntryCard entry={entry} place={{ ...place, select }} />;
});

/** The places of those that stay on the page wherever it is scrolled: what is focused, and what is being written. */
function useHeld({ order, activeId, board }: BoardState): readonly number[] {
  const ref = useRef<readonly number[]>([]);
  const next = [activeId, board.open?.entryId].flatMap((id) => {
    const place = id === null || id === undefined ? -1 : order.indexOf(id);
    return place < 0 ? [] : [place];
  });
  if (next.join() !== ref.current.join()) ref.current = next;
  return ref.current;
}

/** Scrolls only as far as needed; a card that is not drawn yet is found by its place. */
function showCard(card: HTMLElement | null, scrollToPlace: () => void): void {
  if (card === null) {
    scrollToPlace();
    return;
  }
  const { top, bottom, height } = card.getBoundingClientRect();
  const room = window.innerHeight - HEAD_PX;
  if (top < HEAD_PX || height > room) window.scrollBy({ top: top - HEAD_PX - GAP_PX });
  else if (bottom > window.innerHeight) window.scrollBy({ top: bottom - window.innerHeight + GAP_PX });
}
