import { type Run, TERMINAL_RUN_STATUSES, type View } from "@bureau/protocol";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { RunOutside } from "../features/run/outside.tsx";
import { ReplayPlayer } from "../features/run/replay-player.tsx";
import { RunActions, RunMenu } from "../features/run/run-actions.tsx";
import { RunHeader } from "../features/run/run-header.tsx";
import { loadExplanation, loadHistory } from "../features/run/run-queries.ts";
import { StepDetail, useItemsOf } from "../features/run/step-detail.tsx";
import { TimelineList } from "../features/run/timeline-list.tsx";
import { timelineOf } from "../features/run/timeline.ts";
import { doingSentence } from "../features/thread/doing.ts";
import { queries } from "../live/load.ts";
import { useView } from "../live/use-live.ts";
import { Button } from "../ui/button.tsx";
import { Card, Page, Section } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";

/** One execution of an agent: why, what, and at what cost; and its past, played again. */
export function RunScreen() {
  const { runId } = useParams({ from: "/shell/runs/$runId" });
  const query = useQuery(queries.run(runId));
  const run = useView((view) => view.runs[runId]);
  if (run === undefined) {
    return (
      <Page title="Run">
        {query.error ? <Failure error={query.error} onRetry={() => void query.refetch()} /> : <Loading />}
      </Page>
    );
  }
  return <LoadedRun key={runId} run={run} />;
}

function LoadedRun({ run }: { run: Run }) {
  useQuery(queries.thread(run.threadId));
  useQuery({ ...queries.goal(run.goalId ?? ""), enabled: run.goalId !== null });
  const title = useView((view) => view.threads[run.threadId]?.title);
  const sentence = useView((view) => (isOver(run) ? run.sentence : doingSentence(run, view.steps, view.toolCalls)));
  const agentName = useView((view) => view.agents[run.agentId]?.name) ?? "the agent";
  // While it is at work it is explained anew when it waits or goes on, and at each turn.
  const stamp = `${run.status} ${run.turn} ${isOver(run) ? run.stepCount : ""}`;
  const [isHistoryWanted, setHistoryWanted] = useState(false);
  const [isReplayOpen, setReplayOpen] = useState(false);
  const history = useQuery({
    queryKey: ["runs", run.id, "history", isOver(run)],
    queryFn: ({ signal }) => loadHistory(run.id, signal),
    enabled: isHistoryWanted,
    placeholderData: keepPreviousData,
  });
  const wantHistory = () => setHistoryWanted(true);
  return (
    <Page
      title={title === undefined ? "Run" : `Run: ${title}`}
      backTo={`/threads/${run.threadId}`}
      width="wide"
      actions={<RunMenu run={run} />}
    >
      <div className="flex flex-col gap-4">
        <RunHeader run={run} sentence={sentence} />
        <RunActions run={run} />
      </div>
      <Explained run={run} stamp={stamp} agentName={agentName} history={history} onWantHistory={wantHistory}>
        <Section
          title="Replay"
          actions={
            <Button
              icon={isReplayOpen ? "close" : "play"}
              aria-expanded={isReplayOpen}
              onClick={() => {
                wantHistory();
                setReplayOpen(!isReplayOpen);
              }}
            >
              {isReplayOpen ? "Close the replay" : "Replay this run"}
            </Button>
          }
        >
          {isReplayOpen ? <ReplayPart run={run} agentName={agentName} history={history} /> : null}
        </Section>
        <RunOutside runId={run.id} stamp={stamp} />
      </Explained>
    </Page>
  );
}

type HistoryQuery = ReturnType<typeof useQuery<Awaited<ReturnType<typeof loadHistory>>>>;

function ReplayPart({ run, agentName, history }: { run: Run; agentName: string; history: HistoryQuery }) {
  // What comes while it is open does not move what is being looked at.
  const [first, setFirst] = useState(history.data);
  if (first === undefined && history.data !== undefined) setFirst(history.data);
  if (history.error) return <Failure error={history.error} onRetry={() => void history.refetch()} />;
  if (first === undefined) return <Loading rows={3} />;
  if (first.events.length === 0) {
    return <p className="text-sm text-quiet">The events of this run are no longer kept, so it cannot be replayed.</p>;
  }
  return <ReplayPlayer runId={run.id} agentName={agentName} events={first.events} isCut={first.isCut} />;
}

interface ExplainedProps {
  run: Run;
  stamp: string;
  agentName: string;
  history: HistoryQuery;
  onWantHistory: () => void;
  children: React.ReactNode;
}

/** The run in one paragraph, then step by step. */
function Explained({ run, stamp, agentName, history, onWantHistory, children }: ExplainedProps) {
  const query = useQuery({
    queryKey: ["runs", run.id, "explanation", stamp],
    queryFn: ({ signal }) => loadExplanation(run.id, signal),
    placeholderData: keepPreviousData,
  });
  const steps = useView((view) => view.steps);
  const toolCalls = useView((view) => view.toolCalls);
  const entries = useMemo(
    () => timelineOf(query.data?.timeline ?? [], ownOf(steps, run.id), ownOf(toolCalls, run.id)),
    [query.data, steps, toolCalls, run.id],
  );
  const items = useItemsOf(run, history.data?.events);
  return (
    <>
      <Section title="What happened">
        <Card>
          {query.data === undefined ? (
            <div className="h-18 animate-pulse rounded-lg bg-sunken" role="status" aria-label="Loading" />
          ) : (
            <p className="inert-content max-w-prose">{query.data.text}</p>
          )}
        </Card>
        {query.error ? <Failure error={query.error} onRetry={() => void query.refetch()} /> : null}
      </Section>
      {children}
      <Section title={`Steps (${entries.length})`}>
        {entries.length === 0 && query.isPending ? <Loading /> : null}
        <TimelineList
          entries={entries}
          onOpen={onWantHistory}
          renderDetail={(entry) => (
            <StepDetail
              entry={entry}
              items={items}
              isLoading={history.data === undefined && !history.isError}
              error={history.error}
              agentName={agentName}
            />
          )}
        />
      </Section>
    </>
  );
}

function isOver(run: Run): boolean {
  return TERMINAL_RUN_STATUSES.includes(run.status);
}

function ownOf<T extends View["steps"][string] | View["toolCalls"][string]>(
  things: Readonly<Record<string, T>>,
  runId: string,
): T[] {
  return Object.values(things).filter((thing) => thing.runId === runId);
}
