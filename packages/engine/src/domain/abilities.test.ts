import type { ListedRule, Verdict } from "@bureau/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { abilitiesOf, type AbilitiesQuestion, type ToolFacts } from "./abilities.ts";

const tool = (name: string, part: Partial<ToolFacts> = {}): ToolFacts => ({
  name,
  kind: name,
  effect: "read",
  carriesOut: false,
  needsApproval: null,
  ...part,
});
const rule = (verdict: Verdict, toolName: string, part: Partial<ListedRule> = {}): ListedRule => ({
  id: "rule_1",
  verdict,
  tool: toolName,
  target: null,
  agent: null,
  goalId: null,
  runId: null,
  afterOutside: false,
  origin: "person",
  text: `${verdict} ${toolName}`,
  createdBy: "ana",
  createdAt: null,
  ...part,
});
const TOOLS = [
  tool("read_file"),
  tool("write_file", { effect: "write_workspace" }),
  tool("run_command", { effect: "write_workspace" }),
  tool("fetch_url", { carriesOut: true }),
  tool("mail__send", { kind: "mail.send", effect: "write_outside" }),
  tool("mail__list"),
];
const told = (part: Partial<AbilitiesQuestion> = {}) =>
  abilitiesOf({ agent: "writer", tools: TOOLS, rules: [], goals: {}, hosts: [], ...part });
const sentences = (verdict: Verdict, part: Partial<AbilitiesQuestion> = {}) =>
  told(part)
    .filter((ability) => ability.verdict === verdict)
    .map((ability) => ability.sentence);

describe("what an agent may do", () => {
  test("by default: work by itself, ask before it acts outside", () => {
    expect(sentences("allow")).toEqual([
      "It reads, lists and searches the files in its folder.",
      "It writes and changes files in its folder.",
      "It runs commands in a sandbox that can write only its folder, without a network.",
      "It fetches pages of the public web; once it has read content from outside, it asks first unless you named where to.",
      "It reads with mail__list of the server mail.",
    ]);
    expect(sentences("ask")).toEqual(["It asks before it acts outside with mail__send of the server mail."]);
    expect(sentences("deny").every((text) => text.startsWith("It never "))).toBe(true);
  });

  test("follows rules: a deny of a tool, an ask, an allow for one target", () => {
    const rules = [
      rule("deny", "fetch_url"),
      rule("allow", "mail.send", { target: "*@acme.com" }),
      rule("ask", "write_file", { agent: "other" }),
    ];
    expect(sentences("deny", { rules }).slice(0, 2)).toEqual([
      "It never fetches pages of the public web.",
      "It never calls fetch_url.",
    ]);
    expect(sentences("ask", { rules })).toEqual(["It asks before it acts outside with mail__send of the server mail."]);
    expect(sentences("allow", { rules })).toContain("It calls mail.send to *@acme.com.");
  });

  test("names hosts of commands, and a tool that needs a yes of its own", () => {
    expect(sentences("allow", { hosts: ["pypi.org"] }).join(" ")).toContain("and reach pypi.org");
    const tools = [tool("run_command", { effect: "write_workspace", needsApproval: "There is no sandbox." })];
    expect(told({ tools })[0]).toMatchObject({ verdict: "ask", because: "There is no sandbox." });
  });

  test("tells a constraint of its goals once, and none of others", () => {
    const ofGoal = { goalId: "goal_1", origin: "goal" as const, text: "never send without my review" };
    const rules = [
      rule("ask", "*.send", ofGoal),
      rule("ask", "send_*", ofGoal),
      rule("deny", "x", { goalId: "goal_2" }),
    ];
    const goals = { goal_1: "Launch" };
    expect(told({ rules, goals }).filter((ability) => ability.goalId !== null)).toEqual([
      {
        sentence: 'For the goal "Launch": never send without my review.',
        verdict: "ask",
        tools: [],
        because: "a constraint of the goal",
        goalId: "goal_1",
      },
    ]);
  });

  test("is told of any tools and rules without an error, each tool once", () => {
    const text = fc.string({ unit: "binary", maxLength: 60 });
    const anyTool = fc.record({
      name: text,
      kind: text,
      effect: fc.constantFrom("read" as const, "write_workspace" as const, "write_outside" as const),
      carriesOut: fc.boolean(),
      needsApproval: fc.option(text, { nil: null }),
    });
    const anyRule = fc
      .record({
        verdict: fc.constantFrom("allow" as const, "ask" as const, "deny" as const),
        tool: text,
        text,
        target: fc.option(text, { nil: null }),
      })
      .map((part) => rule(part.verdict, part.tool, part));
    fc.assert(
      fc.property(
        fc.uniqueArray(anyTool, { maxLength: 8, selector: (each) => each.name }),
        fc.array(anyRule, { maxLength: 5 }),
        (tools, rules) => {
          const all = told({ tools, rules });
          expect(all.flatMap((ability) => ability.tools).toSorted()).toEqual(tools.map((each) => each.name).toSorted());
          for (const ability of all) expect(ability.sentence).not.toMatch(/[\n\0]/);
        },
      ),
    );
  });
});
