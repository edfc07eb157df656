import { clsx } from "clsx";
import type { ReactNode } from "react";
import { Icon } from "./icon.tsx";

interface DetailsProps {
  summary: ReactNode;
  /** Unfolded from the beginning; a person folds it as they like. */
  isOpen?: boolean;
  className?: string;
  children: ReactNode;
}

/** Something that is there on demand, behind one line with an arrow. */
export function Details({ summary, isOpen = false, className, children }: DetailsProps) {
  return (
    <details className={clsx("group/details", className)} open={isOpen || undefined}>
      <summary className="flex min-h-11 cursor-pointer list-none items-center gap-1.5 rounded-lg text-sm text-quiet hover:text-ink md:min-h-8 [&::-webkit-details-marker]:hidden">
        <Icon name="forward" className="size-4 shrink-0 transition-transform group-open/details:rotate-90" />
        {summary}
      </summary>
      {children}
    </details>
  );
}
