import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type RuleSource, rulesOf } from "./approval-rule.ts";
import { matchesGlob } from "./glob.ts";

const SOURCE: RuleSource = {
  approved: true,
  scope: "goal",
  tool: "send_note",
  targets: ["ana@acme.test"],
  agentName: "writer",
  goal: { id: "goal_1", title: "Tell all" },
  runId: "run_1",
  by: "owner",
};
const made = (more: Partial<RuleSource> = {}) => {
  const drafted = rulesOf({ ...SOURCE, ...more });
  if (!drafted.ok) throw new Error(drafted.message);
  return drafted.rules;
};

describe("rulesOf", () => {
  test("makes none of a decision on one call", () => {
    expect(made({ scope: "once" })).toEqual([]);
  });

  test.each([
    ["run", { runId: "run_1", goalId: null, agent: null }],
    ["goal", { runId: null, goalId: "goal_1", agent: null }],
    ["rule", { runId: null, goalId: null, agent: "writer" }],
  ] as const)("for %s holds there and nowhere else", (scope, place) => {
    expect(made({ scope })).toMatchObject([
      { verdict: "allow", afterOutside: true, target: "ana@acme.test", ...place },
    ]);
  });

  test("makes one for each target, and one for the tool where there is none", () => {
    expect(made({ targets: ["a", "b", "a"] }).map((rule) => rule.target)).toEqual(["a", "b"]);
    expect(made({ targets: [] }).map((rule) => rule.target)).toEqual([null]);
  });

  test("says in plain words what it allows or forbids, and on whose word", () => {
    expect(made()[0]!.text).toBe(
      'writer may call send_note to ana@acme.test for the goal "Tell all". Decided by owner at an approval.',
    );
    expect(made({ approved: false, scope: "rule", targets: [] })[0]).toMatchObject({
      verdict: "deny",
      afterOutside: false,
      text: "writer may not call send_note. Decided by owner at an approval.",
    });
  });

  test("for a goal needs one", () => {
    expect(rulesOf({ ...SOURCE, goal: null })).toMatchObject({
      ok: false,
      message: expect.stringContaining("no goal"),
    });
    expect(made({ goal: null, scope: "run" })).toHaveLength(1);
  });

  test.each(["*", "*@acme.test", "!ana", "", " ", "x".repeat(501)])("makes none of the target %j", (target) => {
    expect(rulesOf({ ...SOURCE, targets: ["ana@acme.test", target] })).toMatchObject({ ok: false });
  });

  test("makes no rule of more targets than can be looked at", () => {
    expect(rulesOf({ ...SOURCE, targets: Array.from({ length: 101 }, (_, index) => `n${index}`) }).ok).toBe(false);
  });

  test("never holds for a target that was not shown", () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 5 }), fc.string(), (targets, other) => {
        const drafted = rulesOf({ ...SOURCE, targets });
        if (!drafted.ok) return;
        const same = (text: string) => text.normalize("NFC").toLowerCase();
        const holds = drafted.rules.some((rule) => matchesGlob(rule.target!, other) === true);
        expect(holds).toBe(targets.some((target) => same(target) === same(other)));
      }),
    );
  });
});
