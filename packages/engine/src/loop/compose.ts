import type { AgentComposed, ComposeAgent, ComposeGoal, ComposerQuestion, GoalComposed } from "@bureau/protocol";
import { composerMessages, questionsLeft, readComposer } from "../domain/compose.ts";
import { AGENT_INSTRUCTIONS, plainAgent, plainAgentQuestions, readAgentDraft } from "../domain/compose-agent.ts";
import { agentFor, GOAL_INSTRUCTIONS, plainGoal, plainGoalQuestions, readGoalDraft } from "../domain/compose-goal.ts";
import { clause } from "../domain/plain-words.ts";
import type { ModelMessage } from "../models/model.ts";
import { findAgent, findAgentByFolder } from "../queries/lookup.ts";
import { loneCall, type Payer } from "./lone-call.ts";
import type { LoopParts } from "./parts.ts";

/** A person waits: after this, or after so many calls, the plain questions take over. */
const COMPOSE_LIMIT_MS = 40_000;
const MAX_CALLS = 3;
const MAX_OUTPUT_TOKENS = 2_000;
const MAX_AGENTS = 200;

export interface ComposeParts {
  parts: LoopParts;
  /** The workspace's folder. */
  workspace: string;
}

/** From a sentence to a goal's fields. Writes nothing but what its model calls cost. */
export async function composeGoal({ parts, workspace }: ComposeParts, input: ComposeGoal): Promise<GoalComposed> {
  const named = input.agent === undefined ? null : await findAgent(parts.reads, input.agent);
  const agents = await agentNames(parts, workspace);
  const left = questionsLeft(input.answers);
  const found = await askModel(parts, {
    payer: named ?? (await ownAgent(parts, workspace)),
    key: "goal",
    left,
    messages: composerMessages(GOAL_INSTRUCTIONS, { text: input.text, answers: input.answers, agents }, left),
    read: (value) => readGoalDraft(value, agents, named?.name ?? null),
  });
  if (found.ok) return { by: "model", why: null, questions: found.questions, draft: found.draft };
  const questions = plainGoalQuestions(input).slice(0, left);
  const draft = questions.length > 0 ? null : plainGoal(input, named?.name ?? agentFor(input.text, agents));
  return { by: "plain", why: found.why, questions, draft };
}

/** From a sentence to a new agent's name and instructions. Makes no agent. */
export async function composeAgent({ parts, workspace }: ComposeParts, input: ComposeAgent): Promise<AgentComposed> {
  const agents = await agentNames(parts, workspace);
  const left = questionsLeft(input.answers);
  const found = await askModel(parts, {
    payer: await ownAgent(parts, workspace),
    key: "agent",
    left,
    messages: composerMessages(AGENT_INSTRUCTIONS, { text: input.text, answers: input.answers, agents }, left),
    read: (value) => readAgentDraft(value, agents),
  });
  if (found.ok) return { by: "model", why: null, questions: found.questions, draft: found.draft };
  const questions = plainAgentQuestions(input).slice(0, left);
  const draft = questions.length > 0 ? null : plainAgent(input, agents);
  return { by: "plain", why: found.why, questions, draft };
}

interface Asked<Draft> {
  payer: Payer;
  key: string;
  left: number;
  messages: ModelMessage[];
  read: (value: Record<string, unknown>) => { ok: true; draft: Draft } | { ok: false; message: string };
}

type Found<Draft> = { ok: true; questions: ComposerQuestion[]; draft: Draft | null } | { ok: false; why: string };

/** Asks the models of the role `fast`, and again where an answer cannot be used. Never fails: `why` says what did. */
async function askModel<Draft>(parts: LoopParts, asked: Asked<Draft>): Promise<Found<Draft>> {
  // A recording has answers for its own run alone.
  if (parts.models.rehearsal) return { ok: false, why: "This is a rehearsal, which has no words for this." };
  const models = chainOf(parts);
  const signal = AbortSignal.timeout(COMPOSE_LIMIT_MS);
  let { messages } = asked;
  let why = "No model is set.";
  let place = 0;
  for (let call = 0; call < MAX_CALLS && !signal.aborted; call += 1) {
    const model = models[Math.min(place, models.length - 1)];
    if (model === undefined) break;
    const maxOutputTokens = Math.min(MAX_OUTPUT_TOKENS, parts.models.limits(model).maxOutputTokens);
    const request = {
      model,
      messages,
      tools: [],
      effort: "low" as const,
      maxOutputTokens,
      cacheKey: `compose:${asked.key}`,
    };
    const answer = await loneCall(parts, asked.payer, request, signal);
    if (answer.status === "failed") {
      why = `The model did not answer: ${clause(answer.failure.message)}.`;
      if (answer.failure.kind === "usage_limit" || answer.failure.kind === "unauthenticated") place += 1;
      if (place >= models.length) break;
      continue;
    }
    const text = answer.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
    const reading = readComposer(text, asked.key, asked.left);
    if (reading.type === "questions") return { ok: true, questions: reading.questions, draft: null };
    const read =
      reading.type === "object" ? asked.read(reading.value) : { ok: false as const, message: reading.message };
    if (read.ok) return { ok: true, questions: [], draft: read.draft };
    why = "The model gave no answer that could be used.";
    messages = [...asked.messages, ...correction(text, read.message)];
  }
  return { ok: false, why };
}

function correction(text: string, message: string): ModelMessage[] {
  return [
    { role: "assistant", content: [{ type: "text", text: text.slice(0, 4_000) || "(nothing)" }] },
    {
      role: "user",
      content: [{ type: "text", text: `That cannot be used: ${message} Answer again, with the JSON object alone.` }],
    },
  ];
}

function chainOf({ models }: LoopParts): string[] {
  try {
    return models.chain("fast");
  } catch {
    // None is set; the person is asked plainly.
    return [];
  }
}

async function agentNames({ reads }: LoopParts, workspace: string): Promise<string[]> {
  const { rows } = await reads.query<{ name: string }>({
    name: "agent_names",
    text: `SELECT name FROM agents WHERE folder <> $1 ORDER BY name LIMIT ${MAX_AGENTS}`,
    values: [workspace],
  });
  return rows.map((row) => row.name);
}

async function ownAgent({ reads }: LoopParts, workspace: string): Promise<Payer> {
  return (await findAgentByFolder(reads, workspace)) ?? { id: "none", name: "" };
}
