import type { Check, Evidence, EvidenceStatus, Goal } from "@bureau/protocol";
import type { Terminal } from "../terminal.ts";
import { oneLine, paint, type Tone } from "./text.ts";

const SIGNS: Record<EvidenceStatus, { sign: string; word: string; tone: Tone }> = {
  verified: { sign: "✓", word: "verified", tone: "green" },
  unverified: { sign: "✗", word: "not met", tone: "red" },
  partial: { sign: "~", word: "met in part", tone: "yellow" },
  blocked: { sign: "!", word: "could not be checked", tone: "yellow" },
};

/** One finding: sign and word say the same, so that nothing hangs on colour. */
export function evidenceLine(terminal: Terminal, evidence: Evidence): string {
  const { sign, word, tone } = SIGNS[evidence.status];
  const detail = oneLine(evidence.detail, 300);
  const found = detail === "" ? "" : `\n      ${paint(terminal, "dim", detail)}`;
  return `  ${paint(terminal, tone, `${sign} ${word}`)}: ${oneLine(evidence.requirement, 300)}${found}`;
}

/** Each check of the goal as it is now, with the newest finding of this version. */
export function checkLines(terminal: Terminal, goal: Goal, evidence: readonly Evidence[]): string[] {
  if (goal.checks.length === 0) return ["  No checks: the agent's own word ends it."];
  return goal.checks.map((check, index) => {
    const found = evidence.find((one) => one.checkIndex === index);
    return found === undefined
      ? `  · not checked yet: ${oneLine(checkText(check), 300)}`
      : evidenceLine(terminal, found);
  });
}

/** A check in one line, in the form in which `--check` takes it. */
export function checkText(check: Check): string {
  if ("command" in check) return `command: ${check.command}`;
  if ("file" in check) {
    const { path, exists, contains, matches } = check.file;
    if (contains !== undefined) return `file: ${path} contains ${[contains].flat().join(", ")}`;
    if (matches !== undefined) return `file: ${path} matches ${matches}`;
    return exists === false ? `file: ${path} is missing` : `file: ${path} exists`;
  }
  if ("http" in check)
    return `http: ${check.http.url}${check.http.status === undefined ? "" : ` ${check.http.status}`}`;
  if ("query" in check) return `query: ${check.query}`;
  if ("judge" in check) return `judge: ${check.judge}`;
  return `person: ${check.person}`;
}
