import type { Run } from "@bureau/protocol";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { formatCount, formatDuration, formatMoney, formatWhole } from "../../lib/format.ts";
import { useView } from "../../live/use-live.ts";
import { RUN_LOOKS } from "../../status.ts";
import { Badge } from "../../ui/badge.tsx";
import { Icon } from "../../ui/icon.tsx";

/** Who runs what, why it was begun, how it stands, and what it has used. */
export function RunHeader({ run, sentence }: { run: Run; sentence: string }) {
  const agentName = useView((view) => view.agents[run.agentId]?.name);
  const goalTitle = useView((view) => (run.goalId === null ? undefined : view.goals[run.goalId]?.title));
  return (
    <div className="flex flex-col gap-3">
      <p className="flex flex-wrap items-center gap-2">
        <Badge look={RUN_LOOKS[run.status]} />
        <span className="min-w-0 text-wrap-anywhere">{sentence}</span>
      </p>
      {run.rehearsal ? (
        <p className="flex items-start gap-2 rounded-lg bg-info-soft px-3 py-2 text-sm text-info">
          <Icon name="undo" className="mt-0.5 size-4 shrink-0" />
          This is a rehearsal: the model's words come from a recording. Everything else is real.
        </p>
      ) : null}
      <dl className="grid grid-cols-2 gap-x-4 gap-y-2 text-sm md:grid-cols-4">
        <Fact name="Agent">
          <Link to="/agents/$agentId" params={{ agentId: run.agentId }} className="text-accent underline">
            {agentName ?? "An agent"}
          </Link>
        </Fact>
        <Fact name="Goal">
          {run.goalId === null ? (
            "None"
          ) : (
            <Link to="/goals/$goalId" params={{ goalId: run.goalId }} className="text-accent underline">
              {goalTitle ?? "A goal"}
            </Link>
          )}
        </Fact>
        <Fact name="Begun by">{run.trigger.replaceAll(/[._]/g, " ")}</Fact>
        <Fact name="Begun">{run.startedAt === null ? "Not yet" : formatWhole(run.startedAt)}</Fact>
        <Fact name="At work">{formatDuration(run.usage.activeMs)}</Fact>
        <Fact name="Used">
          {formatCount(run.usage.tokens)} tokens, {formatMoney(run.usage.micros)}
        </Fact>
        <Fact name="Model">{run.model ?? "None yet"}</Fact>
        <Fact name="Taken up">{run.epoch === 1 ? "once" : `${run.epoch} times`}</Fact>
      </dl>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-xs text-quiet">{name}</dt>
      <dd className="text-wrap-anywhere">{children}</dd>
    </div>
  );
}
