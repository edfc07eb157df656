import { NO_USAGE } from "@bureau/protocol";
import { describe, expect, test } from "vitest";
import { budgetUses, tightestUse } from "./budget-use.ts";

const usage = { ...NO_USAGE, tokens: 50_000, micros: 840_000, turns: 4, activeMs: 60_000 };

describe("the budget of a goal", () => {
  test("says what is used of each cap, and what is used without one", () => {
    expect(budgetUses({ micros: 2_000_000, turns: 40 }, usage).map(({ label, words }) => [label, words])).toEqual([
      ["Money", "$0.84 of $2.00"],
      ["Turns", "4 of 40 turns"],
      ["Tokens", "50K tokens"],
      ["Time at work", "1 min"],
      ["Tool calls", "0 tool calls"],
    ]);
  });

  test("is as tight as the cap that is reached first", () => {
    expect(tightestUse({ micros: 2_000_000, tokens: 60_000 }, usage)?.words).toBe("50K of 60K tokens");
    expect(tightestUse({}, usage)?.words).toBe("$0.84");
    expect(tightestUse({}, { ...NO_USAGE, tokens: 3 })?.words).toBe("3 tokens");
    expect(tightestUse({}, NO_USAGE)).toBeNull();
  });
});
