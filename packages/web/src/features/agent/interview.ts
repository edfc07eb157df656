import type { AgentComposed, ComposerAnswer, ComposerQuestion } from "@bureau/protocol";

/** An agent on its way from a sentence to a draft. Kept by the browser until it is made. */
export interface Interview {
  stage: "sentence" | "questions" | "draft";
  text: string;
  questions: ComposerQuestion[];
  /** Which of the questions is asked now. */
  position: number;
  writing: string;
  answers: ComposerAnswer[];
  name: string;
  instructions: string;
  /** Why no model helped; null where one did. */
  why: string | null;
}

export const NEW_INTERVIEW: Interview = {
  stage: "sentence",
  text: "",
  questions: [],
  position: 0,
  writing: "",
  answers: [],
  name: "",
  instructions: "",
  why: null,
};

/** Questions or a draft have come; where neither did, the person writes the rest. */
export function takeComposed(now: Interview, { draft, questions, by, why }: AgentComposed): Interview {
  const reason = by === "plain" ? why : null;
  if (draft !== null) return { ...now, stage: "draft", ...draft, why: reason };
  if (questions.length === 0) return { ...now, stage: "draft", instructions: now.text, why: reason };
  return { ...now, stage: "questions", questions, position: 0, writing: "", why: reason };
}

/** The question is answered, with nothing if the person does not mind; the next one is asked, or all are answered. */
export function answerQuestion(now: Interview, answer: string): { next: Interview; isComplete: boolean } {
  const asked = now.questions[now.position];
  if (asked === undefined) return { next: now, isComplete: true };
  const answers = [...now.answers, { question: asked.question, answer: answer.trim() }];
  const position = now.position + 1;
  return { next: { ...now, answers, position, writing: "" }, isComplete: position >= now.questions.length };
}
