import { clsx } from "clsx";

const NEAR = 0.8;

/** A thin bar that shows a share. Its words stand beside it, so that colour and length say nothing alone. */
export function Meter({
  share,
  label,
  words,
  className,
}: {
  share: number;
  label: string;
  words: string;
  className?: string;
}) {
  const percent = Math.round(Math.min(Math.max(share, 0), 1) * 100);
  return (
    <div
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={words}
      className={clsx("h-1.5 overflow-hidden rounded-full bg-line", className)}
    >
      <div
        className={clsx("h-full rounded-full", share >= 1 ? "bg-bad" : share >= NEAR ? "bg-warn" : "bg-accent")}
        style={{ width: `${percent}%` }}
      />
    </div>
  );
}
