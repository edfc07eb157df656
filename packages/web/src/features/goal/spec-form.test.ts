import { Check, GoalFields } from "@bureau/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { budgetForm, readBudget, readCount, readMoney, readTime } from "./amounts.ts";
import { CHECK_KINDS, checkOfForm, emptyCheck, formOfCheck } from "./check-form.ts";
import { changedFields, EMPTY_FORM, fieldsOfForm, formOfSpec, titleOf } from "./spec-form.ts";

const line = fc.stringMatching(/^[a-z][a-z ./"'{}:#-]{0,30}[a-z]$/);
const checks: fc.Arbitrary<Check> = fc.oneof(
  fc.record({ command: line }),
  fc.record({ command: line, timeout: fc.constantFrom("90s", "5m", "1h") }),
  fc.record({ file: fc.record({ path: line }) }),
  fc.record({ file: fc.record({ path: line, exists: fc.constant(false) }) }),
  fc.record({ file: fc.record({ path: line, contains: fc.array(line, { minLength: 2, maxLength: 4 }) }) }),
  fc.record({ file: fc.record({ path: line, contains: line, schema: fc.constant({ type: "object" }) }) }),
  fc.record({ http: fc.record({ url: fc.webUrl(), status: fc.integer({ min: 100, max: 599 }), contains: line }) }),
  fc.record({ query: line }),
  fc.record({ judge: line }),
  fc.record({ person: line }),
);

describe("a goal as a form", () => {
  test("gives back the checks and caps that it was made of", () => {
    fc.assert(
      fc.property(checks, (check) => {
        expect(checkOfForm(formOfCheck(check))).toEqual({ check });
        expect(Check.safeParse(check).success).toBe(true);
      }),
    );
    const amount = fc.integer({ min: 1, max: 1_000_000_000 });
    fc.assert(
      fc.property(fc.record({ micros: amount, tokens: amount, timeMs: amount, turns: amount }), (budget) => {
        expect(readBudget(budgetForm(budget))).toEqual({ budget, problems: {} });
      }),
    );
  });

  test("says which field is wrong, and how it is right", () => {
    const { problems } = fieldsOfForm({
      ...EMPTY_FORM,
      checks: [emptyCheck("command"), { ...emptyCheck("http"), url: "example.com" }],
      budget: { ...EMPTY_FORM.budget, micros: "two" },
    });
    expect(problems).toEqual({
      brief: "Say what is to be done.",
      "checks.0.command": "Write the command, such as: test -s report.md",
      "checks.1.url": "Write a whole address, such as: https://example.com/health",
      "budget.micros": "Write dollars, such as 2.00.",
    });
    for (const kind of CHECK_KINDS) {
      const isReady = kind === "person";
      expect("check" in checkOfForm(emptyCheck(kind))).toBe(isReady);
    }
  });

  test("leaves out what is empty, and takes the first sentence for a title", () => {
    const { fields } = fieldsOfForm({ ...EMPTY_FORM, brief: "Write it. Then rest.", constraints: ["", " no mail "] });
    expect(fields).toMatchObject({ title: "Write it", done: null, constraints: ["no mail"], budget: {}, effort: null });
    expect(GoalFields.safeParse(fields).success).toBe(true);
    expect(titleOf("word ".repeat(40))).toBe(`${"word ".repeat(14)}word…`);
  });

  test("sends only what was changed", () => {
    const before = formOfSpec({ title: "One", done: "it is there", budget: { turns: 4 } });
    expect(changedFields(before, { ...before, done: "", cadence: "every Monday" })).toEqual({
      fields: { done: null, cadence: "every Monday" },
      problems: null,
    });
    expect(changedFields({ ...before, brief: "x" }, before).problems).toEqual({ brief: "Say what is to be done." });
  });
});

describe("amounts", () => {
  test("are read as people write them", () => {
    expect([readCount("200k"), readCount("1.5M"), readCount("1,000"), readCount("-1"), readCount("0")]).toEqual([
      200_000,
      1_500_000,
      1_000,
      null,
      null,
    ]);
    expect([readMoney("$2"), readMoney("2.50 usd"), readMoney("two")]).toEqual([2_000_000, 2_500_000, null]);
    expect([readTime("2h"), readTime("1h 30m"), readTime("90 minutes"), readTime("2"), readTime("")]).toEqual([
      7_200_000,
      5_400_000,
      5_400_000,
      null,
      null,
    ]);
  });
});
