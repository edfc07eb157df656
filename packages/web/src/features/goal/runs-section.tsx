import type { Run } from "@bureau/protocol";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { formatAgo, formatCount, formatDuration, formatMoney, formatWhole } from "../../lib/format.ts";
import { useNow } from "../../lib/use-now.ts";
import { RUN_LOOKS } from "../../status.ts";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { Section } from "../../ui/page.tsx";
import { Failure } from "../../ui/states.tsx";
import { runDurationMs, sayTrigger } from "./run-words.ts";
import type { useRuns } from "./use-goal.ts";

/** The goal's runs, the newest first, each with what it came to and what it took. */
export function RunsSection({ runs, query }: ReturnType<typeof useRuns>) {
  return (
    <Section title="Runs">
      {query.error === null ? null : <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {runs.length === 0 && query.error === null ? (
        <p className="min-h-16 text-sm text-quiet">
          {query.isPending ? "" : "No run yet. One begins when the goal does."}
        </p>
      ) : (
        <ol className="divide-y divide-line rounded-xl border border-line bg-raised">
          {runs.map((run) => (
            <li key={run.id}>
              <RunRow run={run} />
            </li>
          ))}
        </ol>
      )}
      {query.hasNextPage ? (
        <Button
          kind="quiet"
          className="mt-2"
          busy={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Show older runs
        </Button>
      ) : null}
    </Section>
  );
}

const RunRow = memo(function RunRow({ run }: { run: Run }) {
  const now = useNow();
  const duration = runDurationMs(run, now);
  const facts = [
    duration === null ? null : formatDuration(duration),
    `${formatCount(run.usage.tokens)} tokens`,
    formatMoney(run.usage.micros),
  ];
  return (
    <Link to="/runs/$runId" params={{ runId: run.id }} className="block px-4 py-3 hover:bg-sunken">
      <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Badge look={RUN_LOOKS[run.status]} />
        <span className="text-sm text-quiet">{sayTrigger(run.trigger)}</span>
        <time
          dateTime={run.createdAt}
          title={formatWhole(run.createdAt)}
          className="ml-auto text-xs text-quiet tabular-nums"
        >
          {formatAgo(run.createdAt, now)}
        </time>
      </span>
      <span className="mt-1 line-clamp-2 block text-wrap-anywhere">{run.sentence}</span>
      <span className="mt-0.5 block text-xs text-quiet tabular-nums">
        {facts.filter((fact) => fact !== null).join(" · ")}
        {run.rehearsal ? " · rehearsal" : ""}
      </span>
    </Link>
  );
});
