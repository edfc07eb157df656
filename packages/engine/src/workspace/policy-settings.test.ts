import { AppError } from "@bureau/protocol";
import { describe, expect, test } from "vitest";
import { parseSettings } from "./settings.ts";

function failure(text: string): AppError {
  try {
    parseSettings(text);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("it was read");
}

describe("the policy of bureau.yaml", () => {
  test("is read in its order, with one rule for each tool, target and agent", () => {
    const { policy, warnings } = parseSettings(`
policy:
  - allow: mail.send
    to: "*@acme.com"
    agent: reporter
    after_outside: true
  - ask: ["*.delete", delete_*]
  - deny: "*"
    to: ["!*@acme.com", "#general"]
    color: blue
`);
    expect(policy).toHaveLength(5);
    expect(policy[0]).toEqual({
      id: "settings:1",
      verdict: "allow",
      tool: "mail.send",
      target: "*@acme.com",
      agent: "reporter",
      goalId: null,
      runId: null,
      afterOutside: true,
      origin: "settings",
      text: "allow mail.send to *@acme.com by reporter, also after outside content",
    });
    expect(policy.slice(1).map((rule) => rule.text)).toEqual([
      "ask *.delete",
      "ask delete_*",
      "deny every call to all but *@acme.com",
      "deny every call to #general",
    ]);
    expect(warnings).toEqual(["bureau.yaml, line 10: policy[2].color is not a part of a rule and has no effect."]);
  });

  test("may be empty", () => {
    expect(parseSettings("policy:").policy).toEqual([]);
  });

  test.each([
    ["policy: allow", "bureau.yaml, line 1: policy must be a list of rules."],
    ["policy:\n  - mail.send", "bureau.yaml, line 2: policy[0] must be a rule."],
    ["policy:\n  - to: x", "bureau.yaml, line 2: policy[0] must have exactly one of allow, ask, deny."],
    ["policy:\n  - allow: x\n    deny: x", "bureau.yaml, line 2: policy[0] must have exactly one of allow, ask, deny."],
    ["policy:\n  - allow:", "bureau.yaml, line 2: policy[0] must have exactly one of allow, ask, deny."],
    ["policy:\n  - ask: []", "bureau.yaml, line 2: policy[0].ask must have 1 to 200 entries."],
    ["policy:\n  - ask: x\n    to: 5", "bureau.yaml, line 3: policy[0].to must be text, not 5."],
    ["policy:\n  - ask: x\n    to: ''", 'bureau.yaml, line 3: policy[0].to must be text, not "".'],
    [
      "policy:\n  - allow: x\n    to: '!y'",
      "bureau.yaml, line 3: policy[0].to cannot begin with ! where it allows; name those that are allowed.",
    ],
    [
      "policy:\n  - allow: x\n    after_outside: true",
      "bureau.yaml, line 3: policy[0].after_outside needs a target that is not everything.",
    ],
    [
      "policy:\n  - deny: x\n    after_outside: true",
      "bureau.yaml, line 3: policy[0].after_outside means something only where it allows.",
    ],
    ["policy:\n  - allow: x\n    after_outside: 'yes'", "must be true or false"],
    [`policy:\n  - deny: ${"x".repeat(501)}`, "policy[0].deny must have 1 to 500 characters"],
  ])("%j is refused with line and key", (text, message) => {
    const error = failure(text);
    expect(error.code).toBe("invalid");
    expect(error.message).toContain(message);
  });
});
