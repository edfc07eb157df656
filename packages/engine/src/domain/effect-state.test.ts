import { EFFECT_STATUSES } from "@bureau/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FREE_EFFECT_STATUSES, intentText, mayBecome, NEXT_EFFECT_STATUS } from "./effect-state.ts";

describe("the states of an effect", () => {
  test("end in a state that nothing follows, but for the unknown", () => {
    for (const status of EFFECT_STATUSES) {
      const seen = new Set<string>();
      const walk = (at: (typeof EFFECT_STATUSES)[number]): void => {
        if (seen.has(at)) return;
        seen.add(at);
        for (const next of NEXT_EFFECT_STATUS[at]) walk(next);
      };
      walk(status);
      expect([...seen].some((one) => NEXT_EFFECT_STATUS[one as typeof status].length === 0)).toBe(true);
      expect(mayBecome(status, "started")).toBe(status === "approved");
      if (FREE_EFFECT_STATUSES.includes(status)) expect(NEXT_EFFECT_STATUS[status]).toEqual([]);
    }
  });

  test("an intent is the same whatever the order of keys and addresses, and differs with what matters", () => {
    const scope = { goalId: "goal_1", taskId: null, runId: "run_1" };
    fc.assert(
      fc.property(fc.array(fc.emailAddress(), { minLength: 1, maxLength: 4 }), fc.string(), fc.string(), (to, a, b) => {
        const one = intentText(scope, "send", { to, subject: a, body: b });
        expect(
          intentText({ ...scope, runId: "run_2" }, "send", { body: ` ${b}`, subject: a, to: to.toReversed() }),
        ).toBe(one);
        expect(intentText(scope, "send", { to: [...to, "x@y.test"], subject: a, body: b })).not.toBe(one);
        expect(intentText({ ...scope, goalId: "goal_2" }, "send", { to, subject: a, body: b })).not.toBe(one);
        expect(intentText(scope, "send", { to, subject: a, body: `${b}!` })).not.toBe(one);
      }),
    );
  });
});
