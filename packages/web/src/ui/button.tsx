import { clsx } from "clsx";
import type { ComponentProps } from "react";
import { Icon, type IconName } from "./icon.tsx";

export const BUTTON_KINDS = ["primary", "plain", "quiet", "danger"] as const;
export type ButtonKind = (typeof BUTTON_KINDS)[number];

const LOOKS: Record<ButtonKind, string> = {
  primary: "bg-accent text-on-accent border-transparent hover:brightness-110",
  plain: "bg-raised text-ink border-line hover:border-strong-line",
  quiet: "bg-transparent text-quiet border-transparent hover:bg-sunken hover:text-ink",
  danger: "bg-raised text-bad border-line hover:border-bad",
};

/** The look of a button, also for links that act as one. At least 44 px for a thumb. */
export function buttonClass(kind: ButtonKind = "plain", className?: string): string {
  return clsx(
    "inline-flex min-h-11 items-center justify-center gap-2 rounded-lg border px-4 text-[0.9375rem] font-medium",
    "transition-colors disabled:opacity-55 aria-busy:opacity-70 md:min-h-9 md:px-3",
    LOOKS[kind],
    className,
  );
}

export interface ButtonProps extends ComponentProps<"button"> {
  kind?: ButtonKind;
  icon?: IconName;
  /** While true it cannot be pressed again and says so. */
  busy?: boolean;
}

export function Button({ kind, icon, busy = false, className, children, disabled, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={disabled === true || busy}
      aria-busy={busy || undefined}
      className={buttonClass(kind, className)}
    >
      {icon === undefined ? null : <Icon name={icon} className="size-4.5 shrink-0" />}
      {children}
    </button>
  );
}

/** A button that is only a picture; `label` is what it does. */
export function IconButton({
  icon,
  label,
  className,
  ...rest
}: ComponentProps<"button"> & { icon: IconName; label: string }) {
  return (
    <button
      type="button"
      {...rest}
      aria-label={label}
      title={label}
      className={clsx(
        "inline-flex size-11 shrink-0 items-center justify-center rounded-lg text-quiet transition-colors md:size-9",
        "hover:bg-sunken hover:text-ink disabled:opacity-55",
        className,
      )}
    >
      <Icon name={icon} />
    </button>
  );
}
