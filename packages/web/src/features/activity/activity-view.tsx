import { useMemo } from "react";
import { useNow } from "../../lib/use-now.ts";
import { Button } from "../../ui/button.tsx";
import { Empty, Failure, Loading } from "../../ui/states.tsx";
import { activityRows } from "./activity-days.ts";
import { ActivityRows } from "./activity-list.tsx";
import { type ActivityFilter, useActivity } from "./use-activity.ts";

/** What happened, newest first. What happens meanwhile waits behind a button, so that nothing moves while it is read. */
export function ActivityView({ filter }: { filter: ActivityFilter }) {
  const { pages, entries, waiting, hasManyWaiting, showNew } = useActivity(filter);
  const now = useNow();
  const rows = useMemo(() => activityRows(entries, now), [entries, now]);
  const retry = () => void (pages.data === undefined ? pages.refetch() : pages.fetchNextPage());
  return (
    <>
      <div aria-live="polite" className="pointer-events-none sticky top-16 z-10 flex h-0 justify-center">
        {waiting > 0 ? (
          <Button
            kind="primary"
            className="pointer-events-auto -mt-2 rounded-full shadow-lg"
            onClick={() => {
              showNew();
              window.scrollTo({ top: 0 });
            }}
          >
            {hasManyWaiting ? `${waiting} or more new` : `${waiting} new`}
          </Button>
        ) : null}
      </div>
      {rows.length > 0 ? <ActivityRows rows={rows} /> : null}
      {pages.isPending && pages.error === null ? <Loading rows={6} label="Loading what happened" /> : null}
      {pages.error === null ? null : (
        <div className="mt-3">
          <Failure error={pages.error} onRetry={retry} />
        </div>
      )}
      {rows.length === 0 && !pages.isPending && !pages.hasNextPage && pages.error === null ? (
        <Empty icon="activity" title="Nothing like that has happened">
          What agents and people do is told here, in sentences.
        </Empty>
      ) : null}
      {pages.hasNextPage ? (
        <div className="mt-3">
          <Button busy={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            Show older
          </Button>
        </div>
      ) : null}
    </>
  );
}
