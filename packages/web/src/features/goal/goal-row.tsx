import type { Goal } from "@bureau/protocol";
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { formatAgo, formatWhole } from "../../lib/format.ts";
import { useNow } from "../../lib/use-now.ts";
import { GOAL_LOOKS } from "../../status.ts";
import { Badge } from "../../ui/badge.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Meter } from "../../ui/meter.tsx";
import { tightestUse } from "./budget-use.ts";

/** One goal of the list: what it is, how it stands in one sentence, who is at it, what it cost. */
export const GoalRow = memo(function GoalRow({
  goal,
  agentName,
  waiting,
}: {
  goal: Goal;
  agentName: string;
  waiting: number;
}) {
  return (
    <Link
      to="/goals/$goalId"
      params={{ goalId: goal.id }}
      className="block rounded-xl border border-line bg-raised px-4 py-3 hover:border-strong-line"
    >
      <span className="flex items-start justify-between gap-3">
        <span className="line-clamp-2 min-w-0 font-medium text-wrap-anywhere">{goal.title}</span>
        <Badge look={GOAL_LOOKS[goal.status]} className="mt-0.5" />
      </span>
      <span className="mt-0.5 line-clamp-2 text-sm text-quiet text-wrap-anywhere">{goal.sentence}</span>
      <span className="mt-2 flex min-h-5 flex-wrap items-center gap-x-3 gap-y-1 text-xs text-quiet">
        {waiting === 0 ? null : (
          <span className="inline-flex items-center gap-1 font-medium text-warn">
            <Icon name="inbox" className="size-3.5" />
            {waiting === 1 ? "1 decision" : `${waiting} decisions`}
          </span>
        )}
        <span className="max-w-28 truncate md:max-w-52">{agentName}</span>
        <BudgetUsed goal={goal} />
        <Age goal={goal} />
      </span>
    </Link>
  );
});

function BudgetUsed({ goal }: { goal: Goal }) {
  const use = tightestUse(goal.budget, goal.usage);
  if (use === null) return null;
  return (
    <span className="inline-flex items-center gap-1.5 tabular-nums">
      {use.share === null ? null : (
        <Meter share={use.share} label="Budget used" words={use.words} className="w-14 shrink-0" />
      )}
      {use.words}
    </span>
  );
}

function Age({ goal }: { goal: Goal }) {
  const now = useNow();
  const at = goal.endedAt ?? goal.createdAt;
  return (
    <time dateTime={at} title={formatWhole(at)} className="ml-auto tabular-nums">
      {formatAgo(at, now)}
    </time>
  );
}
