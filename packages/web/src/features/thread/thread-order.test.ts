import type { View } from "@bureau/protocol";
import { expect, test } from "vitest";
import { differenceLines } from "./difference-lines.ts";
import { filterThreads, threadLines } from "./thread-order.ts";

const known = {
  agents: { agt_1: { name: "Writer" } },
  goals: { goal_1: { title: "Spring risks" } },
  threads: {
    t1: { id: "t1", title: "Old", agentId: "agt_1", goalId: null, updatedAt: "2026-01-01" },
    t2: { id: "t2", title: "New", agentId: "agt_1", goalId: "goal_1", updatedAt: "2026-01-03" },
    t3: { id: "t3", title: "Middle", agentId: "agt_2", goalId: null, updatedAt: "2026-01-02" },
  },
  runs: {
    r1: { id: "r1", threadId: "t1", status: "waiting", createdAt: "2026-01-01" },
    r2: { id: "r2", threadId: "t2", status: "completed", createdAt: "2026-01-02" },
    r3: { id: "r3", threadId: "t3", status: "running", createdAt: "2026-01-02" },
  },
} as unknown as Pick<View, "threads" | "runs" | "agents" | "goals">;

test("the thread that changed last comes first, with the run that is not over", () => {
  const lines = threadLines(known);
  expect(lines.map(({ id, openRun }) => [id, openRun?.id])).toEqual([
    ["t2", undefined],
    ["t3", "r3"],
    ["t1", "r1"],
  ]);
});

test("threads are found by words of title, agent and goal, and by what their run does", () => {
  const found = (text: string, filter: "all" | "open" | "waiting" = "all") =>
    filterThreads(threadLines(known), text, filter).map(({ id }) => id);
  expect(found("writer")).toEqual(["t2", "t1"]);
  expect(found("spring new")).toEqual(["t2"]);
  expect(found("", "open")).toEqual(["t3", "t1"]);
  expect(found("", "waiting")).toEqual(["t1"]);
});

test("a difference shows changed lines with three around them", () => {
  const before = Array.from({ length: 30 }, (_, index) => `line ${index}`).join("\n");
  const lines = differenceLines(before, before.replace("line 15", "another"));
  expect(lines?.map(({ kind }) => kind)).toEqual([
    "skipped",
    "same",
    "same",
    "same",
    "removed",
    "added",
    "same",
    "same",
    "same",
    "skipped",
  ]);
  expect(differenceLines(before, before)).toEqual([]);
});
