import { Link } from "@tanstack/react-router";
import { GoalFilters } from "../features/goal/goal-filters.tsx";
import type { GoalFilter, GoalGroup } from "../features/goal/goal-groups.ts";
import { GoalList } from "../features/goal/goal-list.tsx";
import { useGoalList } from "../features/goal/use-goals.ts";
import { useKept } from "../lib/use-kept.ts";
import { Button, buttonClass } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { Page } from "../ui/page.tsx";
import { Empty, Failure, Loading } from "../ui/states.tsx";

const NO_FILTER: GoalFilter = { agentId: "", text: "" };
const NONE_UNFOLDED: readonly GoalGroup[] = [];

const EXAMPLES = [
  "Every weekday at 8:00 there is a short note of what changed in this folder",
  "report.md names the three largest risks of the launch, each with a source",
  "No invoice in the folder “incoming” is older than a week without a reply",
];

/** All goals by how they stand, those that need a person first. */
export function GoalsScreen() {
  const [filter, setFilter] = useKept("goals.filter", NO_FILTER);
  const [unfolded, setUnfolded] = useKept("goals.unfolded", NONE_UNFOLDED);
  const { open, over, goals, rows, agents } = useGoalList(filter, unfolded);
  const isFiltered = filter.text.trim() !== "" || filter.agentId !== "";
  const isLoading = open.isPending || (over.isPending && goals.length === 0);
  const fold = (group: GoalGroup) =>
    setUnfolded((now) => (now.includes(group) ? now.filter((one) => one !== group) : [...now, group]));
  const failed = open.error ?? over.error;
  return (
    <Page title="Goals" actions={<NewGoalLink />}>
      {goals.length === 0 ? null : <GoalFilters filter={filter} agents={agents} onChange={setFilter} />}
      {failed === null ? null : (
        <div className="mt-3">
          <Failure
            error={failed}
            onRetry={() => {
              void open.refetch();
              void over.refetch();
            }}
          />
        </div>
      )}
      {rows.length > 0 ? <GoalList rows={rows} onFold={fold} /> : null}
      {rows.length === 0 && isLoading && failed === null ? <Loading rows={5} label="Loading goals" /> : null}
      {rows.length === 0 && !isLoading && goals.length > 0 ? (
        <Empty icon="search" title="No goal is like that">
          <Button onClick={() => setFilter(NO_FILTER)}>Show all goals</Button>
        </Empty>
      ) : null}
      {goals.length === 0 && !isLoading && failed === null ? <FirstGoal /> : null}
      <div className="mt-3 flex flex-wrap gap-2">
        {open.hasNextPage ? (
          <Button busy={open.isFetchingNextPage} onClick={() => void open.fetchNextPage()}>
            {isFiltered ? "Look through older goals" : "Show older goals"}
          </Button>
        ) : null}
        {over.hasNextPage && (unfolded.length > 0 || isFiltered) ? (
          <Button busy={over.isFetchingNextPage} onClick={() => void over.fetchNextPage()}>
            Show older ones that are over
          </Button>
        ) : null}
      </div>
    </Page>
  );
}

function NewGoalLink() {
  return (
    <Link to="/goals/new" className={buttonClass("primary")}>
      <Icon name="plus" className="size-4.5 shrink-0" />
      New goal
    </Link>
  );
}

/** What stands there before there is any goal: how to set the first one. */
function FirstGoal() {
  return (
    <>
      <Empty icon="goal" title="Set your first goal">
        Say what should be true when it is done. An agent works on it, and Bureau checks that it is so. Take one of
        these to begin with, or write your own.
      </Empty>
      <ul className="mx-auto flex max-w-xl flex-col gap-2">
        {EXAMPLES.map((text) => (
          <li key={text}>
            <Link
              to="/goals/new"
              search={{ text } as never}
              className="flex min-h-13 items-center gap-3 rounded-xl border border-line bg-raised px-4 py-3 hover:border-strong-line"
            >
              <span className="min-w-0 flex-1">{text}</span>
              <Icon name="forward" className="size-4 shrink-0 text-quiet" />
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}
