import { useWindowVirtualizer } from "@tanstack/react-virtual";
import type { Effect } from "@bureau/protocol";
import { memo, useRef } from "react";
import { useOffsetTop } from "../../lib/use-offset-top.ts";
import { EffectCard } from "./effect-card.tsx";

const CARD_PX = 150;
const GAP_PX = 12;
const OVERSCAN = 5;

/** The ledger; only what is near the screen is there. */
export function EffectsList({ effects }: { effects: readonly Effect[] }) {
  const box = useRef<HTMLDivElement>(null);
  const top = useOffsetTop(box);
  const virtualizer = useWindowVirtualizer({
    count: effects.length,
    estimateSize: () => CARD_PX,
    getItemKey: (index) => effects[index]?.id ?? index,
    gap: GAP_PX,
    overscan: OVERSCAN,
    scrollMargin: top,
  });
  return (
    <div
      ref={box}
      role="feed"
      aria-label="Done outside"
      className="relative"
      style={{ height: virtualizer.getTotalSize() }}
    >
      {virtualizer.getVirtualItems().map(({ index, key, start }) => {
        const effect = effects[index];
        return effect === undefined ? null : (
          <div
            key={key}
            ref={virtualizer.measureElement}
            data-index={index}
            className="absolute inset-x-0 top-0"
            style={{ transform: `translateY(${start - top}px)` }}
          >
            <Listed effect={effect} />
          </div>
        );
      })}
    </div>
  );
}

const Listed = memo(EffectCard);
