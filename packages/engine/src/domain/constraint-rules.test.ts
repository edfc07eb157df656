import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Action } from "./action.ts";
import { rulesOfConstraints } from "./constraint-rules.ts";
import { decide } from "./policy.ts";

function call(kind: string, targets: string[] = []): Action {
  return {
    tool: kind,
    kind,
    effect: "write_outside",
    reversible: false,
    targets,
    content: ["Hi"],
    carriesOut: false,
    reaches: [],
    title: kind,
  };
}

/** What a constraint alone makes of a call: `allow` where it says nothing of it. */
function verdict(constraint: string, action: Action): string {
  const { rules } = rulesOfConstraints([constraint], { id: "goal_1" });
  const asked = { action, agent: "a", goalId: "goal_1", runId: "run_1", taint: [], words: "", sameCallsInRun: 0 };
  const { rule } = decide(rules, asked);
  return rule === null ? "nothing" : rule.verdict;
}

const CALLS: Record<string, Action> = {
  mail: call("mail.send", ["bob@acme.com"]),
  outside: call("send_email", ["eve@evil.com"]),
  chat: call("chat.post", ["#general"]),
  channel: call("send_channel_message", ["general"]),
  random: call("slack__post_message", ["random"]),
  pay: call("send_money", ["GB29"]),
  delete: call("delete_event", ["5"]),
  deleteMail: call("delete_email", ["5"]),
  fetch: call("fetch_url", ["https://x.org"]),
};

function verdicts(constraint: string): Record<string, string> {
  const all = Object.entries(CALLS).map(([name, action]) => [name, verdict(constraint, action)] as const);
  return Object.fromEntries(all.filter(([, found]) => found !== "nothing"));
}

describe("a constraint becomes rules", () => {
  const sends = (word: string) => ({ mail: word, outside: word, chat: word, channel: word, random: word, pay: word });
  test.each<[string, Record<string, string>]>([
    ["never send without my review", sends("ask")],
    ["Never send anything without asking me first.", sends("ask")],
    ["Do not send anything before I approve it", sends("ask")],
    ["Ask me before sending anything", sends("ask")],
    ["Always ask before you send anything.", sends("ask")],
    ["Only send after my approval", sends("ask")],
    ["Sending anything needs my approval", sends("ask")],
    ["nichts ohne meine Freigabe senden", sends("ask")],
    ["Sende nie etwas ohne mich zu fragen!", sends("ask")],
    ["Frag mich, bevor du etwas sendest", sends("ask")],
    ["Vor dem Senden immer fragen", sends("ask")],
    ["Send nothing", sends("deny")],
    ["Sende nichts", sends("deny")],
    ["ask me before posting", { chat: "ask", random: "ask" }],
    ["ask me before paying or deleting anything", { pay: "ask", delete: "ask", deleteMail: "ask" }],
    [
      "Ask me before sending, posting, paying or deleting anything",
      { ...sends("ask"), delete: "ask", deleteMail: "ask" },
    ],
    ["Never send messages", sends("deny")],
    ["Do not forward emails", { mail: "deny", outside: "deny" }],
    ["no emails", { mail: "deny", outside: "deny" }],
    ["Never send e-mails", { mail: "deny", outside: "deny" }],
    ["Keine Mails verschicken", { mail: "deny", outside: "deny" }],
    ["do not email eve@evil.com", { outside: "deny" }],
    ["Don't send mail to evil.com", { outside: "deny" }],
    ["never email anyone outside acme.com", { outside: "deny" }],
    ["Ask me before emailing anyone outside acme.com", { outside: "ask" }],
    ["only mail to *@acme.com", { outside: "deny" }],
    ["Nur Mails an acme.com", { outside: "deny" }],
    ["Keine E-Mails an Leute außerhalb von acme.com", { outside: "deny" }],
    ["never post to #general", { chat: "deny", channel: "deny" }],
    ["Do not post in the #general channel", { chat: "deny", channel: "deny" }],
    ["Poste nie in #general", { chat: "deny", channel: "deny" }],
    ["don't delete", { delete: "deny", deleteMail: "deny" }],
    ["nichts löschen", { delete: "deny", deleteMail: "deny" }],
    ["Never delete emails", { deleteMail: "deny" }],
    ["Never delete mails without my approval", { deleteMail: "ask" }],
    ["no web access", { fetch: "deny" }],
    ["Do not browse the web", { fetch: "deny" }],
    ["Kein Internet", { fetch: "deny" }],
    ["spend nothing", { pay: "deny" }],
    ["Never spend any money without my permission", { pay: "ask" }],
    ["Gib nichts aus", { pay: "deny" }],
    ["Never send money", { pay: "deny" }],
  ])("%s", (text, expected) => {
    expect(verdicts(text)).toEqual(expected);
    expect(rulesOfConstraints([text], { id: "goal_1" }).advice).toEqual([]);
  });
});

