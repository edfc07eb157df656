import { Dialog as BaseDialog } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import { IconButton } from "./button.tsx";

interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: ReactNode;
  children: ReactNode;
}

/** A sheet from below on a phone, a box in the middle elsewhere. Closed by Escape, a press beside it, or its button. */
export function Dialog({ open, onClose, title, description, children }: DialogProps) {
  return (
    <BaseDialog.Root open={open} onOpenChange={(isOpen) => (isOpen ? undefined : onClose())}>
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className="fixed inset-0 z-40 bg-ink/40" />
        <BaseDialog.Popup className="fixed inset-x-0 bottom-0 z-50 max-h-[92dvh] overflow-y-auto rounded-t-2xl border border-line bg-raised p-4 pb-[max(1rem,env(safe-area-inset-bottom))] shadow-xl md:inset-x-auto md:top-1/2 md:bottom-auto md:left-1/2 md:w-[34rem] md:-translate-x-1/2 md:-translate-y-1/2 md:rounded-2xl">
          <div className="mb-2 flex items-start justify-between gap-2">
            <BaseDialog.Title className="pt-1.5 text-lg font-semibold text-wrap-anywhere">{title}</BaseDialog.Title>
            <BaseDialog.Close render={<IconButton icon="close" label="Close" />} />
          </div>
          {description === undefined ? null : (
            <BaseDialog.Description className="mb-3 text-sm text-quiet">{description}</BaseDialog.Description>
          )}
          {children}
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  );
}
