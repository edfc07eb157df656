import { z } from "zod";

/**
 * Every kind of error that crosses a boundary: its HTTP status and its exit code.
 *
 * Exit codes: 0 done; 1 unexpected; 2 bad input; 3 not signed in or not allowed; 4 not found; 5 conflict;
 * 6 ended without reaching done; 7 waiting for a person.
 */
export const ERROR_CODES = {
  invalid: { status: 400, exit: 2 },
  unauthenticated: { status: 401, exit: 3 },
  forbidden: { status: 403, exit: 3 },
  not_found: { status: 404, exit: 4 },
  method_not_allowed: { status: 405, exit: 2 },
  conflict: { status: 409, exit: 5 },
  too_large: { status: 413, exit: 2 },
  limit_reached: { status: 429, exit: 6 },
  unavailable: { status: 503, exit: 1 },
  internal: { status: 500, exit: 1 },
} as const satisfies Record<string, { status: number; exit: number }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Exit codes of a command that did not fail but did not reach done either. */
export const EXIT_NOT_DONE = 6;
export const EXIT_WAITING = 7;

/** The shape of every error on the wire. */
export const ErrorBody = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
    requestId: z.string().optional(),
    issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  }),
});
export type ErrorBody = z.infer<typeof ErrorBody>;

export interface AppErrorOptions {
  /** What the reader can do next. */
  hint?: string;
  cause?: unknown;
  issues?: { path: string; message: string }[];
}

/** The one error that is meant for a reader. Its code decides HTTP status and exit code. */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly issues: { path: string; message: string }[] | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.issues = options.issues;
  }
}
