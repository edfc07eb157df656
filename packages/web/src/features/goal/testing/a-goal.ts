import { type Goal, type GoalStatus, newId, NO_USAGE } from "@bureau/protocol";

/** A goal for tests: at work, without checks, constraints and caps. */
export function aGoal(given: Partial<Goal> & { status?: GoalStatus } = {}): Goal {
  return {
    id: newId("goal"),
    name: "write-the-report",
    title: "Write the report",
    brief: "Write report.md.",
    done: null,
    checks: [],
    constraints: [],
    budget: {},
    cadence: null,
    on: null,
    effort: null,
    agentId: newId("agent"),
    threadId: newId("thread"),
    parentId: null,
    kind: "finish",
    status: "active",
    version: 1,
    sentence: "Goes on.",
    file: "goals/write-the-report.md",
    usage: NO_USAGE,
    createdAt: "2026-01-01T00:00:00.000Z",
    updatedAt: "2026-01-01T00:00:00.000Z",
    endedAt: null,
    ...given,
  };
}
