import { type CapAmounts, type CapLimit, type Caps, type ScopeCaps } from "../domain/caps.ts";
import { readCount, readMoney } from "../goals/goal-file-budget.ts";
import type { FieldPath, FieldReader } from "../goals/goal-file-fields.ts";

const MAX_AGENTS = 500;

/** Amounts as the file names them. */
const AMOUNTS: Record<string, { limit: CapLimit; read: (value: unknown) => number | null; example: string }> = {
  tokens: { limit: "tokens", read: readCount, example: "Write a whole number above zero, such as 2000000 or 2m." },
  money: { limit: "micros", read: readMoney, example: "Write dollars above zero, such as 5.00." },
  runs: { limit: "runs", read: readCount, example: "Write a whole number above zero, such as 200." },
};
const TOTALS = ["tokens", "money"];
const BY_DAY = [...TOTALS, "runs"];

/** `caps: { day: {…}, workspace: {…}, agents: { <name>: { day: {…}, tokens, money } } }` */
export function readCaps(value: unknown, reader: FieldReader): Caps {
  const fields = keys(value, ["caps"], reader);
  requireKnown(fields, ["day", "workspace", "agents"], ["caps"], reader);
  const agents: Record<string, ScopeCaps> = {};
  const named = Object.entries(keys(fields["agents"], ["caps", "agents"], reader));
  if (named.length > MAX_AGENTS) reader.fail(["caps", "agents"], `has more than ${MAX_AGENTS} entries`);
  for (const [name, entry] of named) {
    const path = ["caps", "agents", name];
    const { day, ...total } = keys(entry, path, reader);
    agents[name] = {
      day: readAmounts(day, [...path, "day"], BY_DAY, reader),
      total: readAmounts(total, path, TOTALS, reader),
    };
  }
  return {
    workspace: {
      day: readAmounts(fields["day"], ["caps", "day"], BY_DAY, reader),
      total: readAmounts(fields["workspace"], ["caps", "workspace"], TOTALS, reader),
    },
    agents,
  };
}

function readAmounts(value: unknown, path: FieldPath, allowed: readonly string[], reader: FieldReader): CapAmounts {
  const found: CapAmounts = {};
  for (const [key, amount] of Object.entries(keys(value, path, reader))) {
    const kind = allowed.includes(key) ? AMOUNTS[key] : undefined;
    if (kind === undefined) {
      // A cap that is written and does not hold is worse than none.
      reader.fail([...path, key], `is no cap here; there are ${allowed.join(", ")}`);
    }
    if (amount === null) continue;
    const number = kind.read(amount);
    if (number === null || number <= 0 || !Number.isSafeInteger(number)) {
      reader.fail([...path, key], `cannot be ${JSON.stringify(amount)}`, kind.example);
    }
    found[kind.limit] = number;
  }
  return found;
}

function keys(value: unknown, path: FieldPath, reader: FieldReader): Record<string, unknown> {
  if (value === null || value === undefined) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    return reader.fail(path, "must be caps, such as { tokens: 2m, money: 5.00 }");
  }
  return value as Record<string, unknown>;
}

function requireKnown(
  values: Record<string, unknown>,
  known: readonly string[],
  path: FieldPath,
  reader: FieldReader,
): void {
  for (const key of Object.keys(values)) {
    if (!known.includes(key)) reader.fail([...path, key], `is no scope of caps; there are ${known.join(", ")}`);
  }
}
