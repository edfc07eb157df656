import { AppError } from "@bureau/protocol";
import { messageOf } from "../ui/states.tsx";

/** What failed and what to do next, in one line for beside a field. */
export function problemOf(error: unknown): string {
  if (!(error instanceof AppError)) return messageOf(error);
  const issue = error.issues?.[0];
  const what = issue === undefined ? error.message : `${error.message} ${issue.path}: ${issue.message}.`;
  return error.hint === undefined ? what : `${what} ${error.hint}`;
}
