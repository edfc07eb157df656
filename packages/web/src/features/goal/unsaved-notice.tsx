import type { Goal } from "@bureau/protocol";
import { Link } from "@tanstack/react-router";
import { readKept } from "../../lib/use-kept.ts";
import { buttonClass } from "../../ui/button.tsx";
import { GOAL_ABILITIES } from "./goal-abilities.ts";
import { changedKeys } from "./spec-form.ts";
import { editKey, type KeptEdit, type KeptText, textKey } from "./use-edit.ts";

/** Says that an edit of this goal lies there and was not saved. */
export function UnsavedNotice({ goal }: { goal: Goal }) {
  const form = readKept<KeptEdit>(editKey(goal.id));
  const text = readKept<KeptText>(textKey(goal.id));
  const edit =
    text !== null && text.mine !== text.base
      ? "text"
      : form !== null && changedKeys(form.base, form.mine).length > 0
        ? "form"
        : null;
  if (edit === null || !GOAL_ABILITIES[goal.status].canEdit) return null;
  return (
    <div className="mb-2 flex flex-wrap items-center justify-between gap-2 rounded-xl bg-info-soft px-4 py-2 text-sm">
      <p>There are changes of yours that are not saved.</p>
      <Link
        to="/goals/$goalId"
        params={{ goalId: goal.id }}
        search={{ edit } as never}
        className={buttonClass("plain")}
      >
        Go on editing
      </Link>
    </div>
  );
}
