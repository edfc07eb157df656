import type { Agent, Goal, Run } from "@bureau/protocol";
import { expect, test } from "vitest";
import { agentNow } from "./agent-now.ts";

const agent = (status: Agent["status"] = "enabled") => ({ id: "agt_1", name: "anna", status }) as unknown as Agent;
const goal = (title: string, status: Goal["status"]) =>
  ({ id: `goal_${title}`, agentId: "agt_1", title, status, sentence: `It is ${status}.` }) as unknown as Goal;
const run = (status: Run["status"], goalId: string | null = null, agentId = "agt_1") =>
  ({ agentId, goalId, status, sentence: `It is ${status}.`, createdAt: "2026-01-01" }) as unknown as Run;

test("an agent without work says so", () => {
  expect(agentNow(agent(), { goals: [goal("a", "done")], runs: [run("completed")] })).toEqual({
    doing: "idle",
    sentence: "It has nothing to do now.",
    openGoals: 0,
  });
});

test("a run at work comes before one that waits, and the others are counted", () => {
  const now = agentNow(agent(), { goals: [goal("a", "active")], runs: [run("waiting"), run("running", "goal_a")] });
  expect(now).toEqual({ doing: "working", sentence: "a: It is running. 1 more run is open.", openGoals: 1 });
});

test("runs of other agents are none of its own", () => {
  expect(agentNow(agent(), { goals: [], runs: [run("running", null, "agt_2")] }).doing).toBe("idle");
});

test("a paused agent is paused whatever waits", () => {
  expect(agentNow(agent("paused"), { goals: [], runs: [run("waiting")] }).doing).toBe("paused");
});

test("without a run, a blocked goal is what there is to say", () => {
  const goals = [goal("a", "paused"), goal("b", "blocked")];
  expect(agentNow(agent(), { goals, runs: [] }).sentence).toBe("b: It is blocked.");
});
