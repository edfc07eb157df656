import { afterEach, expect, test } from "vitest";
import { createGoal } from "../commands/create-goal.ts";
import { editGoal } from "../commands/edit-goal.ts";
import { getGoal } from "../queries/goals.ts";
import { testEngine, type TestEngine } from "../testing/test-engine.ts";
let engine: TestEngine;
afterEach(() => engine.close());
test("an edit that lands between passed checks and their write does not complete the edited goal", async () => {
  let goalId = "";
  let rounds = 0;
  engine = await testEngine({
    script: ["I think it is done.", "Still.", "Still.", "Still.", "Still."],
    parts: {
      runChecks: async (checks) => {
        rounds += 1;
        if (rounds === 1) {
          // Another process makes the edit; its signal has not come through yet.
          await editGoal({ ...engine.commands, signals: { interrupt: () => undefined } }, goalId, {
            spec: { checks: [{ command: "exit 1" }] },
          });
          return [
            { checkIndex: 0, kind: "command", requirement: "true", status: "verified", detail: "", artifact: null },
          ];
        }
        return checks.map((_, checkIndex) => ({
          checkIndex,
          kind: "command" as const,
          requirement: "exit 1",
          status: "unverified" as const,
          detail: "",
          artifact: null,
        }));
      },
    },
  });
  const goal = await createGoal(engine.commands, {
    agent: "writer",
    spec: { brief: "Do it", checks: [{ command: "true" }] },
  });
  goalId = goal.id;
  await engine.runUntilIdle();
  const after = await getGoal(engine.database, goal.id);
  expect(after.status).not.toBe("done");
});
