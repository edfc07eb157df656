import { AppError } from "@bureau/protocol";
import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { Icon, type IconName } from "./icon.tsx";

/** What a screen says when it has nothing: what would be here, and how it comes to be. */
export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ReactNode }) {
  return (
    <div className="mx-auto flex max-w-sm flex-col items-center gap-2 px-4 py-16 text-center">
      <Icon name={icon} className="size-8 text-quiet" />
      <p className="font-medium">{title}</p>
      <div className="text-sm text-quiet">{children}</div>
    </div>
  );
}

/** Grey lines in the place of what is being loaded, of about its size, so that nothing jumps. */
export function Loading({ rows = 4, label = "Loading" }: { rows?: number; label?: string }) {
  return (
    <div role="status" aria-label={label} className="flex flex-col gap-3">
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="h-20 animate-pulse rounded-xl bg-sunken" />
      ))}
    </div>
  );
}

/** What failed, and what to do next. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <div role="alert" className="flex flex-col items-start gap-2 rounded-xl bg-bad-soft p-4 text-sm text-ink">
      <p className="font-medium text-wrap-anywhere">{messageOf(error)}</p>
      {error instanceof AppError && error.hint !== undefined ? (
        <p className="text-wrap-anywhere">{error.hint}</p>
      ) : null}
      {onRetry === undefined ? null : (
        <Button icon="undo" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "Something failed, and it did not say what.";
}
