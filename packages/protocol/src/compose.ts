import { z } from "zod";
import { GoalFields, Line, LongText, Reference } from "./api-inputs.ts";
import { PolicyRule } from "./policy.ts";

const MAX_TEXT_CHARACTERS = 20_000;
const MAX_ANSWER_CHARACTERS = 2_000;
/** In all over one conversation, however often it is asked. */
export const MAX_COMPOSER_QUESTIONS = 3;

const ShortText = LongText.refine((text) => text.length <= MAX_TEXT_CHARACTERS, {
  message: `must have at most ${MAX_TEXT_CHARACTERS} characters`,
});

/** An empty answer means that the person does not mind. */
const ComposerAnswer = z.strictObject({
  question: Line,
  answer: z
    .string()
    .max(MAX_ANSWER_CHARACTERS)
    .refine((text) => !text.includes("\0") && text.isWellFormed(), {
      message: "must be Unicode text without NUL characters",
    }),
});
export type ComposerAnswer = z.infer<typeof ComposerAnswer>;

const answers = z.array(ComposerAnswer).max(MAX_COMPOSER_QUESTIONS).default([]);

export const ComposeGoal = z.strictObject({
  /** What the person wants, in their own words. */
  text: ShortText,
  agent: Reference.optional(),
  /** Every question so far with its answer; one that was left out is taken as not minded. */
  answers,
});
export type ComposeGoal = z.infer<typeof ComposeGoal>;

export const ComposerQuestion = z.object({
  question: z.string(),
  /** Answers to choose from; any other words will do. */
  suggestions: z.array(z.string()),
});
export type ComposerQuestion = z.infer<typeof ComposerQuestion>;

/** A goal that is written down nowhere yet: `createGoal` takes `spec` and `agent` as they are. */
export const GoalDraft = z.object({
  spec: GoalFields.extend({ title: Line, brief: LongText }),
  /** The agent's name. */
  agent: z.string().nullable(),
  /** What its constraints become: rules that hold whatever the agent says, */
  rules: z.array(PolicyRule),
  /** and those that only the agent reads. */
  advice: z.array(z.string()),
});
export type GoalDraft = z.infer<typeof GoalDraft>;

/** Who made it: a model; `plain`: fixed questions and the person's own words, and why no model was used. */
const made = { by: z.enum(["model", "plain"]), why: z.string().nullable() };

/** Either questions, or a draft. */
export const GoalComposed = z.object({
  ...made,
  questions: z.array(ComposerQuestion),
  draft: GoalDraft.nullable(),
});
export type GoalComposed = z.infer<typeof GoalComposed>;

export const ComposeAgent = z.strictObject({ text: ShortText, answers });
export type ComposeAgent = z.infer<typeof ComposeAgent>;

/** An agent that is not there yet: `createAgent` takes it as it is. */
export const AgentDraft = z.object({
  name: z.string(),
  /** What its `AGENTS.md` says. */
  instructions: z.string(),
});
export type AgentDraft = z.infer<typeof AgentDraft>;

export const AgentComposed = z.object({
  ...made,
  questions: z.array(ComposerQuestion),
  draft: AgentDraft.nullable(),
});
export type AgentComposed = z.infer<typeof AgentComposed>;
