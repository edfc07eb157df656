import { type ComposerAnswer, ComposerQuestion, LongText, MAX_COMPOSER_QUESTIONS } from "@bureau/protocol";
import type { ModelMessage } from "../models/model.ts";
import { jsonObjects } from "./json-objects.ts";
import { oneLine } from "./plain-words.ts";

const MAX_SUGGESTIONS = 5;
const MAX_QUESTION_CHARACTERS = 300;
const MAX_SUGGESTION_CHARACTERS = 150;

/** What a model's answer came to: questions, an object to be checked, or what is wrong with it. */
export type ComposerReading =
  | { type: "questions"; questions: ComposerQuestion[] }
  | { type: "object"; value: Record<string, unknown> }
  | { type: "wrong"; message: string };

/** How many questions may still be asked. */
export function questionsLeft(answers: readonly ComposerAnswer[]): number {
  return Math.max(0, MAX_COMPOSER_QUESTIONS - answers.length);
}

/**
 * Reads a composing model's answer: one JSON object with `questions`, or with `key`. What it says is data; anything
 * but these two is wrong, and no more questions are taken than are left.
 */
export function readComposer(text: string, key: string, left: number): ComposerReading {
  const objects = jsonObjects(text).filter(isRecord);
  const found = objects.find((object) => key in object || "questions" in object);
  if (found === undefined)
    return { type: "wrong", message: `Answer with one JSON object that has "${key}" or "questions".` };
  const questions = readQuestions(found["questions"]);
  if (questions.length > 0 && left > 0) return { type: "questions", questions: questions.slice(0, left) };
  const value = found[key];
  if (isRecord(value)) return { type: "object", value };
  const message =
    left > 0 ? `"${key}" must be an object.` : `No more questions can be asked. Answer with "${key}" now.`;
  return { type: "wrong", message };
}

function readQuestions(value: unknown): ComposerQuestion[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, MAX_COMPOSER_QUESTIONS).flatMap((entry: unknown) => {
    const given = typeof entry === "string" ? { question: entry, suggestions: [] } : entry;
    const parsed = ComposerQuestion.safeParse(isRecord(given) ? { suggestions: [], ...given } : given);
    if (!parsed.success) return [];
    const question = oneLine(parsed.data.question, MAX_QUESTION_CHARACTERS);
    if (question === "") return [];
    const suggestions = parsed.data.suggestions
      .map((suggestion) => oneLine(suggestion, MAX_SUGGESTION_CHARACTERS))
      .filter((suggestion) => suggestion !== "");
    return [{ question, suggestions: [...new Set(suggestions)].slice(0, MAX_SUGGESTIONS) }];
  });
}

/** The conversation so far as data in one message, after what the model is to do. */
export function composerMessages(instructions: string, data: Record<string, unknown>, left: number): ModelMessage[] {
  const asked =
    left === 0
      ? "No more questions can be asked: answer with the draft."
      : `At most ${left} more ${left === 1 ? "question" : "questions"} can be asked. Ask only what changes the result and cannot be guessed; when enough is known, answer with the draft.`;
  return [
    { role: "system", content: `${instructions}\n- ${asked}` },
    { role: "user", content: [{ type: "text", text: JSON.stringify(data) }] },
  ];
}

/** What the person said, with the questions that they answered. */
export function withAnswers(text: string, answers: readonly ComposerAnswer[]): string {
  const lines = answers
    .filter(({ answer }) => answer.trim() !== "")
    .map((each) => `${each.question} ${each.answer.trim()}`);
  const whole = [text.trim(), ...lines].join("\n\n");
  return LongText.safeParse(whole).success ? whole : text.trim();
}

/** The first sentence or line, as a title. */
export function titleOf(text: string): string {
  const first = text.trim().split(/(?<=[.!?])\s|\n/u, 1)[0] ?? "";
  return oneLine(first.replace(/[.:!]+$/u, ""), 90) || "A goal";
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
