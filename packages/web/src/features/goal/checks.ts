import {
  type Check,
  type CheckKind,
  checkKind,
  describeCheck,
  type Evidence,
  type Goal,
  impliedChecks,
} from "@bureau/protocol";

/** One check of a goal, and every time that it was run, newest first. */
export interface CheckedCheck {
  check: Check;
  kind: CheckKind;
  /** In one line, as its evidence names it. */
  requirement: string;
  evidence: Evidence[];
}

export interface GoalChecks {
  checks: CheckedCheck[];
  /** Of checks that the goal does not have any more. */
  former: Evidence[];
  /** No check was given: a judge looks. */
  isImplied: boolean;
}

/**
 * The checks of a goal with their evidence.
 *
 * Evidence belongs to the check that it names, wherever that stands by now: checks are moved and taken out by edits.
 */
export function checksOf(goal: Goal, evidence: readonly Evidence[]): GoalChecks {
  const byRequirement = Map.groupBy(newestFirst(evidence), ({ kind, requirement }) => `${kind} ${requirement}`);
  const checks = impliedChecks(goal).map((check): CheckedCheck => {
    const kind = checkKind(check);
    const requirement = describeCheck(check);
    return { check, kind, requirement, evidence: byRequirement.get(`${kind} ${requirement}`) ?? [] };
  });
  const current = new Set(checks.map(({ kind, requirement }) => `${kind} ${requirement}`));
  const former = [...byRequirement].filter(([key]) => !current.has(key)).flatMap(([, found]) => found);
  return { checks, former, isImplied: goal.checks.length === 0 };
}

/** How many of the checks held when they were last run. */
export function countVerified({ checks }: GoalChecks): number {
  return checks.filter(({ evidence }) => evidence[0]?.status === "verified").length;
}

function newestFirst(evidence: readonly Evidence[]): Evidence[] {
  return evidence.toSorted((one, other) => (one.id < other.id ? 1 : one.id > other.id ? -1 : 0));
}
