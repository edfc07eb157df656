import { clsx } from "clsx";

interface ChoiceProps<T extends string | number> {
  label: string;
  options: readonly { value: T; label: string }[];
  value: T;
  onChange: (value: T) => void;
}

/** One of a few, side by side. */
export function Choice<T extends string | number>({ label, options, value, onChange }: ChoiceProps<T>) {
  return (
    <div role="group" aria-label={label} className="inline-flex rounded-lg border border-line bg-sunken p-0.5">
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
          className={clsx(
            "min-h-11 min-w-11 rounded-md px-3 text-sm font-medium md:min-h-8",
            option.value === value ? "bg-raised text-ink" : "text-quiet hover:text-ink",
          )}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}
