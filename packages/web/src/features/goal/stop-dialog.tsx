import type { Goal } from "@bureau/protocol";
import { useQuery } from "@tanstack/react-query";
import { queries } from "../../live/load.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { useRuns, useWaiting } from "./use-goal.ts";

interface StopDialogProps {
  goal: Goal;
  open: boolean;
  onClose: () => void;
  onStop: () => void;
}

/** Asks before a goal is given up, and says what that ends. */
export function StopDialog({ goal, open, onClose, onStop }: StopDialogProps) {
  return (
    <Dialog open={open} onClose={onClose} title={`Stop “${goal.title}” for good?`}>
      {open ? <WhatStops goal={goal} /> : null}
      <div className="mt-4 flex flex-col-reverse gap-2 md:flex-row md:justify-end">
        <Button onClick={onClose}>Keep it</Button>
        <Button kind="danger" icon="stop" onClick={onStop}>
          Stop for good
        </Button>
      </div>
    </Dialog>
  );
}

function WhatStops({ goal }: { goal: Goal }) {
  const { runs } = useRuns(goal.id);
  const waiting = useWaiting(goal.id);
  const below = useQuery(queries.goalsBelow(goal.id));
  const open = runs.filter(({ status }) => status === "queued" || status === "running" || status === "waiting").length;
  const parts = below.data?.goals.length ?? 0;
  const lines = [
    open > 0 && (open === 1 ? "Its run is canceled at once." : `Its ${open} runs are canceled at once.`),
    waiting.length > 0 &&
      (waiting.length === 1
        ? "The decision that waits in the inbox is closed."
        : `${waiting.length} decisions that wait in the inbox are closed.`),
    parts > 0 && (parts === 1 ? "The goal below it is stopped too." : `The ${parts} goals below it are stopped too.`),
    goal.kind === "standing" && "It does not come up again by itself.",
    "What is done already stays as it is, and its files stay.",
    "A stopped goal cannot go on; you would set a new one. To go on later, pause it.",
  ];
  return (
    <ul className="list-disc space-y-1 pl-5">
      {lines
        .filter((line) => line !== false)
        .map((line) => (
          <li key={line}>{line}</li>
        ))}
    </ul>
  );
}
