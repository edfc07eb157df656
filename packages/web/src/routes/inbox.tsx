import { Tabs } from "@base-ui/react/tabs";
import { useEffect, useRef } from "react";
import { UndoStrip } from "../features/effects/undo-strip.tsx";
import { BatchBar } from "../features/inbox/batch-bar.tsx";
import { DecidedList } from "../features/inbox/decided-list.tsx";
import { InboxList } from "../features/inbox/inbox-list.tsx";
import { KeyHelp } from "../features/inbox/key-help.tsx";
import { QueueNotes } from "../features/inbox/queue-notes.tsx";
import { ReplyForm } from "../features/inbox/reply-form.tsx";
import { type Inbox, useInbox, useInboxCount } from "../features/inbox/use-inbox.ts";
import { useInboxKeys } from "../features/inbox/use-inbox-keys.ts";
import { useBoard } from "../features/inbox/use-board.ts";
import { startDecisions } from "../lib/decisions.ts";
import { formatClock, formatDay } from "../lib/format.ts";
import { useNow } from "../lib/use-now.ts";
import { Button } from "../ui/button.tsx";
import { Page } from "../ui/page.tsx";
import { Empty, Failure, Loading } from "../ui/states.tsx";

const TAB =
  "min-h-11 rounded-lg px-3 text-sm font-medium text-quiet data-active:bg-sunken data-active:text-ink hover:text-ink md:min-h-9";

/** Everything that waits for somebody, each decidable where it stands. */
export function InboxScreen() {
  const count = useInboxCount();
  const inbox = useInbox();
  useEffect(startDecisions, []);
  return (
    <Tabs.Root defaultValue="waiting">
      <Page
        title="Inbox"
        actions={
          <Tabs.List aria-label="Inbox" className="flex gap-1">
            <Tabs.Tab value="waiting" className={TAB}>
              Waiting {count > 0 ? count : null}
            </Tabs.Tab>
            <Tabs.Tab value="decided" className={TAB}>
              Decided
            </Tabs.Tab>
          </Tabs.List>
        }
      >
        <Tabs.Panel value="waiting" className="outline-none">
          <QueueNotes listed={inbox.pending} />
          <OldNotice asOf={inbox.asOf} />
          <Waiting inbox={inbox} />
        </Tabs.Panel>
        <Tabs.Panel value="decided" className="outline-none">
          <DecidedList />
        </Tabs.Panel>
      </Page>
    </Tabs.Root>
  );
}

/** Says of what is shown without a connection when it was true. */
function OldNotice({ asOf }: { asOf: string | null }) {
  const now = useNow();
  if (asOf === null) return null;
  const isToday = new Date(asOf).toDateString() === new Date(now).toDateString();
  return (
    <p role="status" className="mb-4 rounded-xl bg-warn-soft px-3 py-2 text-sm">
      This is the inbox as of {isToday ? "" : `${formatDay(asOf)}, `}
      {formatClock(asOf)}. What you decide now is checked again when it is sent.
    </p>
  );
}

function Waiting({ inbox }: { inbox: Inbox }) {
  const list = useRef<HTMLDivElement>(null);
  const state = useBoard(inbox, list);
  useInboxKeys(state, inbox.known);
  if (inbox.state === "failed") return <Failure error={inbox.error} onRetry={inbox.retry} />;
  if (inbox.state === "loading") return <Loading rows={5} label="Loading the inbox" />;
  const isEmpty = state.order.length === 0;
  return (
    <>
      {isEmpty ? (
        <Empty icon="inbox" title="Nothing waits for you">
          Approvals, questions and whatever has stopped come here.
        </Empty>
      ) : (
        <>
          {inbox.pending.length > 1 ? <ReplyForm order={state.order} known={inbox.known} /> : null}
          <KeyHelp />
          <InboxList state={state} known={inbox.known} list={list} />
          <ListEnd inbox={inbox} decided={state.decidedCount} onTidy={state.tidy} />
        </>
      )}
      <div className="pointer-events-none fixed inset-x-0 bottom-16 z-20 flex flex-col items-center gap-2 px-4 pb-[env(safe-area-inset-bottom)] md:bottom-4 md:pl-60">
        <UndoStrip />
        <BatchBar chosen={state.chosen} scope={state.board.scope} onDecide={state.decideChosen} onClear={state.clear} />
      </div>
    </>
  );
}

function ListEnd({ inbox, decided, onTidy }: { inbox: Inbox; decided: number; onTidy: () => void }) {
  return (
    <div className="mt-4 flex min-h-24 flex-col items-center gap-2 text-center text-sm text-quiet">
      {inbox.hasMore ? <p>More waits. It comes up when some of this is decided.</p> : null}
      {decided > 0 ? (
        <Button kind="quiet" onClick={onTidy}>
          Hide what is decided ({decided})
        </Button>
      ) : null}
    </div>
  );
}
