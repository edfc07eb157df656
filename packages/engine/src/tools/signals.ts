import { AppError } from "@bureau/protocol";
import { z } from "zod";
import { parseDuration } from "../domain/duration.ts";
import { defineTool } from "./tool.ts";
import type { Tool } from "./tool.ts";

/** Calls that the loop answers itself, by these names; they are never executed. */
export const ASK_PERSON = "ask_person";
export const REQUEST_CHECK = "request_check";
export const REPORT_BLOCKED = "report_blocked";

const MAX_TEXT_CHARACTERS = 4000;
const MAX_CHOICES = 9;
const MIN_ASSUMPTION_MS = 60_000;
const MAX_ASSUMPTION_MS = 30 * 24 * 60 * 60_000;

function isAssumptionTime(text: string): boolean {
  const ms = parseDuration(text);
  return ms !== null && ms >= MIN_ASSUMPTION_MS && ms <= MAX_ASSUMPTION_MS;
}

export const askPerson = signal(
  ASK_PERSON,
  "Asks the person and waits for the answer. Only for a decision that is theirs; look up yourself what you can.",
  z
    .strictObject({
      question: z.string().min(1).max(MAX_TEXT_CHARACTERS),
      choices: z.array(z.string().min(1).max(200)).max(MAX_CHOICES).optional(),
      assumption: z.string().max(MAX_TEXT_CHARACTERS).optional().describe("what you would assume"),
      assume_after: z
        .string()
        .max(40)
        .refine(isAssumptionTime, { message: "must be a time from 1m to 30d, such as 2h" })
        .optional()
        .describe("go on with the assumption when nobody answered by then, such as 2h"),
    })
    .refine((args) => args.assume_after === undefined || (args.assumption ?? "").trim() !== "", {
      message: "must be given when assume_after is",
      path: ["assumption"],
    }),
);

export const requestCheck = signal(
  REQUEST_CHECK,
  "Asks the runtime to check the goal. Call it when you believe the goal is reached; only the check can end it.",
  z.strictObject({}),
);

export const reportBlocked = signal(
  REPORT_BLOCKED,
  "Reports an obstacle that you cannot remove. It counts only when the same obstacle came up three turns in a row.",
  z.strictObject({ reason: z.string().min(1).max(MAX_TEXT_CHARACTERS) }),
);

function signal<Args>(name: string, description: string, parameters: z.ZodType<Args>): Tool<Args> {
  return defineTool({
    name,
    description,
    parameters,
    effect: "read",
    idempotent: true,
    execute: () =>
      Promise.reject(new AppError("internal", `The loop answers ${name} itself, but it was executed as a tool.`)),
  });
}
