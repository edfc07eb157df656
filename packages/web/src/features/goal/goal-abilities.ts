import type { GoalStatus } from "@bureau/protocol";

/** What a person can do with a goal in a status. The server decides; this is what is offered. */
export interface GoalAbilities {
  canPause: boolean;
  canResume: boolean;
  /** How going on is called. */
  resumeLabel: string;
  canStop: boolean;
  canCheck: boolean;
  canEdit: boolean;
}

const AT_WORK: GoalAbilities = {
  canPause: true,
  canResume: false,
  resumeLabel: "Resume",
  canStop: true,
  canCheck: true,
  canEdit: true,
};
const OVER: GoalAbilities = {
  canPause: false,
  canResume: false,
  resumeLabel: "Resume",
  canStop: false,
  canCheck: false,
  canEdit: false,
};

export const GOAL_ABILITIES: Record<GoalStatus, GoalAbilities> = {
  draft: { ...AT_WORK, canPause: false, canResume: true, resumeLabel: "Start", canCheck: false },
  active: AT_WORK,
  waiting: AT_WORK,
  paused: { ...AT_WORK, canPause: false, canResume: true, canCheck: false },
  blocked: { ...AT_WORK, canPause: false, canResume: true, resumeLabel: "Try again" },
  done: OVER,
  abandoned: OVER,
};
