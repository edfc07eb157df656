import type { Agent, Goal } from "@bureau/protocol";
import { Link } from "@tanstack/react-router";
import { formatAgo, formatWhole } from "../../lib/format.ts";
import { useNow } from "../../lib/use-now.ts";
import { Section } from "../../ui/page.tsx";
import { EFFORT_WORDS } from "./spec-form.ts";

/** Who, when and where, in a list. */
export function FactsSection({ goal, agent }: { goal: Goal; agent: Agent | undefined }) {
  const now = useNow();
  return (
    <Section title="About this goal">
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5 text-sm [&_dt]:text-quiet">
        <dt>Agent</dt>
        <dd>
          <Link
            to="/agents/$agentId"
            params={{ agentId: goal.agentId }}
            className="-my-3 inline-flex min-h-11 items-center text-accent underline md:my-0 md:min-h-0"
          >
            {agent?.name ?? "Open"}
          </Link>
        </dd>
        <dt>How often</dt>
        <dd className="text-wrap-anywhere">
          {goal.cadence ?? (goal.on === null ? "once, until it is done" : `when ${goal.on}`)}
        </dd>
        {goal.effort === null ? null : (
          <>
            <dt>Effort</dt>
            <dd>{EFFORT_WORDS[goal.effort]}</dd>
          </>
        )}
        <dt>Set</dt>
        <dd>
          <time dateTime={goal.createdAt} title={formatWhole(goal.createdAt)}>
            {formatAgo(goal.createdAt, now)}
          </time>
        </dd>
        {goal.file === null ? null : (
          <>
            <dt>File</dt>
            <dd className="font-mono text-xs leading-5 text-wrap-anywhere">{goal.file}</dd>
          </>
        )}
        <dt>Version</dt>
        <dd className="tabular-nums">{goal.version}</dd>
        {goal.parentId === null ? null : (
          <>
            <dt>Part of</dt>
            <dd>
              <Link to="/goals/$goalId" params={{ goalId: goal.parentId }} className="text-accent underline">
                another goal
              </Link>
            </dd>
          </>
        )}
      </dl>
    </Section>
  );
}
