import { AppError, ERROR_CODES, type ErrorBody } from "@bureau/protocol";
import type { z } from "zod";
import type { AppContext, AppParts } from "./app-parts.ts";
import { RateLimited } from "./token-buckets.ts";

const MAX_ISSUES = 20;
const MAX_ISSUE_CHARACTERS = 300;

/** The reply for any error. One that is not an `AppError` is ours: it is told to `onFault` and hidden. */
export function errorReply(context: AppContext, error: unknown, onFault: AppParts["onFault"]): Response {
  const requestId = context.get("requestId");
  const known = error instanceof AppError ? error : hidden(requestId);
  if (known.code === "internal") {
    onFault({ requestId, method: context.req.method, path: context.req.path, error });
  }
  const body: ErrorBody = {
    error: {
      code: known.code,
      message: known.message,
      ...(known.hint === undefined ? {} : { hint: known.hint }),
      requestId,
      ...(known.issues === undefined ? {} : { issues: known.issues }),
    },
  };
  if (error instanceof RateLimited) context.header("retry-after", String(error.retryAfterSeconds));
  return context.json(body, ERROR_CODES[known.code].status);
}

/** What is wrong with a part of a request, as an `invalid` error that lists each place. */
export function invalidInput(part: string, error: z.ZodError): AppError {
  const issues = error.issues.slice(0, MAX_ISSUES).map((issue) => ({
    path: shorten([part, ...issue.path.map(String)].join(".")),
    message: shorten(issue.message),
  }));
  const first = issues[0];
  const more = error.issues.length > 1 ? ` And ${error.issues.length - 1} more.` : "";
  return new AppError(
    "invalid",
    `The request is not valid. ${first?.path ?? part}: ${first?.message ?? "wrong"}.${more}`,
    {
      hint: "See /api/openapi.json for what this address takes.",
      issues,
    },
  );
}

function hidden(requestId: string): AppError {
  return new AppError("internal", "Something went wrong inside Bureau.", {
    hint: `The log has the details under ${requestId}.`,
  });
}

function shorten(text: string): string {
  return text.length <= MAX_ISSUE_CHARACTERS ? text : `${text.slice(0, MAX_ISSUE_CHARACTERS)}…`;
}
