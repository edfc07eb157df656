import type { Goal } from "@bureau/protocol";
import { useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "../../ui/button.tsx";
import { type MenuEntry, MoreMenu } from "../../ui/menu.tsx";
import { GOAL_ABILITIES } from "./goal-abilities.ts";
import { StopDialog } from "./stop-dialog.tsx";
import type { GoalActionName } from "./use-goal-actions.ts";

interface GoalButtonsProps {
  goal: Goal;
  busy: GoalActionName | null;
  onAct: (name: GoalActionName) => void;
  onEdit: () => void;
}

/** What can be done with the goal: the one that is next at hand, the rest behind the dots where there is no room. */
export function GoalButtons({ goal, busy, onAct, onEdit }: GoalButtonsProps) {
  const router = useRouter();
  const [isStopping, setStopping] = useState(false);
  const can = GOAL_ABILITIES[goal.status];
  const entries: (MenuEntry | false)[] = [
    { label: "Open thread", icon: "thread", onSelect: () => void router.navigate(toThread(goal)) },
    can.canCheck && { label: "Check now", icon: "check", disabled: busy !== null, onSelect: () => onAct("check") },
    can.canEdit && { label: "Edit", icon: "edit", onSelect: onEdit },
    // A blocked goal can be tried again, and set aside too.
    goal.status === "blocked" && { label: "Pause", icon: "pause", onSelect: () => onAct("pause") },
    can.canStop && { label: "Stop for good", icon: "stop", isDanger: true, onSelect: () => setStopping(true) },
  ];
  return (
    <>
      {can.canCheck ? (
        <Button
          className="max-md:hidden"
          icon="check"
          busy={busy === "check"}
          disabled={busy !== null}
          onClick={() => onAct("check")}
        >
          Check now
        </Button>
      ) : null}
      {can.canEdit ? (
        <Button className="max-md:hidden" icon="edit" onClick={onEdit}>
          Edit
        </Button>
      ) : null}
      {can.canPause || can.canResume ? (
        <Button
          kind={can.canPause ? "plain" : "primary"}
          icon={can.canPause ? "pause" : "play"}
          busy={busy === "pause" || busy === "resume"}
          disabled={busy !== null}
          onClick={() => onAct(can.canPause ? "pause" : "resume")}
        >
          {can.canPause ? "Pause" : can.resumeLabel}
        </Button>
      ) : null}
      <MoreMenu label="More for this goal" entries={entries.filter((entry) => entry !== false)} />
      <StopDialog
        goal={goal}
        open={isStopping}
        onClose={() => setStopping(false)}
        onStop={() => {
          setStopping(false);
          onAct("stop");
        }}
      />
    </>
  );
}

export function toThread(goal: Goal) {
  return { to: "/threads/$threadId", params: { threadId: goal.threadId } } as const;
}
