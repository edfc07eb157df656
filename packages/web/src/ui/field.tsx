import { clsx } from "clsx";
import { type ComponentProps, type ReactNode, useId } from "react";

const BOX =
  "w-full rounded-lg border border-strong-line bg-raised px-3 py-2 text-ink focus:outline-2 focus:outline-offset-0 focus:outline-accent";

interface FieldProps {
  label: string;
  hint?: ReactNode;
  /** What is wrong with it; told to who hears the screen too. */
  problem?: string | null;
  /** The label is only heard. */
  hideLabel?: boolean;
}

function Labelled({ id, label, hint, problem, hideLabel, children }: FieldProps & { id: string; children: ReactNode }) {
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className={hideLabel === true ? "sr-only" : "text-sm font-medium"}>
        {label}
      </label>
      {children}
      {hint === undefined ? null : (
        <p id={`${id}-hint`} className="text-sm text-quiet">
          {hint}
        </p>
      )}
      {problem ? (
        <p id={`${id}-problem`} role="alert" className="text-sm text-bad">
          {problem}
        </p>
      ) : null}
    </div>
  );
}

function described(id: string, { hint, problem }: FieldProps): Record<string, unknown> {
  const ids = [hint === undefined ? null : `${id}-hint`, problem ? `${id}-problem` : null].filter(
    (one) => one !== null,
  );
  return {
    "aria-describedby": ids.length === 0 ? undefined : ids.join(" "),
    "aria-invalid": problem ? true : undefined,
  };
}

export function TextField({
  label,
  hint,
  problem,
  hideLabel,
  className,
  ...rest
}: FieldProps & ComponentProps<"input">) {
  const id = useId();
  const field = { label, hint, problem: problem ?? null, hideLabel: hideLabel ?? false };
  return (
    <Labelled id={id} {...field}>
      <input id={id} type="text" {...described(id, field)} {...rest} className={clsx(BOX, "min-h-11", className)} />
    </Labelled>
  );
}

/** Grows with what is written, up to two thirds of the screen. */
export function TextArea({
  label,
  hint,
  problem,
  hideLabel,
  className,
  ...rest
}: FieldProps & ComponentProps<"textarea">) {
  const id = useId();
  const field = { label, hint, problem: problem ?? null, hideLabel: hideLabel ?? false };
  return (
    <Labelled id={id} {...field}>
      <textarea
        id={id}
        rows={3}
        {...described(id, field)}
        {...rest}
        className={clsx(BOX, "field-sizing-content max-h-[66dvh] min-h-11 resize-y", className)}
      />
    </Labelled>
  );
}

export function Select({
  label,
  hint,
  problem,
  hideLabel,
  className,
  children,
  ...rest
}: FieldProps & ComponentProps<"select">) {
  const id = useId();
  const field = { label, hint, problem: problem ?? null, hideLabel: hideLabel ?? false };
  return (
    <Labelled id={id} {...field}>
      <select id={id} {...described(id, field)} {...rest} className={clsx(BOX, "min-h-11", className)}>
        {children}
      </select>
    </Labelled>
  );
}
