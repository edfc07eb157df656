import type { Goal } from "@bureau/protocol";
import { Meter } from "../../ui/meter.tsx";
import { Section } from "../../ui/page.tsx";
import { budgetUses } from "./budget-use.ts";

/** What the goal has used, against its caps where it has some. */
export function BudgetSection({ goal }: { goal: Goal }) {
  const uses = budgetUses(goal.budget, goal.usage);
  return (
    <Section title="Budget used">
      <dl className="flex flex-col gap-3 rounded-xl border border-line bg-raised p-4">
        {uses.map(({ key, label, words, share }) => (
          <div key={key} className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 text-sm">
            <dt className="text-quiet">{label}</dt>
            <dd className="text-right tabular-nums">
              {words}
              {share === null ? null : <span className="text-quiet"> · {Math.round(share * 100)}%</span>}
            </dd>
            {share === null ? null : (
              <dd className="col-span-2 mt-1">
                <Meter share={share} label={`${label} used`} words={words} />
              </dd>
            )}
          </div>
        ))}
      </dl>
    </Section>
  );
}
