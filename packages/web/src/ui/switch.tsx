import { clsx } from "clsx";
import { type ReactNode, useId } from "react";

interface SwitchProps {
  label: string;
  hint?: ReactNode;
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
}

/** Yes or no, taken at once. */
export function Switch({ label, hint, checked, disabled = false, onChange }: SwitchProps) {
  const id = useId();
  return (
    <div className="flex min-h-11 items-center gap-3">
      <label htmlFor={id} className={clsx("min-w-0 flex-1 cursor-pointer", disabled && "opacity-55")}>
        {label}
        {hint === undefined ? null : (
          <span id={`${id}-hint`} className="block text-sm text-quiet">
            {hint}
          </span>
        )}
      </label>
      <button
        id={id}
        type="button"
        role="switch"
        aria-checked={checked}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        disabled={disabled}
        onClick={() => onChange(!checked)}
        className="flex size-11 shrink-0 items-center justify-center disabled:opacity-55"
      >
        <span
          className={clsx(
            "flex h-6 w-11 items-center rounded-full border px-0.5 transition-colors",
            checked ? "justify-end border-accent bg-accent" : "justify-start border-strong-line bg-sunken",
          )}
        >
          <span className={clsx("size-4.5 rounded-full", checked ? "bg-on-accent" : "bg-strong-line")} />
        </span>
      </button>
    </div>
  );
}
