import { AppError, type EditGoal, type Goal } from "@bureau/protocol";
import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { client } from "../../lib/session.ts";
import { layThings, readLive } from "../../live/store.ts";
import { toast } from "../../ui/toast.tsx";
import type { Edit } from "./rebase.ts";
import type { SpecKey } from "./spec-form.ts";

/** An edit as form that is kept until it is saved; `conflicts` have to be decided first. */
export interface KeptEdit extends Edit {
  conflicts: SpecKey[];
  /** What was changed elsewhere and taken over, to be told. */
  taken: SpecKey[];
}

/** An edit of the whole file. */
export interface KeptText {
  version: number;
  base: string;
  mine: string;
}

export function editKey(goalId: string): string {
  return `goal.edit.${goalId}`;
}

export function textKey(goalId: string): string {
  return `goal.text.${goalId}`;
}

/** Saves an edit. Where the goal has moved on, it is read anew: nothing is written over it. */
export function useSaveEdit(goal: Goal, forget: () => void) {
  const router = useRouter();
  const queryClient = useQueryClient();
  const [isSaving, setSaving] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const close = () =>
    void router.navigate({ to: "/goals/$goalId", params: { goalId: goal.id }, search: {} as never, replace: true });
  const save = async (edit: EditGoal) => {
    setSaving(true);
    setError(null);
    const askedAt = readLive().view.lastSeq;
    try {
      const changed = await client.editGoal({ params: { goal: goal.id }, body: edit });
      layThings("goals", [changed], askedAt);
      forget();
      toast(changed.status === "active" ? "Saved. The agent goes on with what was changed." : "Saved.");
      close();
    } catch (reason) {
      setError(reason);
      if (reason instanceof AppError && reason.code === "conflict") {
        await queryClient.refetchQueries({ queryKey: ["goals", goal.id], exact: true });
      }
    } finally {
      setSaving(false);
    }
  };
  return { isSaving, error, clearError: () => setError(null), save: (edit: EditGoal) => void save(edit), close };
}
