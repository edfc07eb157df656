import type { Goal } from "@bureau/protocol";
import { useRouter } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { type Action, offerActions } from "../../actions/actions.ts";
import { client } from "../../lib/session.ts";
import { layThings, readLive } from "../../live/store.ts";
import { toast, toastFailure } from "../../ui/toast.tsx";
import { GOAL_ABILITIES } from "./goal-abilities.ts";

export type GoalActionName = "pause" | "resume" | "stop" | "check";

const ASK: Record<GoalActionName, (goal: string) => Promise<Goal>> = {
  pause: (goal) => client.pauseGoal({ params: { goal } }),
  resume: (goal) => client.resumeGoal({ params: { goal } }),
  stop: (goal) => client.stopGoal({ params: { goal } }),
  check: async (goal) => (await client.checkGoal({ params: { goal } })).goal,
};

const SAY: Record<GoalActionName, (goal: Goal) => string> = {
  pause: () => "Paused. Nothing more begins until you resume it.",
  resume: (goal) => (goal.status === "active" ? "It goes on." : goal.sentence),
  stop: () => "Stopped for good.",
  check: () => "The checks are run at the next safe point.",
};

/** What can be done with a goal now, by buttons, keys and the palette. One at a time. */
export function useGoalActions(goal: Goal | null, steer: () => void) {
  const router = useRouter();
  const [busy, setBusy] = useState<GoalActionName | null>(null);
  const act = async (name: GoalActionName) => {
    if (goal === null || busy !== null) return;
    setBusy(name);
    const askedAt = readLive().view.lastSeq;
    try {
      const changed = await ASK[name](goal.id);
      layThings("goals", [changed], askedAt);
      toast(SAY[name](changed));
    } catch (error) {
      toastFailure(error);
    } finally {
      setBusy(null);
    }
  };
  const edit = () => {
    if (goal !== null) void router.navigate(toEditing(goal.id));
  };
  const handlers = { act, edit, steer };
  const latest = useRef(handlers);
  latest.current = handlers;
  const status = goal?.status ?? null;
  useEffect(() => {
    if (status === null) return undefined;
    const { canPause, canResume, canCheck, canEdit } = GOAL_ABILITIES[status];
    const here = (given: Omit<Action, "group">): Action => ({ ...given, group: "Here" });
    const offered = [
      canPause &&
        here({
          id: "goal-pause",
          label: "Pause this goal",
          icon: "pause",
          keys: "p",
          run: () => latest.current.act("pause"),
        }),
      !canPause &&
        canResume &&
        here({
          id: "goal-resume",
          label: "Resume this goal",
          icon: "play",
          keys: "p",
          run: () => latest.current.act("resume"),
        }),
      here({
        id: "goal-steer",
        label: "Tell the agent something",
        icon: "send",
        keys: "s",
        run: () => latest.current.steer(),
      }),
      canEdit &&
        here({ id: "goal-edit", label: "Edit this goal", icon: "edit", keys: "e", run: () => latest.current.edit() }),
      canCheck &&
        here({
          id: "goal-check",
          label: "Check now",
          icon: "check",
          keys: "c",
          run: () => latest.current.act("check"),
        }),
    ];
    return offerActions(offered.filter((action) => action !== false));
  }, [status]);
  return { busy, act: (name: GoalActionName) => void act(name), edit };
}

/** Where a goal is edited: its own page, so that Back leaves the editor. */
export function toEditing(goalId: string) {
  return { to: "/goals/$goalId", params: { goalId }, search: { edit: "form" } as never } as const;
}
