import type { Check, CheckKind, EvidenceStatus } from "@bureau/protocol";
import type { Clock } from "../clock.ts";
import type { CallModel, Models } from "../models/model.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";

/** What one check found. */
export interface Finding {
  checkIndex: number;
  kind: CheckKind;
  requirement: string;
  status: EvidenceStatus;
  detail: string;
  artifact: string | null;
}

export interface CheckContext {
  goalId: string;
  /** What the goal asks for in words; the judge reads it. */
  brief: string;
  done: string | null;
  /** The agent's folder. */
  folder: string;
  sandbox: Sandbox;
  models: Models;
  /** Charged and budgeted call for the judge. */
  callModel: CallModel;
  clock: Clock;
  signal: AbortSignal;
  /** The person's decision on a sign-off of this goal version, if one was made. */
  signOffs: ReadonlyMap<number, { approved: boolean; by: string; note: string | null }>;
  /** A stable id for the command of a check, so that a restart finds it and does not run it twice. */
  commandId(checkIndex: number): string;
}

/** Runs every check of a goal, in order, and never throws: a check that cannot be run is `blocked` with the reason. */
export type RunChecks = (checks: Check[], context: CheckContext) => Promise<Finding[]>;

/** What a check of one kind found. */
export interface Found {
  status: EvidenceStatus;
  detail: string;
  artifact?: string | null;
}
