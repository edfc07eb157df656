import type { Effect } from "@bureau/protocol";
import { useQuery } from "@tanstack/react-query";
import { visibleText } from "../../lib/visible-text.ts";
import { queries } from "../../live/load.ts";
import { useNow } from "../../lib/use-now.ts";
import { useFreshEffects, useNewest } from "./fresh-effects.ts";
import { undoOf } from "./undo.ts";
import { Countdown, UndoButton } from "./undo-button.tsx";

const MAX_SHOWN = 3;

/** What will go out in a moment and can still be stopped. */
export function UndoStrip() {
  useFreshEffects();
  const query = useQuery(queries.effectsUnderWay);
  const held = (query.data?.effects ?? []).filter((effect) => effect.undoUntil !== null);
  return held.length === 0 ? null : <Running effects={held} />;
}

function Running({ effects }: { effects: readonly Effect[] }) {
  const now = useNow("fine");
  const running = effects.filter((effect) => undoOf(effect, now)?.kind === "stop");
  if (running.length === 0) return null;
  return (
    <section
      aria-label="Going out soon"
      className="pointer-events-auto w-full max-w-176 divide-y divide-line rounded-xl border border-strong-line bg-raised shadow-lg"
    >
      {running.slice(0, MAX_SHOWN).map((effect) => (
        <Row key={effect.id} effect={effect} />
      ))}
      {running.length > MAX_SHOWN ? (
        <p className="px-3 py-2 text-sm text-quiet">{running.length - MAX_SHOWN} more are under “Done outside”.</p>
      ) : null}
    </section>
  );
}

function Row({ effect: fetched }: { effect: Effect }) {
  const effect = useNewest(fetched);
  if (effect.status !== "approved") return null;
  return (
    <div className="flex items-center gap-3 p-2 pl-3">
      <div className="min-w-0 flex-1">
        <p className="truncate text-sm font-medium">{visibleText(effect.title)}</p>
        <Countdown effect={effect} />
      </div>
      <UndoButton effect={effect} />
    </div>
  );
}
