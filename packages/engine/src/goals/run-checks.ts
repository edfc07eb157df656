import { type Check, type CheckKind, checkKind, describeCheck } from "@bureau/protocol";
import { checkCommand } from "./check-command.ts";
import { checkFile } from "./check-file.ts";
import { checkHttp } from "./check-http.ts";
import { checkJudge } from "./check-judge.ts";
import { checkPerson } from "./check-person.ts";
import type { CheckContext, Finding, Found, RunChecks } from "./checker.ts";

/** Characters of a detail that are kept, from both ends. */
const DETAIL_LENGTH = 4000;

export const runChecks: RunChecks = async (checks, context) => {
  const findings: Finding[] = [];
  for (const [index, check] of checks.entries()) findings.push(await runCheck(check, index, context));
  return findings;
};

type CheckOf<K extends CheckKind> = Extract<Check, Record<K, unknown>>;

const RUNNERS: { [K in CheckKind]: (check: CheckOf<K>, index: number, context: CheckContext) => Promise<Found> } = {
  command: checkCommand,
  file: (check, _index, context) => checkFile(check, context),
  http: (check, _index, context) => checkHttp(check, context),
  judge: (check, _index, context) => checkJudge(check, context),
  person: async (check, index, context) => checkPerson(check, index, context),
  query: async () => ({
    status: "blocked",
    detail: "This version of Bureau keeps no records, so a query cannot be checked. Use a file or command check.",
  }),
};

async function runCheck(check: Check, index: number, context: CheckContext): Promise<Finding> {
  const kind = checkKind(check);
  const base = { checkIndex: index, kind, requirement: describeCheck(check) };
  if (context.signal.aborted) return { ...base, status: "blocked", detail: "The check was stopped.", artifact: null };
  try {
    const run = RUNNERS[kind] as (check: Check, index: number, context: CheckContext) => Promise<Found>;
    const found = await run(check, index, context);
    return { ...base, status: found.status, detail: bounded(found.detail), artifact: found.artifact ?? null };
  } catch (error) {
    const reason = context.signal.aborted ? "it was stopped" : error instanceof Error ? error.message : String(error);
    return { ...base, status: "blocked", detail: bounded(`The check could not be run: ${reason}`), artifact: null };
  }
}

/** Cut to its bound, and without characters that the database cannot hold. */
function bounded(text: string): string {
  const clean = text.toWellFormed().replaceAll("\u0000", "\uFFFD");
  if (clean.length <= DETAIL_LENGTH) return clean;
  const half = DETAIL_LENGTH / 2;
  const left = clean.length - DETAIL_LENGTH;
  return `${clean.slice(0, half)}\n[… ${left} characters left out …]\n${clean.slice(-half)}`.toWellFormed();
}
