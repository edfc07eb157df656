import type { Run, Thread } from "@bureau/protocol";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { Composer } from "../features/thread/composer.tsx";
import { Conversation } from "../features/thread/conversation.tsx";
import { openRunsOf } from "../features/thread/doing.ts";
import { Frame } from "../features/thread/frame.tsx";
import { preloadThread } from "../features/thread/preload.ts";
import { QueuedList } from "../features/thread/queued-list.tsx";
import { rowsOf } from "../features/thread/rows.ts";
import { RunStrip } from "../features/thread/run-strip.tsx";
import { useItems } from "../features/thread/use-items.ts";
import { queries } from "../live/load.ts";
import { watchThread } from "../live/stream.ts";
import { useLive, useView } from "../live/use-live.ts";
import { MoreMenu } from "../ui/menu.tsx";
import { Page } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";
import { toast } from "../ui/toast.tsx";

/** One conversation, and the place to take part in it. */
export function ThreadScreen() {
  const { threadId } = useParams({ from: "/shell/threads/$threadId" });
  const query = useQuery(queries.thread(threadId));
  const thread = useView((view) => view.threads[threadId]);
  useEffect(() => {
    preloadThread();
    watchThread(threadId);
    return () => watchThread(null);
  }, [threadId]);
  if (thread === undefined) {
    return (
      <Page title="Thread" backTo="/threads">
        {query.error ? <Failure error={query.error} onRetry={() => void query.refetch()} /> : <Loading />}
      </Page>
    );
  }
  return <LoadedThread key={threadId} thread={thread} />;
}

function LoadedThread({ thread }: { thread: Thread }) {
  useQuery(queries.threadRuns(thread.id));
  const agentName = useView((view) => view.agents[thread.agentId]?.name) ?? "the agent";
  const runs = useView((view) => view.runs);
  const openRuns = useMemo(() => openRunsOf(runs, thread.id), [runs, thread.id]);
  const drafts = useLive((live) => live.drafts);
  const { items, isLoaded, error, hasOlder, loadOlder, retry } = useItems(thread.id);
  const rows = useMemo(() => rowsOf({ items, drafts, openRuns }), [items, drafts, openRuns]);
  const openRun = openRuns[0] ?? null;
  return (
    <Frame
      title={thread.title}
      backTo="/threads"
      line={<ThreadLine thread={thread} agentName={agentName} />}
      actions={<ThreadMenu thread={thread} />}
    >
      {error === null ? null : (
        <div className="mx-auto w-full max-w-3xl px-4 md:px-8">
          <Failure error={error} onRetry={retry} />
        </div>
      )}
      {isLoaded || rows.length > 0 ? (
        <Conversation rows={rows} agentName={agentName} hasOlder={hasOlder} onOlder={loadOlder} />
      ) : (
        <div className="mx-auto w-full max-w-3xl min-h-0 flex-1 overflow-hidden px-4 pt-4 md:px-8">
          {error === null ? <Loading rows={6} /> : null}
        </div>
      )}
      {openRun === null ? null : <RunStrip key={openRun.id} run={openRun} />}
      <QueuedList threadId={thread.id} />
      <Composer
        threadId={thread.id}
        agentName={agentName}
        openRun={openRun}
        footnote={<ModelNote run={openRun ?? newestRun(runs, thread.id)} />}
      />
    </Frame>
  );
}

function ThreadLine({ thread, agentName }: { thread: Thread; agentName: string }) {
  const goalTitle = useView((view) => (thread.goalId === null ? undefined : view.goals[thread.goalId]?.title));
  useQuery({ ...queries.goal(thread.goalId ?? ""), enabled: thread.goalId !== null });
  return (
    <>
      <Link to="/agents/$agentId" params={{ agentId: thread.agentId }} className="hover:underline">
        {agentName}
      </Link>
      {thread.goalId === null ? null : (
        <Link to="/goals/$goalId" params={{ goalId: thread.goalId }} className="min-w-0 truncate hover:underline">
          Goal: {goalTitle ?? "…"}
        </Link>
      )}
    </>
  );
}

function ThreadMenu({ thread }: { thread: Thread }) {
  const navigate = useNavigate();
  const runs = useView((view) => view.runs);
  const newest = newestRun(runs, thread.id);
  return (
    <MoreMenu
      label="More"
      entries={[
        ...(newest === null
          ? []
          : [
              {
                label: "Open the last run",
                icon: "play" as const,
                onSelect: () => void navigate({ to: "/runs/$runId", params: { runId: newest.id } }),
              },
            ]),
        {
          label: "Copy the thread's id",
          icon: "copy",
          onSelect: () => void navigator.clipboard.writeText(thread.id).then(() => toast("Copied.")),
        },
      ]}
    />
  );
}

/** Which model answers here, and that it is a rehearsal if it is one. */
function ModelNote({ run }: { run: Run | null }) {
  const { data } = useQuery(queries.status);
  const model = run?.model ?? data?.model ?? null;
  if (run?.rehearsal ?? data?.rehearsal) return "Rehearsal: the model's words come from a recording.";
  return model === null ? "No model is set." : model;
}

function newestRun(runs: Readonly<Record<string, Run>>, threadId: string): Run | null {
  const own = Object.values(runs).filter((run) => run.threadId === threadId);
  return own.reduce<Run | null>(
    (newest, run) => (newest === null || run.createdAt > newest.createdAt ? run : newest),
    null,
  );
}
