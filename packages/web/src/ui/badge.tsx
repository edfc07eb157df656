import { clsx } from "clsx";
import type { Look, Tone } from "../status.ts";
import { Icon } from "./icon.tsx";

export const TONE_CLASSES: Record<Tone, string> = {
  neutral: "bg-sunken text-quiet",
  good: "bg-accent-soft text-accent",
  info: "bg-info-soft text-info",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
};

/** A status in a word, with its picture and colour. */
export function Badge({ look, className }: { look: Look; className?: string }) {
  return (
    <span
      className={clsx(
        "inline-flex shrink-0 items-center gap-1 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap",
        TONE_CLASSES[look.tone],
        className,
      )}
    >
      <Icon name={look.icon} className="size-3.5" />
      {look.label}
    </span>
  );
}

export function CountBadge({ count, label }: { count: number; label: string }) {
  if (count === 0) return null;
  return (
    <span
      className="min-w-5 rounded-full bg-accent px-1.5 text-center text-xs leading-5 font-semibold text-on-accent tabular-nums"
      aria-label={`${count} ${label}`}
    >
      {count > 99 ? "99+" : count}
    </span>
  );
}
