import type { DecisionScope, InboxEntry } from "@bureau/protocol";
import { covers } from "@bureau/protocol";
import { useId, useState } from "react";
import { submitByKeys } from "../../lib/hotkeys.ts";
import { useView } from "../../live/use-live.ts";
import { Button } from "../../ui/button.tsx";
import { InertBox } from "../../ui/inert-box.tsx";
import { decisionFor, useBoard } from "./board-context.ts";
import { readDetail } from "./detail.ts";
import { ruleSentences } from "./words.ts";

type Reach = Exclude<DecisionScope, "once">;

const LABELS: Record<Reach, string> = {
  run: "For this run",
  goal: "For this goal",
  rule: "From now on, as a rule",
};

/** A decision that also holds for later. The rule stands there in words before it is made. */
export function RulePanel({ entry }: { entry: InboxEntry }) {
  const { act, openPanel, scope: own } = useBoard();
  const group = useId();
  const [reach, setReach] = useState<Reach>("run");
  const agent = useView((view) => (entry.agentId === null ? undefined : view.agents[entry.agentId]));
  const goal = useView((view) => (entry.goalId === null ? undefined : view.goals[entry.goalId]));
  const { action } = readDetail(entry);
  if (action === null) return null;
  const offered = (["run", "goal", "rule"] as const).filter(
    (one) => !(one === "goal" && entry.goalId === null) && !(one === "rule" && !covers(own, "full")),
  );
  const wish = { scope: reach, action, agentName: agent?.name ?? "The agent", goalTitle: goal?.title ?? null };
  const decide = (decision: "approve" | "deny") => act(entry, decisionFor(entry, decision, { scope: reach }));
  return (
    <div onKeyDown={submitByKeys(() => openPanel(entry.id, null))} className="flex flex-col gap-3">
      <fieldset className="flex flex-wrap gap-x-4">
        <legend className="text-sm font-medium">How long does your decision hold?</legend>
        {offered.map((one, index) => (
          <label key={one} className="flex min-h-11 items-center gap-2 md:min-h-9">
            <input
              type="radio"
              name={group}
              className="size-4 accent-accent"
              checked={reach === one}
              autoFocus={index === 0}
              onChange={() => setReach(one)}
            />
            {LABELS[one]}
          </label>
        ))}
      </fieldset>
      <InertBox caption="Approving makes this rule, also after content from outside">
        <ul>
          {ruleSentences({ ...wish, isApproval: true }).map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      </InertBox>
      <p className="text-sm text-quiet">
        Denying makes the opposite rule: the same is refused without asking. Rules can be taken away again in settings.
      </p>
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" icon="check" onClick={() => decide("approve")}>
          Approve and make the rule
        </Button>
        <Button kind="danger" icon="close" onClick={() => decide("deny")}>
          Deny and make the rule
        </Button>
        <Button kind="quiet" onClick={() => openPanel(entry.id, null)}>
          Cancel
        </Button>
      </div>
    </div>
  );
}
