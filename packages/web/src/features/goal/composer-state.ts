import type { ComposerAnswer, ComposerQuestion, GoalComposed, PolicyRule } from "@bureau/protocol";
import { EMPTY_FORM, formOfSpec, type SpecForm } from "./spec-form.ts";

/** A goal on its way from a sentence to something that can be started. Kept by the browser until then. */
export interface ComposerState {
  stage: "sentence" | "questions" | "draft";
  text: string;
  /** An agent's name; empty for the workspace's own. */
  agent: string;
  /** Questions that came together, and which of them is asked now. */
  questions: ComposerQuestion[];
  position: number;
  /** False: they are fixed questions, since no model could be asked. */
  isAskedByModel: boolean;
  /** What is being written as the answer. */
  writing: string;
  /** Answered questions, those of earlier rounds too. */
  answers: ComposerAnswer[];
  form: SpecForm;
  /** What the draft was made of; another text needs another draft. Null: there is no draft yet. */
  madeOf: string | null;
  /** The draft before this one, where a new one took its place. */
  formBefore: SpecForm | null;
  rules: PolicyRule[];
  advice: string[];
  /** Why no model helped; null where one did, or none was wanted. */
  why: string | null;
}

export function emptyComposer(text = ""): ComposerState {
  return {
    stage: "sentence",
    text,
    agent: "",
    questions: [],
    position: 0,
    isAskedByModel: false,
    writing: "",
    answers: [],
    form: EMPTY_FORM,
    madeOf: null,
    formBefore: null,
    rules: [],
    advice: [],
    why: null,
  };
}

export function isUntouched(state: ComposerState): boolean {
  return state.text.trim() === "" && state.madeOf === null;
}

/** True when the draft that is there was made of just this text, so that it need not be made again. */
export function hasDraft({ madeOf, text }: ComposerState): boolean {
  return madeOf !== null && madeOf === text.trim();
}

/** Questions or a draft have come; where neither did, the person writes the rest. */
export function takeComposed(state: ComposerState, composed: GoalComposed): ComposerState {
  if (composed.draft === null && composed.questions.length > 0) {
    return {
      ...state,
      stage: "questions",
      questions: composed.questions,
      isAskedByModel: composed.by === "model",
      position: 0,
      writing: "",
      why: composed.why,
    };
  }
  if (composed.draft === null) return { ...writeMyself(state), why: composed.why };
  const { spec, agent, rules, advice } = composed.draft;
  return {
    ...withForm(state, formOfSpec(spec)),
    agent: state.agent === "" ? (agent ?? "") : state.agent,
    rules,
    advice,
    why: composed.by === "plain" ? composed.why : null,
  };
}

/** To the form with what is there: the sentence as what is to be done, and the answers below it. */
export function writeMyself(state: ComposerState): ComposerState {
  const said = state.answers
    .filter(({ answer }) => answer !== "")
    .map(({ question, answer }) => `${question} ${answer}`);
  const brief = [state.text.trim(), ...said].filter(Boolean).join("\n\n");
  return { ...withForm(state, { ...EMPTY_FORM, brief }), rules: [], advice: [], why: null };
}

function withForm(state: ComposerState, form: SpecForm): ComposerState {
  const isOther = state.madeOf !== null && JSON.stringify(state.form) !== JSON.stringify(form);
  return { ...state, stage: "draft", form, madeOf: state.text.trim(), formBefore: isOther ? state.form : null };
}

/** The question is answered; the next one is asked, or it is time to compose again. */
export function answerQuestion(state: ComposerState, answer: string): { state: ComposerState; isComplete: boolean } {
  const asked = state.questions[state.position];
  if (asked === undefined) return { state, isComplete: true };
  const answers = [...state.answers, { question: asked.question, answer: answer.trim() }];
  const position = state.position + 1;
  return { state: { ...state, answers, position, writing: "" }, isComplete: position >= state.questions.length };
}

/** None of the questions that are left matters. */
export function skipQuestions(state: ComposerState): ComposerState {
  let now = state;
  while (now.position < now.questions.length) now = answerQuestion(now, "").state;
  return now;
}

/** One step back: the answer before is there to be changed, then the sentence. */
export function stepBack(state: ComposerState): ComposerState {
  if (state.stage !== "questions" || state.position === 0)
    return { ...state, stage: "sentence", answers: [], questions: [] };
  const last = state.answers.at(-1);
  return {
    ...state,
    position: state.position - 1,
    writing: last?.answer ?? "",
    answers: state.answers.slice(0, -1),
  };
}
