import { describe, expect, test } from "vitest";
import type { GoalComposed } from "@bureau/protocol";
import {
  answerQuestion,
  emptyComposer,
  hasDraft,
  skipQuestions,
  stepBack,
  takeComposed,
  writeMyself,
} from "./composer-state.ts";

const asked: GoalComposed = {
  by: "model",
  why: null,
  questions: [
    { question: "For whom?", suggestions: ["The board"] },
    { question: "By when?", suggestions: [] },
  ],
  draft: null,
};
const drafted: GoalComposed = {
  by: "plain",
  why: "No model is set.",
  questions: [],
  draft: {
    spec: { title: "Report", brief: "Write it.", done: "It is there." },
    agent: "writer",
    rules: [],
    advice: [],
  },
};

describe("composing a goal", () => {
  test("asks one question after the other, and then there is a draft", () => {
    const begun = takeComposed(emptyComposer("a report"), asked);
    expect(begun.stage).toBe("questions");
    const first = answerQuestion(begun, " The board ");
    expect(first.isComplete).toBe(false);
    const second = answerQuestion(first.state, "");
    expect(second.isComplete).toBe(true);
    expect(second.state.answers).toEqual([
      { question: "For whom?", answer: "The board" },
      { question: "By when?", answer: "" },
    ]);
    const done = takeComposed(second.state, drafted);
    expect(done).toMatchObject({ stage: "draft", agent: "writer", why: "No model is set." });
    expect(done.form).toMatchObject({ title: "Report", done: "It is there." });
    expect(hasDraft(done)).toBe(true);
    expect(hasDraft({ ...done, text: "another" })).toBe(false);
  });

  test("goes back to the answer before, and to the sentence", () => {
    const { state } = answerQuestion(takeComposed(emptyComposer("a report"), asked), "The board");
    const back = stepBack(state);
    expect(back).toMatchObject({ position: 0, writing: "The board", answers: [] });
    expect(stepBack(back)).toMatchObject({ stage: "sentence", text: "a report" });
  });

  test("leaves questions open that nobody minds", () => {
    expect(skipQuestions(takeComposed(emptyComposer("a report"), asked)).answers.map(({ answer }) => answer)).toEqual([
      "",
      "",
    ]);
  });

  test("works without help: the words and the answers are the brief", () => {
    const { state } = answerQuestion(takeComposed(emptyComposer("a report"), asked), "The board");
    expect(writeMyself(state).form.brief).toBe("a report\n\nFor whom? The board");
    expect(takeComposed(emptyComposer("a report"), { ...asked, questions: [] }).stage).toBe("draft");
  });

  test("never loses the draft before", () => {
    const first = takeComposed(emptyComposer("a report"), drafted);
    const edited = { ...first, form: { ...first.form, title: "Mine" }, text: "another" };
    expect(takeComposed(edited, drafted).formBefore).toMatchObject({ title: "Mine" });
  });
});
