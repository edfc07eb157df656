import { GOAL_STATUSES, type GoalStatus, TERMINAL_GOAL_STATUSES } from "@bureau/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GOAL_ACTIONS, GOAL_TRANSITIONS, isGoalOpen, mayAct, transition } from "./goal-state.ts";

const actions = fc.array(fc.constantFrom(...GOAL_ACTIONS), { maxLength: 40 });

describe("goal states", () => {
  test("every status says what every action does", () => {
    for (const status of GOAL_STATUSES)
      expect(Object.keys(GOAL_TRANSITIONS[status]).toSorted()).toEqual([...GOAL_ACTIONS].toSorted());
  });

  test("only the runtime's passed check makes a goal done", () => {
    for (const status of GOAL_STATUSES) {
      for (const action of GOAL_ACTIONS) {
        if (status !== "done" && GOAL_TRANSITIONS[status][action] === "done") expect(action).toBe("check_passed");
      }
    }
    expect(mayAct("runtime", "check_passed")).toBe(true);
    expect(mayAct("agent", "check_passed")).toBe(false);
    expect(mayAct("person", "check_passed")).toBe(false);
  });

  test("an agent can only report that it is blocked", () => {
    expect(GOAL_ACTIONS.filter((action) => mayAct("agent", action))).toEqual(["block"]);
  });

  test("a paused goal is not made done, failed or woken by work begun before the pause", () => {
    for (const action of ["check_passed", "check_failed", "wait", "wake", "block"] as const) {
      expect(transition({ status: "paused" }, action).ok).toBe(false);
    }
  });

  test("terminal statuses are final, whatever happens", () => {
    fc.assert(
      fc.property(fc.constantFrom(...TERMINAL_GOAL_STATUSES), actions, (start, steps) => {
        expect(follow(start, steps)).toBe(start);
        expect(isGoalOpen(start)).toBe(false);
      }),
    );
  });

  test("a goal that is open can always be stopped, and then stays so", () => {
    fc.assert(
      fc.property(actions, actions, (before, after) => {
        const status = follow("draft", before);
        if (isGoalOpen(status)) expect(follow(status, ["stop", ...after])).toBe("abandoned");
      }),
    );
  });

  test("the same decision twice is success and makes no new version", () => {
    for (const action of ["pause", "resume", "stop"] as const) {
      const first = transition({ status: "active" }, action);
      if (!first.ok) throw new Error(first.message);
      expect(transition({ status: first.status }, action)).toEqual({
        ok: true,
        status: first.status,
        versionChanged: false,
      });
    }
  });

  test("pause, resume of a paused goal, edit and stop make a new version; work does not", () => {
    expect(transition({ status: "active" }, "pause")).toMatchObject({ versionChanged: true });
    expect(transition({ status: "paused" }, "resume")).toMatchObject({ versionChanged: true });
    expect(transition({ status: "active" }, "edit")).toMatchObject({ versionChanged: true });
    expect(transition({ status: "active" }, "stop")).toMatchObject({ versionChanged: true });
    for (const action of ["start", "wait", "wake", "check_passed", "check_failed", "block", "limit"] as const) {
      expect(transition({ status: "active" }, action)).toMatchObject({ ok: true, versionChanged: false });
    }
  });

  test("a refusal says what is so", () => {
    expect(transition({ status: "done", title: "Launch" }, "pause")).toEqual({
      ok: false,
      message: 'The goal "Launch" is done and cannot be paused.',
    });
  });
});

function follow(start: GoalStatus, steps: readonly (typeof GOAL_ACTIONS)[number][]): GoalStatus {
  let status = start;
  for (const step of steps) {
    const result = transition({ status }, step);
    if (result.ok) status = result.status;
  }
  return status;
}
