import { AppError } from "@bureau/protocol";

const UNIT_SECONDS = { m: 60, h: 60 * 60, d: 24 * 60 * 60, w: 7 * 24 * 60 * 60 } as const;

/** `30d` in seconds, as `--expires` gives it. */
export function readSpan(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number, unit] = /^(\d{1,6})([mhdw])$/.exec(text.trim()) ?? [];
  const seconds = Number(number) * (UNIT_SECONDS[unit as keyof typeof UNIT_SECONDS] ?? 0);
  if (seconds > 0) return seconds;
  throw new AppError("invalid", `--expires cannot be "${text.slice(0, 40)}".`, {
    hint: "Write a number and m, h, d or w: 12h, 30d.",
  });
}
