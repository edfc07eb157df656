import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { AppError, type Check, type Effort, type GoalFields, MICROS_PER_DOLLAR } from "@bureau/protocol";
import type { Terminal } from "./terminal.ts";

const UNIT_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Options that say what a goal is. */
export interface FieldOptions {
  done?: string;
  check?: string[];
  constraint?: string[];
  budgetTokens?: number;
  /** Dollars. */
  budgetMoney?: number;
  budgetTime?: string;
  budgetTurns?: number;
  effort?: Effort;
}

/** The fields of a goal that the options name. */
export function readFields(options: FieldOptions): GoalFields {
  const budget = readBudget(options);
  return {
    ...(options.done === undefined ? {} : { done: options.done }),
    ...(options.check === undefined ? {} : { checks: options.check.map(readCheck) }),
    ...(options.constraint === undefined ? {} : { constraints: options.constraint }),
    ...(Object.keys(budget).length === 0 ? {} : { budget }),
    ...(options.effort === undefined ? {} : { effort: options.effort }),
  };
}

function readBudget(options: FieldOptions): NonNullable<GoalFields["budget"]> {
  return {
    ...(options.budgetTokens === undefined ? {} : { tokens: options.budgetTokens }),
    ...(options.budgetMoney === undefined
      ? {}
      : { micros: Math.max(1, Math.round(options.budgetMoney * MICROS_PER_DOLLAR)) }),
    ...(options.budgetTime === undefined ? {} : { timeMs: readTime("--budget-time", options.budgetTime) }),
    ...(options.budgetTurns === undefined ? {} : { turns: options.budgetTurns }),
  };
}

/** Milliseconds of a length of time such as `90m`, `2h` or `1h30m`. */
export function readTime(option: string, text: string): number {
  const parts = [
    ...text
      .trim()
      .toLowerCase()
      .matchAll(/(\d+(?:\.\d+)?)\s*([dhms])\s*/gy),
  ];
  const length = parts.reduce((sum, part) => sum + part[0].length, 0);
  const ms = Math.round(parts.reduce((sum, part) => sum + Number(part[1]) * (UNIT_MS[part[2] ?? ""] ?? 0), 0));
  if (ms > 0 && Number.isSafeInteger(ms) && length === text.trim().length) return ms;
  throw new AppError("invalid", `${option} cannot be "${text.slice(0, 40)}".`, {
    hint: "Write a length of time with its unit, such as 90m or 2h.",
  });
}

/**
 * A check as a person writes it in one line: `command: test -s report.md`, `file: report.md contains ## Risks`,
 * `http: https://example.com/health 200`, `judge: …`, `person: owner`.
 */
export function readCheck(text: string): Check {
  const match = /^\s*(command|file|http|query|judge|person)\s*:\s*([\s\S]*\S)\s*$/i.exec(text);
  const [kind, value] = [match?.[1]?.toLowerCase(), match?.[2]];
  if (kind === undefined || value === undefined) {
    throw new AppError("invalid", `The check "${text.slice(0, 80)}" does not say its kind.`, {
      hint: 'Write it as "command: test -s report.md", "file: report.md contains Risks", "http: URL 200", "judge: …" or "person: owner".',
    });
  }
  switch (kind) {
    case "command":
      return { command: value };
    case "file":
      return readFileCheck(value);
    case "http":
      return readHttpCheck(value);
    case "query":
      return { query: value };
    case "judge":
      return { judge: value };
    default:
      return { person: value };
  }
}

function readFileCheck(value: string): Check {
  const match = /^(.*?\S)\s+(contains|matches|exists|is missing)(?:\s+([\s\S]+))?$/i.exec(value);
  const [path, verb, rest] = [match?.[1], match?.[2]?.toLowerCase(), match?.[3]];
  if (path === undefined || verb === undefined) return { file: { path: value, exists: true } };
  if (verb === "exists") return { file: { path, exists: true } };
  if (verb === "is missing") return { file: { path, exists: false } };
  if (rest === undefined) {
    throw new AppError("invalid", `The check "file: ${value.slice(0, 80)}" does not say what the file ${verb}.`, {
      hint: `Write it as "file: ${path} ${verb} TEXT".`,
    });
  }
  const text = unquoted(rest.trim());
  return verb === "contains" ? { file: { path, contains: text } } : { file: { path, matches: text } };
}

function readHttpCheck(value: string): Check {
  const match = /^(\S+)(?:\s+(\d{3}))?(?:\s+contains\s+([\s\S]+))?$/i.exec(value);
  const url = match?.[1];
  if (url === undefined || !URL.canParse(url)) {
    throw new AppError("invalid", `The check "http: ${value.slice(0, 80)}" has no address.`, {
      hint: 'Write it as "http: https://example.com/health 200".',
    });
  }
  return {
    http: {
      url,
      ...(match?.[2] === undefined ? {} : { status: Number(match[2]) }),
      ...(match?.[3] === undefined ? {} : { contains: unquoted(match[3].trim()) }),
    },
  };
}

function unquoted(text: string): string {
  return /^(["'])([\s\S]*)\1$/.exec(text)?.[2] ?? text;
}

/** The text of a file that a person named. */
export async function readGivenFile(terminal: Terminal, path: string): Promise<{ path: string; text: string }> {
  const whole = resolve(terminal.folder, path);
  try {
    return { path: whole, text: await readFile(whole, "utf8") };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new AppError(
      code === "ENOENT" ? "not_found" : "invalid",
      `The file ${whole} cannot be read: ${code ?? String(error)}.`,
      {
        hint: "Check the path.",
        cause: error,
      },
    );
  }
}
