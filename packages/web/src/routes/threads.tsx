import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { NewConversation } from "../features/thread/new-conversation.tsx";
import { preloadThread } from "../features/thread/preload.ts";
import { ThreadList } from "../features/thread/thread-list.tsx";
import { queries } from "../live/load.ts";
import { useView } from "../live/use-live.ts";
import { Button } from "../ui/button.tsx";
import { Page } from "../ui/page.tsx";
import { Empty, Failure, Loading } from "../ui/states.tsx";

/** The list itself comes first. */
const PRELOAD_AFTER_MS = 300;

/** All conversations, the last changed first. */
export function ThreadsScreen() {
  const query = useQuery(queries.threads);
  useQuery(queries.openRuns);
  useQuery(queries.goals);
  const hasThreads = useView((view) => Object.keys(view.threads).length > 0);
  useEffect(() => {
    const timer = window.setTimeout(preloadThread, PRELOAD_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, []);
  const [isNewOpen, setNewOpen] = useState(false);
  return (
    <Page
      title="Threads"
      actions={
        <Button kind="primary" icon="plus" onClick={() => setNewOpen(true)}>
          New conversation
        </Button>
      }
    >
      {query.error ? <Failure error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.isPending && !hasThreads ? <Loading rows={6} /> : null}
      {hasThreads ? <ThreadList /> : null}
      {query.isSuccess && !hasThreads ? (
        <Empty icon="thread" title="No conversations yet">
          Begin one with an agent, or set a goal: each goal has a thread of its own.
        </Empty>
      ) : null}
      {isNewOpen ? <NewConversation onClose={() => setNewOpen(false)} /> : null}
    </Page>
  );
}
