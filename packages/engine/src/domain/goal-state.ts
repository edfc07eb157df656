import { GOAL_STATUSES, type GoalStatus } from "@bureau/protocol";

export const GOAL_ACTIONS = [
  "start",
  "pause",
  "resume",
  "edit",
  "stop",
  "wait",
  "wake",
  "check_passed",
  "check_failed",
  "block",
  "limit",
] as const;
export type GoalAction = (typeof GOAL_ACTIONS)[number];

/** Who may take an action. An agent can only ask for the check (which changes nothing) or report that it is blocked. */
export type GoalActor = "person" | "runtime" | "agent";

export type GoalTransition = { ok: true; status: GoalStatus; versionChanged: boolean } | { ok: false; message: string };

type Row = Record<GoalAction, GoalStatus | null>;

const NOTHING: Row = {
  start: null,
  pause: null,
  resume: null,
  edit: null,
  stop: null,
  wait: null,
  wake: null,
  check_passed: null,
  check_failed: null,
  block: null,
  limit: null,
};

/**
 * Where each action leads from each status; null is refused. A status that an action leaves as it is counts as
 * success, so that the same decision twice is no error.
 */
export const GOAL_TRANSITIONS: Record<GoalStatus, Row> = {
  draft: { ...NOTHING, start: "active", resume: "active", edit: "draft", stop: "abandoned" },
  active: {
    start: "active",
    pause: "paused",
    resume: "active",
    edit: "active",
    stop: "abandoned",
    wait: "waiting",
    wake: "active",
    check_passed: "done",
    check_failed: "active",
    block: "blocked",
    limit: "paused",
  },
  /** A run waits for a person or a time; a check may still end it. */
  waiting: {
    start: "waiting",
    pause: "paused",
    resume: "waiting",
    edit: "active",
    stop: "abandoned",
    wait: "waiting",
    wake: "active",
    check_passed: "done",
    check_failed: "active",
    block: "blocked",
    limit: "paused",
  },
  paused: {
    ...NOTHING,
    start: "active",
    pause: "paused",
    resume: "active",
    edit: "paused",
    stop: "abandoned",
    limit: "paused",
  },
  blocked: {
    ...NOTHING,
    start: "active",
    pause: "paused",
    resume: "active",
    edit: "active",
    stop: "abandoned",
    /** A person asked for the check, and the work is there after all. */
    check_passed: "done",
    check_failed: "blocked",
    block: "blocked",
  },
  done: { ...NOTHING, check_passed: "done" },
  abandoned: { ...NOTHING, stop: "abandoned" },
};

/** Actions that end every step begun before them: such a step works under an older version. */
const CHANGES_VERSION: Record<GoalAction, boolean> = {
  start: false,
  pause: true,
  resume: true,
  edit: true,
  stop: true,
  wait: false,
  wake: false,
  check_passed: false,
  check_failed: false,
  block: false,
  limit: false,
};

const ACTORS: Record<GoalAction, readonly GoalActor[]> = {
  start: ["person", "runtime"],
  pause: ["person", "runtime"],
  resume: ["person"],
  edit: ["person"],
  stop: ["person"],
  wait: ["runtime"],
  wake: ["runtime"],
  check_passed: ["runtime"],
  check_failed: ["runtime"],
  block: ["agent", "runtime"],
  limit: ["runtime"],
};

/** What an action does to a goal. Pausing a paused goal changes nothing; an edit always makes a new version. */
export function transition(goal: { status: GoalStatus; title?: string }, action: GoalAction): GoalTransition {
  const status = GOAL_TRANSITIONS[goal.status][action];
  if (status === null) {
    const name = goal.title === undefined ? "The goal" : `The goal "${goal.title}"`;
    return { ok: false, message: `${name} is ${goal.status} and cannot ${VERBS[action]}.` };
  }
  const moves = status !== goal.status || action === "edit";
  return { ok: true, status, versionChanged: moves && CHANGES_VERSION[action] };
}

/** Whether someone of this kind may take the action at all. */
export function mayAct(actor: GoalActor, action: GoalAction): boolean {
  return ACTORS[action].includes(actor);
}

export function isGoalOpen(status: GoalStatus): boolean {
  return GOAL_STATUSES.includes(status) && status !== "done" && status !== "abandoned";
}

const VERBS: Record<GoalAction, string> = {
  start: "be started",
  pause: "be paused",
  resume: "be resumed",
  edit: "be edited",
  stop: "be stopped",
  wait: "wait",
  wake: "go on",
  check_passed: "become done",
  check_failed: "fail a check",
  block: "become blocked",
  limit: "reach a limit",
};
