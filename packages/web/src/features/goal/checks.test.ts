import { type Evidence, newId } from "@bureau/protocol";
import { expect, test } from "vitest";
import { checksOf, countVerified } from "./checks.ts";
import { aGoal } from "./testing/a-goal.ts";

function found(given: Partial<Evidence>): Evidence {
  return {
    id: newId("evidence"),
    goalId: newId("goal"),
    goalVersion: 1,
    runId: null,
    checkIndex: 0,
    kind: "judge",
    requirement: "",
    status: "verified",
    detail: "",
    artifact: null,
    checkedAt: "2026-01-01T00:00:00.000Z",
    ...given,
  };
}

test("evidence stands at the check that it names, newest first, wherever an edit has moved that", () => {
  const goal = aGoal({ checks: [{ judge: "It is kind." }, { file: { path: "report.md" } }] });
  const old = found({ kind: "file", requirement: "report.md exists", status: "unverified" });
  const recent = found({ kind: "file", requirement: "report.md exists" });
  const gone = found({ requirement: "It is short." });
  const read = checksOf(
    goal,
    [recent, gone, old].toSorted(() => -1),
  );
  expect(read.checks.map(({ requirement }) => requirement)).toEqual(["It is kind.", "report.md exists"]);
  expect(read.checks[1]?.evidence.toSorted((one, other) => (one.id < other.id ? 1 : -1))).toEqual(
    read.checks[1]?.evidence,
  );
  expect(read.checks[1]?.evidence).toHaveLength(2);
  expect(read.checks[0]?.evidence).toEqual([]);
  expect(read.former).toEqual([gone]);
  expect(read.isImplied).toBe(false);
});

test("a goal without checks has a judge on what it asks for", () => {
  const goal = aGoal({ done: "It is read." });
  const read = checksOf(goal, [found({ requirement: "It is read." })]);
  expect(read).toMatchObject({ isImplied: true, former: [] });
  expect(countVerified(read)).toBe(1);
});
