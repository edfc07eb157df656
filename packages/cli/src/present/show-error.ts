import { AppError, ERROR_CODES } from "@bureau/protocol";
import type { Terminal } from "../terminal.ts";
import { cleanText } from "./text.ts";

const UNEXPECTED = 1;

/** Says what went wrong on standard error, with what to do below it. Returns the exit code. */
export function showError(terminal: Terminal, error: unknown): number {
  if (error instanceof AppError) {
    terminal.err(`${cleanText(error.message)}\n`);
    for (const issue of error.issues ?? []) terminal.err(`  ${cleanText(issue.path)}: ${cleanText(issue.message)}\n`);
    if (error.hint !== undefined) terminal.err(`  ${cleanText(error.hint)}\n`);
    return ERROR_CODES[error.code].exit;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  terminal.err(`Something unexpected went wrong. This is a fault in Bureau.\n${cleanText(text)}\n`);
  return UNEXPECTED;
}
