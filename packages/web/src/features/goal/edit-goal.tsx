import type { Goal } from "@bureau/protocol";
import { Link } from "@tanstack/react-router";
import { Page } from "../../ui/page.tsx";
import { Empty } from "../../ui/states.tsx";
import { EditForm } from "./edit-form.tsx";
import { EditText } from "./edit-text.tsx";
import { GOAL_ABILITIES } from "./goal-abilities.ts";

const MODES = [
  { mode: "form", label: "Form" },
  { mode: "text", label: "Whole text" },
] as const;

/** A goal being edited, as a form or as its whole file. */
export function EditGoal({ goal, mode }: { goal: Goal; mode: "form" | "text" }) {
  return (
    <Page title={`Edit “${goal.title}”`} backTo={`/goals/${goal.id}`}>
      {GOAL_ABILITIES[goal.status].canEdit ? (
        <>
          <nav aria-label="How to edit" className="mb-4 inline-flex rounded-lg bg-sunken p-1">
            {MODES.map(({ mode: other, label }) => (
              <Link
                key={other}
                to="/goals/$goalId"
                params={{ goalId: goal.id }}
                search={{ edit: other } as never}
                replace
                aria-current={mode === other ? "page" : undefined}
                className="flex min-h-11 items-center rounded-md px-4 text-sm text-quiet aria-[current=page]:bg-raised aria-[current=page]:font-medium aria-[current=page]:text-ink aria-[current=page]:shadow-sm md:min-h-8"
              >
                {label}
              </Link>
            ))}
          </nav>
          {mode === "form" ? <EditForm goal={goal} /> : <EditText goal={goal} />}
        </>
      ) : (
        <Empty icon="goal" title="This goal is over">
          It cannot be changed any more. Set a new goal for what is left to do.
        </Empty>
      )}
    </Page>
  );
}
