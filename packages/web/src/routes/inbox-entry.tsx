import { covers, type InboxEntry } from "@bureau/protocol";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { decide, forgetAct, useActs } from "../features/inbox/acts.ts";
import { type Board, BoardContext } from "../features/inbox/board-context.ts";
import { EntryCard } from "../features/inbox/entry-card.tsx";
import { EntryFacts } from "../features/inbox/entry-facts.tsx";
import { isWhole, useViewer } from "../features/inbox/use-inbox.ts";
import { AskSomebody } from "../features/people/ask-somebody.tsx";
import { UndoStrip } from "../features/effects/undo-strip.tsx";
import { startDecisions, useQueuedDecisions } from "../lib/decisions.ts";
import { isOffline } from "../lib/session.ts";
import { useSnapshot } from "../lib/use-snapshot.ts";
import { queries } from "../live/load.ts";
import { useView } from "../live/use-live.ts";
import { INBOX_LOOKS } from "../status.ts";
import { Page } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";

/** One entry, whole: nothing folded, with where it came from. */
export function InboxEntryScreen() {
  const { entryId } = useParams({ from: "/shell/inbox/$entryId" });
  const query = useQuery(queries.inboxEntry(entryId));
  const live = useView((view) => view.inbox[entryId]);
  const snapshot = useSnapshot(query.isError && isOffline(query.error));
  useQuery(queries.agents);
  useQuery(queries.goals);
  useEffect(startDecisions, []);
  const board = useOneEntryBoard();
  const known = live ?? snapshot?.entries.find(({ id }) => id === entryId);
  const entry = known !== undefined && isWhole(known) ? known : null;
  const title = entry === null ? "Inbox" : INBOX_LOOKS[entry.kind].label;
  return (
    <Page title={title} backTo="/" actions={entry === null ? undefined : <AskAbout entry={entry} />}>
      {entry === null && query.isError ? <Failure error={query.error} onRetry={() => void query.refetch()} /> : null}
      {entry === null && !query.isError ? <Loading rows={3} /> : null}
      {entry === null ? null : (
        <BoardContext value={board}>
          <EntryCard key={entry.id} entry={entry} isWhole />
          <EntryFacts entry={entry} />
          {entry.status === "pending" ? <AskSomebody entryId={entry.id} /> : null}
        </BoardContext>
      )}
      <div className="pointer-events-none fixed inset-x-0 bottom-16 z-20 flex flex-col items-center px-4 pb-[env(safe-area-inset-bottom)] md:bottom-4 md:pl-60">
        <UndoStrip />
      </div>
    </Page>
  );
}

/** Somebody without an account can be asked what they can decide. */
function AskAbout({ entry }: { entry: InboxEntry }) {
  const { data: session } = useQuery(queries.session);
  const isAskable = entry.status === "pending" && ["approval", "question", "sign_off"].includes(entry.kind);
  if (!isAskable || session === undefined || session.person.role === "guest" || !covers(session.scope, "full")) {
    return null;
  }
  return <AskSomebody entryId={entry.id} />;
}

/** After a decision it goes back to the list, where the next one waits; what failed stays. */
function useOneEntryBoard(): Board {
  const viewer = useViewer();
  const navigate = useNavigate();
  const acts = useActs();
  const waiting = useQueuedDecisions();
  const [open, setOpen] = useState<Board["open"]>(null);
  const queued = useMemo(() => Object.fromEntries(waiting.map((one) => [one.entryId, one])), [waiting]);
  return {
    scope: viewer.scope,
    by: viewer.name,
    acts,
    queued,
    open,
    openPanel: (entryId, panel) => {
      forgetAct(entryId);
      setOpen(panel === null ? null : { entryId, panel });
    },
    act: (entry, action) => {
      setOpen(null);
      void decide(entry, action, viewer.name).then(async (result) => {
        if (result === "done") await navigate({ to: "/" });
      });
    },
  };
}
