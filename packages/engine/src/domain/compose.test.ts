import { CreateGoal } from "@bureau/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { questionsLeft, readComposer } from "./compose.ts";
import { plainAgent, plainAgentQuestions, readAgentDraft } from "./compose-agent.ts";
import { agentFor, budgetIn, plainGoal, plainGoalQuestions, readGoalDraft } from "./compose-goal.ts";

const ask = (text: string, answers: { question: string; answer: string }[] = []) => ({ text, answers });

describe("a model's answer", () => {
  test("is read as questions, no more than are left", () => {
    const text = 'Sure: {"questions":[{"question":"Which?","suggestions":["a","a"," "]},"And when?"]}';
    expect(readComposer(text, "goal", 1)).toEqual({
      type: "questions",
      questions: [{ question: "Which?", suggestions: ["a"] }],
    });
    expect(readComposer(text, "goal", 0)).toMatchObject({ type: "wrong" });
  });

  test("becomes a draft that fills fields of a goal and nothing else", () => {
    const goal = {
      title: "Report",
      brief: "Write it.",
      done: "",
      checks: [{ file: { path: "report.md" } }],
      constraints: ["never send without my review", "be kind"],
      budget: { dollars: 2, time: "2h", tokens: -1 },
      agent: "stranger",
    };
    const read = readGoalDraft(goal, ["writer"], null);
    expect(read).toMatchObject({
      ok: true,
      draft: { agent: null, spec: { budget: { micros: 2_000_000, timeMs: 7_200_000 } }, advice: ["be kind"] },
    });
    if (!read.ok) return;
    expect(read.draft.rules.length).toBeGreaterThan(0);
    expect(read.draft.rules.every((rule) => rule.verdict !== "allow")).toBe(true);
    expect(readGoalDraft({ ...goal, agent: "writer" }, ["writer"], null)).toMatchObject({ draft: { agent: "writer" } });
    expect(readGoalDraft({ ...goal, agent: "writer" }, ["writer", "x"], "x")).toMatchObject({ draft: { agent: "x" } });
  });

  test.each([
    [{ title: "x" }],
    [{ title: "x", brief: "y", status: "done" }],
    [{ title: "x", brief: "y", checks: [{ shell: "rm" }] }],
    [{ title: 5, brief: "y" }],
  ])("that is no goal says what is wrong: %j", (value) => {
    expect(readGoalDraft(value, [], null)).toMatchObject({ ok: false, message: expect.stringContaining("goal.") });
  });

  test.each([
    [{ name: "../x", instructions: "y" }],
    [{ name: "x", instructions: "" }],
    [{ name: "x", instructions: "a\0b" }],
    [{ name: "x", instructions: "y", folder: "/etc" }],
  ])("that is no agent says what is wrong: %j", (value) => {
    expect(readAgentDraft(value, [])).toMatchObject({ ok: false });
  });

  test("of any text never throws", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), fc.nat(3), (text, left) => {
        const reading = readComposer(`{"goal":${text}}`, "goal", left);
        if (reading.type === "object") readGoalDraft(reading.value, [], null);
        expect(readComposer(text, "goal", left).type).toBeTypeOf("string");
      }),
    );
  });
});

describe("without a model", () => {
  test("what the text does not say is asked, at most three questions, once", () => {
    const questions = plainGoalQuestions(ask("Write the report"));
    expect(questions).toHaveLength(3);
    expect(questions.every((question) => question.suggestions.length >= 2)).toBe(true);
    expect(plainGoalQuestions(ask("Write the report, never send it, at most $5"))).toHaveLength(1);
    expect(plainGoalQuestions(ask("Write", [{ question: "?", answer: "" }]))).toEqual([]);
    expect(plainAgentQuestions(ask("An agent"))).toHaveLength(3);
    expect(questionsLeft([{ question: "?", answer: "" }])).toBe(2);
  });

  test("the answers fill the goal", () => {
    const [done, respect, bounds] = plainGoalQuestions(ask("Write the report of May. With care."));
    const draft = plainGoal(
      ask("Write the report of May. With care.", [
        { question: done!.question, answer: "I look at it and sign off" },
        { question: respect!.question, answer: "Never send anything without my review; be kind" },
        { question: bounds!.question, answer: "2 hours, at most $1.50" },
        { question: "Which month?", answer: "May" },
      ]),
      "writer",
    );
    expect(draft.spec).toEqual({
      title: "Write the report of May",
      brief: "Write the report of May. With care.\n\nWhich month? May",
      done: "I look at it and sign off",
      checks: [{ person: "owner" }],
      constraints: ["Never send anything without my review", "be kind"],
      budget: { micros: 1_500_000, timeMs: 7_200_000 },
    });
    expect(draft.rules.length).toBeGreaterThan(0);
    expect(draft.advice).toEqual(["be kind"]);
    expect(CreateGoal.safeParse({ spec: draft.spec, agent: "writer" }).success).toBe(true);
  });

  test.each([
    ["at most $5", { micros: 5_000_000 }],
    ["10 dollars and 30 minutes", { micros: 10_000_000, timeMs: 1_800_000 }],
    ["200k tokens", { tokens: 200_000 }],
    ["by friday", {}],
  ])("bounds are read: %s", (text, budget) => {
    expect(budgetIn(text)).toEqual(budget);
  });

  test("the agent is the one that is named, or the only one", () => {
    expect(agentFor("Ask Max to sum it up", ["max", "anton"])).toBe("max");
    expect(agentFor("Sum it up", ["max"])).toBe("max");
    expect(agentFor("Sum it up", ["max", "anton"])).toBeNull();
  });

  test("an agent has a free name and the person's words", () => {
    const draft = plainAgent(ask("An agent that writes meeting minutes", [{ question: "Why?", answer: "So." }]), [
      "writes-meeting",
    ]);
    expect(draft.name).toBe("writes-meeting-2");
    expect(draft.instructions).toBe(
      "# An agent that writes meeting minutes\n\nAn agent that writes meeting minutes\n\n## Why?\n\nSo.\n",
    );
  });

  test("any text becomes a goal and an agent that can be created", () => {
    const words = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 300 })
      .filter((text) => text.trim() !== "" && !text.includes("\0"));
    const answers = fc.array(fc.record({ question: words, answer: words }), { maxLength: 3 });
    fc.assert(
      fc.property(words, answers, (text, given) => {
        const { spec } = plainGoal(ask(text, given), null);
        expect(CreateGoal.safeParse({ spec }).error?.issues ?? []).toEqual([]);
        const { name, instructions } = plainAgent(ask(text, given), []);
        expect(name).toMatch(/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u);
        expect(instructions.length).toBeGreaterThan(2);
      }),
    );
  });
});
