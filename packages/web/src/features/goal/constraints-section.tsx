import { type Goal, type ListedRule, TERMINAL_GOAL_STATUSES } from "@bureau/protocol";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../../lib/session.ts";
import { queries } from "../../live/load.ts";
import { Button } from "../../ui/button.tsx";
import { Section } from "../../ui/page.tsx";
import { toast, toastFailure } from "../../ui/toast.tsx";
import { RulingWords } from "./ruling-words.tsx";
import { grantedRules, rulingOf, sayRules } from "./rulings.ts";

/** Rules change with the version of their goal. */
export function usePolicy(goal: Goal) {
  return useQuery({
    ...queries.policyRules,
    queryKey: [...queries.policyRules.queryKey, goal.id, goal.version],
    placeholderData: keepPreviousData,
  });
}

/** What the agent must not do: what Bureau holds it to, what is only advice, and what was allowed on cards. */
export function ConstraintsSection({ goal }: { goal: Goal }) {
  const { data, refetch } = usePolicy(goal);
  const granted = grantedRules(data, goal.id);
  if (goal.constraints.length === 0 && granted.length === 0) {
    return (
      <Section title="Constraints">
        <p className="text-sm text-quiet">None. Anything that reaches outside is asked for first all the same.</p>
      </Section>
    );
  }
  return (
    <Section title="Constraints">
      <ul className="divide-y divide-line rounded-xl border border-line bg-raised">
        {goal.constraints.map((text, index) => (
          <li key={`${index} ${text}`} className="px-4 py-3">
            <p className="text-wrap-anywhere">{text}</p>
            <div className={TERMINAL_GOAL_STATUSES.includes(goal.status) ? undefined : "min-h-6"}>
              <RulingWords ruling={rulingOf(data, goal.id, text)} />
            </div>
          </li>
        ))}
        {granted.map((rule) => (
          <li key={rule.id} className="px-4 py-3">
            <GrantedRule rule={rule} onRemoved={() => void refetch()} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function GrantedRule({ rule, onRemoved }: { rule: ListedRule; onRemoved: () => void }) {
  const [isBusy, setBusy] = useState(false);
  const remove = async () => {
    setBusy(true);
    try {
      await client.removePolicyRule({ params: { ruleId: rule.id } });
      toast("The rule is gone. Such calls are judged anew.");
      onRemoved();
    } catch (error) {
      toastFailure(error);
      setBusy(false);
    }
  };
  return (
    <div className="flex flex-wrap items-center gap-2">
      <div className="min-w-0 flex-1 basis-48">
        <p className="text-wrap-anywhere">{rule.text || sayRules([rule])}</p>
        <p className="text-sm text-quiet">
          {rule.createdBy === null ? "Set for this goal" : `Said by ${rule.createdBy}`}:{" "}
          {sayRules([rule]).toLowerCase()}
        </p>
      </div>
      {rule.createdBy === null ? null : (
        <Button kind="quiet" busy={isBusy} onClick={() => void remove()}>
          Remove
        </Button>
      )}
    </div>
  );
}
