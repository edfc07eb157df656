import { type Budget, MICROS_PER_DOLLAR } from "@bureau/protocol";
import { type Document, isMap, Scalar } from "yaml";
import { durationText, parseDuration } from "../domain/duration.ts";
import type { FieldReader } from "./goal-file-fields.ts";

/** Keys of a budget in a file, and those of the protocol. `toolCalls` is read too. */
const KEYS = {
  tokens: "tokens",
  money: "micros",
  time: "timeMs",
  turns: "turns",
  tool_calls: "toolCalls",
} as const satisfies Record<string, keyof Budget>;
type FileKey = keyof typeof KEYS;

const MULTIPLIERS: Record<string, number> = { "": 1, k: 1000, m: 1_000_000 };

export function readBudget(value: unknown, reader: FieldReader): Budget {
  if (value === null || value === undefined) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    return reader.fail(["budget"], "must be caps, such as { tokens: 200000, money: 2.00, time: 2h }");
  }
  const budget: Budget = {};
  for (const [key, amount] of Object.entries(value)) {
    const fileKey = key === "toolCalls" ? "tool_calls" : key;
    if (!isFileKey(fileKey)) {
      reader.warn(["budget", key], `is no cap; there are ${Object.keys(KEYS).join(", ")}`);
      continue;
    }
    if (amount === null) continue;
    const number = AMOUNTS[fileKey](amount);
    if (number === null || number <= 0 || !Number.isSafeInteger(number)) {
      reader.fail(["budget", key], `cannot be ${JSON.stringify(amount)}`, EXAMPLES[fileKey]);
    }
    budget[KEYS[fileKey]] = number;
  }
  return budget;
}

/** Sets the caps that changed in the document's budget and leaves the rest of it as it is written. */
export function writeBudget(document: Document, before: Budget, after: Budget): void {
  for (const key of Object.keys(KEYS) as FileKey[]) {
    const amount = after[KEYS[key]];
    if (amount === before[KEYS[key]]) continue;
    if (!isMap(document.get("budget", true))) document.set("budget", document.createNode({}, { flow: true }));
    if (key === "tool_calls") document.deleteIn(["budget", "toolCalls"]);
    if (amount === undefined) {
      document.deleteIn(["budget", key]);
      continue;
    }
    document.setIn(["budget", key], writtenAmount(key, amount));
  }
  const left = document.get("budget", true);
  if (isMap(left) && left.items.length === 0) document.delete("budget");
}

const AMOUNTS: Record<FileKey, (value: unknown) => number | null> = {
  tokens: readCount,
  money: readMoney,
  time: (value) => (typeof value === "string" ? parseDuration(value) : null),
  turns: readCount,
  tool_calls: readCount,
};

const EXAMPLES: Record<FileKey, string> = {
  tokens: "Write a whole number above zero, such as 200000 or 200k.",
  money: "Write dollars above zero, such as 2.00.",
  time: "Write a duration with its unit, such as 90s, 15m, 2h or 1h30m.",
  turns: "Write a whole number above zero, such as 40.",
  tool_calls: "Write a whole number above zero, such as 100.",
};

export function readCount(value: unknown): number | null {
  if (typeof value === "number") return value;
  const match = typeof value === "string" ? /^(\d[\d_,]*(?:\.\d+)?)\s*([km]?)$/i.exec(value.trim()) : null;
  if (match === null) return null;
  return Math.round(Number(match[1]?.replace(/[_,]/g, "")) * (MULTIPLIERS[match[2]?.toLowerCase() ?? ""] ?? 1));
}

export function readMoney(value: unknown): number | null {
  const text = typeof value === "string" ? /^\$?\s*(\d+(?:\.\d+)?)\s*(?:usd|\$)?$/i.exec(value.trim())?.[1] : undefined;
  const dollars = typeof value === "number" ? value : text === undefined ? null : Number(text);
  return dollars === null ? null : Math.round(dollars * MICROS_PER_DOLLAR);
}

function writtenAmount(key: FileKey, amount: number): unknown {
  if (key === "time") return durationText(amount);
  if (key !== "money") return amount;
  const scalar = new Scalar(amount / MICROS_PER_DOLLAR);
  scalar.minFractionDigits = 2;
  return scalar;
}

function isFileKey(key: string): key is FileKey {
  return Object.hasOwn(KEYS, key);
}
