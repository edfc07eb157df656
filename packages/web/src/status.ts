import type {
  EffectStatus,
  EvidenceStatus,
  GoalStatus,
  InboxKind,
  RunStatus,
  StepStatus,
  TaskStatus,
} from "@bureau/protocol";
import type { IconName } from "./ui/icon.tsx";

export const TONES = ["neutral", "good", "info", "warn", "bad"] as const;
export type Tone = (typeof TONES)[number];

/** How a status looks and is called. Colour never says it alone: there is always a word. */
export interface Look {
  label: string;
  tone: Tone;
  icon: IconName;
}

export const GOAL_LOOKS: Record<GoalStatus, Look> = {
  draft: { label: "Draft", tone: "neutral", icon: "edit" },
  active: { label: "At work", tone: "info", icon: "play" },
  waiting: { label: "Waiting", tone: "warn", icon: "clock" },
  paused: { label: "Paused", tone: "neutral", icon: "pause" },
  blocked: { label: "Blocked", tone: "bad", icon: "warning" },
  done: { label: "Done", tone: "good", icon: "check" },
  abandoned: { label: "Given up", tone: "neutral", icon: "close" },
};

export const RUN_LOOKS: Record<RunStatus, Look> = {
  queued: { label: "Queued", tone: "neutral", icon: "clock" },
  running: { label: "Running", tone: "info", icon: "play" },
  waiting: { label: "Waiting", tone: "warn", icon: "clock" },
  completed: { label: "Completed", tone: "good", icon: "check" },
  failed: { label: "Failed", tone: "bad", icon: "warning" },
  canceled: { label: "Canceled", tone: "neutral", icon: "close" },
};

export const STEP_LOOKS: Record<StepStatus, Look> = {
  running: { label: "Running", tone: "info", icon: "play" },
  completed: { label: "Completed", tone: "good", icon: "check" },
  failed: { label: "Failed", tone: "bad", icon: "warning" },
  interrupted: { label: "Interrupted", tone: "warn", icon: "warning" },
};

export const TASK_LOOKS: Record<TaskStatus, Look> = {
  open: { label: "Open", tone: "neutral", icon: "clock" },
  in_progress: { label: "In progress", tone: "info", icon: "play" },
  blocked: { label: "Blocked", tone: "bad", icon: "warning" },
  done: { label: "Done", tone: "good", icon: "check" },
  canceled: { label: "Canceled", tone: "neutral", icon: "close" },
};

export const EVIDENCE_LOOKS: Record<EvidenceStatus, Look> = {
  verified: { label: "Verified", tone: "good", icon: "check" },
  unverified: { label: "Not verified", tone: "bad", icon: "close" },
  partial: { label: "Partly", tone: "warn", icon: "warning" },
  blocked: { label: "Could not be checked", tone: "warn", icon: "warning" },
};

export const EFFECT_LOOKS: Record<EffectStatus, Look> = {
  proposed: { label: "Proposed", tone: "neutral", icon: "clock" },
  approved: { label: "Approved", tone: "info", icon: "check" },
  started: { label: "Begun", tone: "info", icon: "play" },
  unknown: { label: "Outcome unknown", tone: "bad", icon: "warning" },
  done: { label: "Done", tone: "good", icon: "check" },
  failed: { label: "Failed", tone: "bad", icon: "warning" },
  denied: { label: "Denied", tone: "neutral", icon: "close" },
  taken_back: { label: "Taken back", tone: "neutral", icon: "undo" },
};

export const INBOX_LOOKS: Record<InboxKind, Look> = {
  unknown_effect: { label: "Outcome unknown", tone: "bad", icon: "warning" },
  approval: { label: "Approval", tone: "warn", icon: "shield" },
  question: { label: "Question", tone: "info", icon: "question" },
  sign_off: { label: "Sign-off", tone: "info", icon: "check" },
  budget: { label: "Budget", tone: "warn", icon: "coins" },
  failed_run: { label: "Failed run", tone: "bad", icon: "warning" },
  sign_in: { label: "Sign in again", tone: "warn", icon: "key" },
  stopped: { label: "Stopped", tone: "neutral", icon: "pause" },
};
