import { expect, test } from "vitest";
import { answerQuestion, NEW_INTERVIEW, takeComposed } from "./interview.ts";

const questions = ["Who?", "When?"].map((question) => ({ question, suggestions: [] }));

test("questions are asked one at a time, and the last answer completes them", () => {
  const asked = takeComposed(NEW_INTERVIEW, { by: "model", why: null, questions, draft: null });
  const first = answerQuestion(asked, " Ana ");
  expect(first.isComplete).toBe(false);
  const second = answerQuestion(first.next, "");
  expect(second.isComplete).toBe(true);
  expect(second.next.answers).toEqual([
    { question: "Who?", answer: "Ana" },
    { question: "When?", answer: "" },
  ]);
});

test("a draft can be edited, and without one the person's own words are the instructions", () => {
  const draft = { name: "anna", instructions: "You write." };
  expect(takeComposed(NEW_INTERVIEW, { by: "model", why: null, questions: [], draft })).toMatchObject(draft);
  const own = takeComposed(
    { ...NEW_INTERVIEW, text: "Write letters" },
    { by: "plain", why: "No model.", questions: [], draft: null },
  );
  expect(own).toMatchObject({ stage: "draft", instructions: "Write letters", why: "No model." });
});
