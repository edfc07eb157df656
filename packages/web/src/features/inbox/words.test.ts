import type { InboxEntry } from "@bureau/protocol";
import { describe, expect, test } from "vitest";
import { decidableBy, inBatch } from "./decidable.ts";
import { readDetail } from "./detail.ts";
import { actionWords, outcomeOf, ruleSentences, sentenceOf } from "./words.ts";

function anEntry(values: Partial<InboxEntry> & { kind: InboxEntry["kind"] }): InboxEntry {
  return { id: "x", status: "pending", title: "Title", detail: {}, choices: [], ...values } as InboxEntry;
}

const MAIL = {
  tool: "send_mail",
  kind: "mail.send",
  arguments: { to: ["ana@a.test", "ben@b.test", "cleo@c.test"], subject: "Hi", body: "Text" },
  targets: ["ana@a.test", "ben@b.test", "cleo@c.test"],
  reason: "No rule allows it.",
  effect: "write_outside",
  sources: [{ name: "mail from bob", tool: "read_mail" }, { odd: 1 }],
};

describe("the sentence of an entry", () => {
  test("says what the agent wants to do", () => {
    const entry = anEntry({ kind: "approval", detail: MAIL });
    expect(sentenceOf(entry, "writer")).toBe("writer wants to send a mail to ana@a.test, ben@b.test and 1 more.");
    const command = { ...MAIL, tool: "run_command", arguments: { command: "ls" } };
    expect(sentenceOf(anEntry({ kind: "approval", detail: command }), null)).toBe("An agent wants to run a command.");
    const other = { ...MAIL, tool: "pay", arguments: { amount: 1 }, targets: ["DE12"] };
    expect(sentenceOf(anEntry({ kind: "approval", detail: other }), "w")).toBe("w wants to use pay for DE12.");
  });

  test("of a question or of what stopped is its own, with nothing hidden in it", () => {
    expect(sentenceOf(anEntry({ kind: "question", title: "Which\u202E city?" }), "w")).toBe("Which⟨U+202E⟩ city?");
  });

  test("of an unknown effect says what nobody can tell", () => {
    const entry = anEntry({ kind: "unknown_effect", detail: MAIL });
    expect(sentenceOf(entry, "w")).toContain("a mail to ana@a.test, ben@b.test and 1 more");
  });
});

describe("a rule in words", () => {
  test("stands there for each place before it is made", () => {
    const action = readDetail(anEntry({ kind: "approval", detail: MAIL })).action!;
    const wish = { isApproval: true, action, agentName: "writer", goalTitle: "Launch" };
    expect(ruleSentences({ ...wish, scope: "once" })).toEqual([]);
    expect(ruleSentences({ ...wish, scope: "goal" })[0]).toBe(
      "writer may use send_mail with ana@a.test, for the goal “Launch”, without asking.",
    );
    expect(ruleSentences({ ...wish, scope: "rule" })).toHaveLength(3);
    const bare = { ...action, targets: [] };
    expect(ruleSentences({ ...wish, action: bare, isApproval: false, scope: "rule" })).toEqual([
      "writer may not use send_mail from now on.",
    ]);
  });
});

describe("what can be decided", () => {
  test("depends on the kind, on its status and on who looks", () => {
    expect(decidableBy(anEntry({ kind: "approval" }), "full")).toMatchObject({ isEditable: true, hasScopes: true });
    expect(decidableBy(anEntry({ kind: "approval" }), "inbox")).toMatchObject({ isEditable: false });
    expect(decidableBy(anEntry({ kind: "approval" }), "read").decisions).toEqual([]);
    expect(decidableBy(anEntry({ kind: "approval", status: "denied" }), "full").decisions).toEqual([]);
    expect(decidableBy(anEntry({ kind: "stopped" }), "inbox").decisions).toEqual([]);
    expect(decidableBy(anEntry({ kind: "budget", detail: { held: { of: "goal" } } }), "full").decisions).toEqual([
      "approve",
      "deny",
    ]);
    expect(decidableBy(anEntry({ kind: "budget" }), "full").decisions).toEqual(["dismiss"]);
    expect(inBatch(anEntry({ kind: "unknown_effect" }), "full")).toEqual([]);
  });

  test("is told in words that fit the kind", () => {
    expect(outcomeOf({ kind: "sign_off", status: "approved" })).toBe("Signed off");
    expect(outcomeOf({ kind: "stopped", status: "dismissed" })).toBe("Put away");
    expect(actionWords("approval", { type: "decide", decision: "approve", scope: "goal" })).toBe(
      "Approve, for this goal",
    );
    expect(actionWords("question", { type: "answer", choice: 2 })).toBe("Answer 2");
  });
});

test("a detail of another form is read as far as it goes", () => {
  const detail = {
    tool: "x",
    arguments: 3,
    targets: "no",
    sources: null,
    evidence: [1, { requirement: "r", status: "?" }],
  };
  const found = readDetail(anEntry({ kind: "approval", detail }));
  expect(found.action).toMatchObject({ tool: "x", kind: "x", targets: [], sources: [], preview: { type: "other" } });
  expect(found.evidence).toEqual([{ requirement: "r", status: "unverified", detail: "", kind: "" }]);
  expect(readDetail(anEntry({ kind: "question", detail: null })).action).toBeNull();
});
