import type { Run } from "@bureau/protocol";
import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../../lib/session.ts";
import { queries } from "../../live/load.ts";
import { useView } from "../../live/use-live.ts";
import { RUN_LOOKS } from "../../status.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { toastFailure } from "../../ui/toast.tsx";
import { doingSentence } from "./doing.ts";

/** What the open run is doing, with the way to it and the button that stops it. */
export function RunStrip({ run }: { run: Run }) {
  useQuery({ ...queries.latestSteps(run.id, run.stepCount), enabled: run.status === "running" });
  const sentence = useView((view) => doingSentence(run, view.steps, view.toolCalls));
  const [isBusy, setBusy] = useState(false);
  const stop = async () => {
    setBusy(true);
    try {
      await client.cancelRun({ params: { runId: run.id } });
    } catch (error) {
      toastFailure(error);
      setBusy(false);
    }
  };
  return (
    <div className="mx-auto flex w-full max-w-3xl shrink-0 items-center gap-2 px-4 py-1 md:px-8">
      <Link
        to="/runs/$runId"
        params={{ runId: run.id }}
        className="flex min-h-11 min-w-0 flex-1 items-center gap-2 rounded-lg text-sm hover:bg-sunken md:min-h-9"
      >
        <Badge look={RUN_LOOKS[run.status]} />
        <span role="status" className="min-w-0 truncate text-quiet">
          {sentence}
        </span>
      </Link>
      <Button icon="stop" kind="danger" busy={isBusy} onClick={() => void stop()}>
        Stop
      </Button>
    </div>
  );
}
