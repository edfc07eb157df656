import type { Goal } from "@bureau/protocol";
import { useEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { useKept } from "../../lib/use-kept.ts";
import { ConflictFields } from "./conflict-fields.tsx";
import { usePolicy } from "./constraints-section.tsx";
import { EditBar } from "./edit-bar.tsx";
import { rebase } from "./rebase.ts";
import { rulingOf } from "./rulings.ts";
import { changedFields, changedKeys, formOfSpec, type Problems, SPEC_LABELS, type SpecKey } from "./spec-form.ts";
import { SpecFields } from "./spec-fields.tsx";
import { editKey, type KeptEdit, useSaveEdit } from "./use-edit.ts";

function freshEdit(goal: Goal): KeptEdit {
  const form = formOfSpec(goal);
  return { version: goal.version, base: form, mine: form, conflicts: [], taken: [] };
}

/** A goal as a form. What is changed elsewhere meanwhile is taken over, or shown beside mine. */
export function EditForm({ goal }: { goal: Goal }) {
  const [kept, setEdit, forget] = useKept<KeptEdit | null>(editKey(goal.id), null);
  const [problems, setProblems] = useState<Problems>({});
  const { data: policy } = usePolicy(goal);
  const form = useRef<HTMLFormElement>(null);
  const { isSaving, error, clearError, save, close } = useSaveEdit(goal, forget);
  const edit = kept ?? freshEdit(goal);
  const isDirty = changedKeys(edit.base, edit.mine).length > 0;

  useEffect(() => {
    if (kept === null || kept.version === goal.version) return;
    const over = rebase(kept, formOfSpec(goal), goal.version);
    // What was open before stays open: the other text is the newest one.
    const conflicts = [...new Set([...over.conflicts, ...kept.conflicts])];
    setEdit({ ...over, conflicts, taken: [...new Set([...kept.taken, ...over.taken])] });
    clearError();
    // Only a new version of the goal is laid under the edit.
  }, [goal.version]);

  const submit = () => {
    const read = changedFields(edit.base, edit.mine);
    flushSync(() => setProblems(read.problems ?? {}));
    if (read.fields !== null) return save({ spec: read.fields, version: edit.version });
    form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  };
  const settle = (key: SpecKey, holds: "mine" | "theirs") =>
    setEdit({
      ...edit,
      mine: holds === "mine" ? edit.mine : { ...edit.mine, [key]: edit.base[key] },
      conflicts: edit.conflicts.filter((one) => one !== key),
    });
  const count = Object.keys(problems).length;
  const hint =
    edit.conflicts.length > 0
      ? "Say first which text holds, above."
      : count > 0
        ? `${count === 1 ? "One field needs" : `${count} fields need`} another look.`
        : null;
  return (
    <form
      ref={form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {edit.taken.length === 0 ? null : (
        <p role="status" className="mb-4 rounded-xl bg-info-soft px-4 py-3 text-sm text-info">
          Changed elsewhere meanwhile and taken over: {edit.taken.map((key) => SPEC_LABELS[key]).join(", ")}.
        </p>
      )}
      <ConflictFields edit={edit} onSettle={settle} />
      <SpecFields
        form={edit.mine}
        problems={problems}
        ruling={(text) => rulingOf(policy, goal.id, text)}
        onChange={(mine) => {
          if (count > 0) setProblems({});
          setEdit({ ...edit, mine });
        }}
      />
      <EditBar
        isDirty={isDirty}
        isSaving={isSaving}
        hint={hint}
        error={error}
        onClose={close}
        onDrop={() => {
          setProblems({});
          clearError();
          forget();
        }}
      />
    </form>
  );
}
