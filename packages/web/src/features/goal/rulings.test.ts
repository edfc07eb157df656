import type { ListedRule, PolicyRules } from "@bureau/protocol";
import { describe, expect, test } from "vitest";
import { grantedRules, rulingOf, sayRules } from "./rulings.ts";

function rule(given: Partial<ListedRule>): ListedRule {
  return {
    id: "r",
    verdict: "ask",
    tool: "*",
    target: null,
    agent: null,
    goalId: "goal_1",
    runId: null,
    afterOutside: false,
    origin: "goal",
    text: "never send without my review",
    createdBy: null,
    createdAt: null,
    ...given,
  };
}

describe("what was made of constraints", () => {
  test("is said in words, each kind of call once", () => {
    const sends = ["*.send", "send_*", "*.send_*", "*__send_*", "*.reply", "reply_*"].map((tool) => rule({ tool }));
    expect(sayRules(sends)).toBe("Asks before each send and reply");
    const mails = ["mail.send", "*send_mail*", "*send_email*", "*reply_to_mail*", "mail.reply"];
    expect(sayRules(mails.map((tool) => rule({ tool, verdict: "deny" })))).toBe(
      "Refuses each mail send and reply mail",
    );
    expect(sayRules([rule({ target: "!*@acme.com" })])).toBe("Asks before each call to all but *@acme.com");
    expect(sayRules([rule({ target: "bob@x.org" }), rule({ target: "ana@x.org" })])).toBe(
      "Asks before each call to bob@x.org or ana@x.org",
    );
  });

  test("is a rule, advice, or not known yet", () => {
    const policy: PolicyRules = {
      rules: [rule({}), rule({ id: "granted", origin: "approval", verdict: "allow" })],
      advice: [{ goalId: "goal_1", goalName: "one", text: "be kind" }],
    };
    expect(rulingOf(policy, "goal_1", "never send without my review").kind).toBe("rules");
    expect(rulingOf(policy, "goal_1", "be kind").kind).toBe("advice");
    expect(rulingOf(policy, "goal_2", "be kind").kind).toBe("unknown");
    expect(rulingOf(undefined, "goal_1", "be kind").kind).toBe("unknown");
    expect(grantedRules(policy, "goal_1").map(({ id }) => id)).toEqual(["granted"]);
  });
});