describe("a constraint stays advice", () => {
  test.each([
    "never alter the files in legal/",
    "Never touch report.txt",
    "Never delete report.txt",
    "Never delete files",
    "Never delete messages",
    "Do not browse mail",
    "ask before sending mail or posting",
    "keep it short",
    "do not ask before sending",
    "send without asking",
    "you can send",
    "send to bob@x.org",
    "do not forget to send it",
    "never not send",
    "do not email me",
    "do not email Bob",
    "do not reply to all",
    "never send to everyone",
    "never send on weekends",
    "never send more than three mails",
    "never delete it",
    "do not delete, send",
    "delete and never send",
    "no mail from eve@evil.com",
    "send nothing but mail to bob@acme.com",
    "never send mail except to bob@acme.com",
    "Never send mail. Except to Bob.",
    "only mail to *@acme.com or bob@x.org",
    "never email anyone outside the team",
    "ask Bob before sending",
    "do not only mail acme.com",
    "only send",
    "ask me",
    "spend at most 5 dollars",
    "never",
    "",
    "\ue000not send",
    "never send ".repeat(100),
  ])("%j", (text) => {
    const { rules, advice, ofConstraint } = rulesOfConstraints([text], { id: "goal_1" });
    expect(rules).toEqual([]);
    expect(advice).toEqual([text]);
    expect(ofConstraint).toEqual([{ text, rule: null, rules: [] }]);
  });
});

test("a rule is of its goal, and shown in the words of the constraint", () => {
  const { rules, ofConstraint } = rulesOfConstraints(["Keep calm", "send nothing"], { id: "goal_1" });
  expect(rules[0]).toEqual({
    id: "constraint:goal_1:2:1",
    verdict: "deny",
    tool: "*.send",
    target: null,
    agent: null,
    goalId: "goal_1",
    runId: null,
    afterOutside: false,
    origin: "goal",
    text: "send nothing",
  });
  expect(ofConstraint.map((each) => each.rule?.id ?? null)).toEqual([null, "constraint:goal_1:2:1"]);
  expect(new Set(rules.map((rule) => rule.id)).size).toBe(rules.length);
});

test("no text ever allows anything", () => {
  const words =
    "never do not don't send mail email ask me before without my approval only to outside acme.com bob@x.org #general delete " +
    "post pay spend nothing anything or and , . allow allowed always you can may anyone web no nie nichts ohne Freigabe senden";
  const text = fc.oneof(
    fc.array(fc.constantFrom(...words.split(" ")), { maxLength: 8 }).map((parts) => parts.join(" ")),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 3 }), (constraints) => {
      const { rules, advice, ofConstraint } = rulesOfConstraints(constraints, { id: "goal_1" });
      expect(rules.every((rule) => rule.verdict === "ask" || rule.verdict === "deny")).toBe(true);
      expect(advice.length + ofConstraint.filter((each) => each.rule !== null).length).toBe(constraints.length);
    }),
    { numRuns: 3_000 },
  );
});

test("a long text is read in no time", () => {
  const begun = performance.now();
  for (const text of ["ask me ".repeat(42), "vorher immer ".repeat(23), "gib ".repeat(75), "without my ".repeat(27)]) {
    rulesOfConstraints([text], { id: "goal_1" });
  }
  expect(performance.now() - begun).toBeLessThan(500);
});
