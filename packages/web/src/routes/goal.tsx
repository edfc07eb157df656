import type { Goal } from "@bureau/protocol";
import { useParams, useSearch } from "@tanstack/react-router";
import { useRef } from "react";
import { ArtifactsSection } from "../features/goal/artifacts-section.tsx";
import { BriefSection } from "../features/goal/brief-section.tsx";
import { BudgetSection } from "../features/goal/budget-section.tsx";
import { ChecksSection } from "../features/goal/checks-section.tsx";
import { ConstraintsSection } from "../features/goal/constraints-section.tsx";
import { EditGoal } from "../features/goal/edit-goal.tsx";
import { UnsavedNotice } from "../features/goal/unsaved-notice.tsx";
import { FactsSection } from "../features/goal/facts-section.tsx";
import { GoalButtons } from "../features/goal/goal-buttons.tsx";
import { RunsSection } from "../features/goal/runs-section.tsx";
import { SteerSection } from "../features/goal/steer-section.tsx";
import { TasksSection } from "../features/goal/tasks-section.tsx";
import { useArtifacts, useGoal, useIsChecking, useRuns, useTasks, useWaiting } from "../features/goal/use-goal.ts";
import { useGoalActions } from "../features/goal/use-goal-actions.ts";
import { WaitingSection } from "../features/goal/waiting-section.tsx";
import { useView } from "../live/use-live.ts";
import { GOAL_LOOKS } from "../status.ts";
import { Badge } from "../ui/badge.tsx";
import { Page } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";

/** One goal: how it stands, what it found, what it cost, and everything that can be done with it. */
export function GoalScreen() {
  const { goalId }: { goalId?: string } = useParams({ strict: false });
  const search: Record<string, unknown> = useSearch({ strict: false });
  const { goal, query } = useGoal(goalId ?? "");
  if (goal === null) {
    return (
      <Page title="Goal" backTo="/goals">
        {query.error === null ? (
          <Loading rows={5} label="Loading the goal" />
        ) : (
          <Failure error={query.error} onRetry={() => void query.refetch()} />
        )}
      </Page>
    );
  }
  const editing = search["edit"];
  return editing === "form" || editing === "text" ? (
    <EditGoal key={goal.id} goal={goal} mode={editing} />
  ) : (
    <ShownGoal key={goal.id} goal={goal} />
  );
}

function ShownGoal({ goal }: { goal: Goal }) {
  const agent = useView((view) => view.agents[goal.agentId]);
  const field = useRef<HTMLTextAreaElement>(null);
  const steer = () => {
    // The palette gives the focus back to where it was before; that comes first.
    window.requestAnimationFrame(() => {
      field.current?.scrollIntoView({ block: "center" });
      field.current?.focus();
    });
  };
  const { busy, act, edit } = useGoalActions(goal, steer);
  const runs = useRuns(goal.id);
  const waiting = useWaiting(goal.id);
  const tasks = useTasks(goal.id);
  const artifacts = useArtifacts(goal.id);
  const isChecking = useIsChecking(runs.runs);
  return (
    <Page
      title={goal.title}
      backTo="/goals"
      width="wide"
      actions={<GoalButtons goal={goal} busy={busy} onAct={act} onEdit={edit} />}
    >
      <div className="mb-2 flex flex-wrap items-center gap-x-3 gap-y-1">
        <Badge look={GOAL_LOOKS[goal.status]} />
        <p role="status" className="min-w-0 flex-1 basis-60 text-quiet text-wrap-anywhere">
          {goal.sentence}
        </p>
      </div>
      <UnsavedNotice goal={goal} />
      <div className="lg:grid lg:grid-cols-[minmax(0,1fr)_21rem] lg:items-start lg:gap-x-8">
        <div className="min-w-0">
          <WaitingSection entries={waiting} />
          <SteerSection goal={goal} field={field} />
          <ChecksSection goal={goal} artifacts={artifacts} isChecking={isChecking} />
          <BriefSection goal={goal} />
          <RunsSection {...runs} />
        </div>
        <div className="min-w-0 max-lg:mt-6">
          <BudgetSection goal={goal} />
          <ConstraintsSection goal={goal} />
          <ArtifactsSection artifacts={artifacts} />
          <TasksSection tasks={tasks} />
          <FactsSection goal={goal} agent={agent} />
        </div>
      </div>
    </Page>
  );
}
