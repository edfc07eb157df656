import { GOAL_STATUSES, newId } from "@bureau/protocol";
import { describe, expect, test } from "vitest";
import { countWaiting, goalListRows, groupOf, isWanted } from "./goal-groups.ts";
import { aGoal } from "./testing/a-goal.ts";

const nothing = new Map<string, number>();

describe("the list of goals", () => {
  test("has each status in one group, those that need a person first", () => {
    const goals = GOAL_STATUSES.map((status) => aGoal({ status }));
    const rows = goalListRows(goals, nothing, []);
    expect(rows.filter(({ kind }) => kind === "group").map(({ key }) => key)).toEqual([
      "needs_you",
      "active",
      "waiting",
      "paused",
      "draft",
      "done",
      "abandoned",
    ]);
    expect(rows.filter(({ kind }) => kind === "goal")).toHaveLength(5);
    expect(goalListRows(goals, nothing, ["done", "abandoned"]).filter(({ kind }) => kind === "goal")).toHaveLength(7);
  });

  test("puts a goal with something in the inbox among those that need a person, unless it is over", () => {
    const id = newId("goal");
    const inbox = {
      one: { goalId: id, status: "pending" },
      two: { goalId: id, status: "pending" },
      three: { goalId: newId("goal"), status: "approved" },
    } as unknown as Parameters<typeof countWaiting>[0];
    const waiting = countWaiting(inbox);
    expect([...waiting]).toEqual([[id, 2]]);
    expect(groupOf({ id, status: "waiting" }, waiting)).toBe("needs_you");
    expect(groupOf({ id, status: "done" }, waiting)).toBe("done");
  });

  test("finds goals by words in any order, and by agent", () => {
    const goal = aGoal({ title: "Write the launch report", sentence: "Waits for a yes." });
    expect(isWanted(goal, undefined, { agentId: "", text: "REPORT waits" })).toBe(true);
    expect(isWanted(goal, undefined, { agentId: "", text: "report budget" })).toBe(false);
    expect(isWanted(goal, undefined, { agentId: "agent_other", text: "" })).toBe(false);
    expect(isWanted(goal, undefined, { agentId: goal.agentId, text: "" })).toBe(true);
  });
});
