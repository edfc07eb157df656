import type { Effect } from "@bureau/protocol";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../../lib/session.ts";
import { useNow } from "../../lib/use-now.ts";
import { Button } from "../../ui/button.tsx";
import { toast, toastFailure } from "../../ui/toast.tsx";
import { type Undo, undoOf } from "./undo.ts";

const SECOND_MS = 1_000;

/** The way back from an effect, with the seconds that are left for it. Nothing where there is none. */
export function UndoButton({ effect }: { effect: Effect }) {
  const isRunning = effect.status === "approved" && effect.undoUntil !== null;
  return isRunning ? <RunningUndo effect={effect} /> : <UndoNow effect={effect} now={0} />;
}

function RunningUndo({ effect }: { effect: Effect }) {
  return <UndoNow effect={effect} now={useNow("fine")} />;
}

function UndoNow({ effect, now }: { effect: Effect; now: number }) {
  const queries = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const undo = undoOf(effect, now);
  if (undo === null) return null;
  const press = async () => {
    setBusy(true);
    try {
      const undone = await client.undoEffect({ params: { effectId: effect.id } });
      toast(undone.status === "taken_back" ? "Stopped. It was not done." : "Taken back.");
    } catch (error) {
      toastFailure(error);
    } finally {
      await queries.invalidateQueries({ queryKey: ["effects"] });
      setBusy(false);
    }
  };
  return (
    <Button icon="undo" busy={isBusy} onClick={() => void press()}>
      {undo.kind === "take_back" ? "Take back" : "Undo"}
    </Button>
  );
}

/** `will be sent in 8 s`, with a bar that runs down. */
export function Countdown({ effect }: { effect: Effect }) {
  const now = useNow("fine");
  const undo = undoOf(effect, now);
  if (undo?.kind !== "stop") return <span className="text-sm text-quiet">Being done …</span>;
  return (
    <span className="flex flex-col gap-1 text-sm">
      <span className="tabular-nums">Goes out in {Math.ceil(undo.leftMs / SECOND_MS)} s</span>
      <Bar undo={undo} />
    </span>
  );
}

function Bar({ undo }: { undo: Extract<Undo, { kind: "stop" }> }) {
  const share = Math.max(0, Math.min(1, undo.leftMs / undo.wholeMs));
  return (
    <span aria-hidden className="block h-1 w-full min-w-24 overflow-hidden rounded-full bg-sunken">
      <span
        className="block h-full origin-left rounded-full bg-warn transition-transform duration-1000 ease-linear"
        style={{ transform: `scaleX(${share})` }}
      />
    </span>
  );
}
