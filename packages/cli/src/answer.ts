import { AppError } from "@bureau/protocol";
import type { Call } from "./command-line.ts";

const MAX_LIMIT = 500;

/** Writes the answer: one JSON value where that is asked for, else the words for people. */
export function answer(call: Pick<Call, "terminal" | "options">, value: unknown, words: () => string): void {
  const text = call.options.json === true ? `${JSON.stringify(value)}\n` : words();
  call.terminal.out(text);
}

/** A list of words with commas, checked. */
export function readList<const Allowed extends readonly string[]>(
  option: string,
  text: string | undefined,
  allowed: Allowed,
): Allowed[number][] | undefined {
  if (text === undefined) return undefined;
  const words = text.split(",").map((word) => word.trim());
  const wrong = words.find((word) => !allowed.includes(word));
  if (wrong === undefined && words.length > 0) return words as Allowed[number][];
  throw new AppError("invalid", `${option} cannot be "${wrong ?? ""}".`, { hint: `Use ${allowed.join(", ")}.` });
}

export function readWhole(
  option: string,
  text: string | undefined,
  bounds: { min: number; max: number },
): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= bounds.min && value <= bounds.max) return value;
  throw new AppError("invalid", `${option} cannot be "${text.slice(0, 40)}".`, {
    hint: `Use a whole number from ${bounds.min} to ${bounds.max}.`,
  });
}

export function readLimit(text: string | undefined): { limit?: number } {
  const limit = readWhole("--limit", text, { min: 1, max: MAX_LIMIT });
  return limit === undefined ? {} : { limit };
}

export function argument(call: Pick<Call, "args">, index: number): string {
  const value = call.args[index];
  return typeof value === "string" ? value : "";
}
