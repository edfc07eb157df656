import type { ReactNode } from "react";
import { Button } from "../../ui/button.tsx";
import { Failure } from "../../ui/states.tsx";

interface EditBarProps {
  isDirty: boolean;
  isSaving: boolean;
  /** Why it cannot be saved yet. */
  hint: string | null;
  error: unknown;
  onDrop: () => void;
  onClose: () => void;
}

/** Save, drop or leave, always in reach. It stands in a form, which saves. */
export function EditBar({ isDirty, isSaving, hint, error, onDrop, onClose }: EditBarProps): ReactNode {
  return (
    <div className="sticky bottom-14 z-10 -mx-4 mt-6 flex flex-wrap items-center gap-2 border-t border-line bg-paper px-4 py-3 md:bottom-0 md:mx-0 md:px-0">
      {error === null ? null : (
        <div className="w-full">
          <Failure error={error} />
        </div>
      )}
      <Button kind="primary" icon="check" type="submit" busy={isSaving} disabled={!isDirty || hint !== null}>
        Save
      </Button>
      <Button disabled={isSaving} onClick={onClose}>
        {isDirty ? "Leave for now" : "Close"}
      </Button>
      {isDirty ? (
        <Button kind="quiet" icon="undo" disabled={isSaving} onClick={onDrop}>
          Drop my changes
        </Button>
      ) : null}
      {hint === null ? null : (
        <p role="alert" className="w-full text-sm text-bad md:w-auto">
          {hint}
        </p>
      )}
    </div>
  );
}
