import type { BureauEvent, LiveDelta, View } from "@bureau/protocol";

/** What a running step has written so far; its finished item takes its place. */
export interface Draft {
  runId: string;
  text: string;
  reasoning: string;
  output: string;
  /** Its beginning was not heard: the watching began, or was interrupted, in the middle of it. */
  isCut: boolean;
  /** Which try of the call it is of; another try writes anew. */
  attempt: number;
  /** Its step is completed, and its items are about to come. */
  isOver: boolean;
}

export interface Drafts {
  /** By step. */
  byStep: Readonly<Record<string, Draft>>;
  /** Steps whose beginning was heard, so that their drafts are whole. */
  begun: ReadonlySet<string>;
  /** Events of before the watching are still being told: their steps may have written something already. */
  isCatchingUp: boolean;
}

export const NO_DRAFTS: Drafts = { byStep: {}, begun: new Set(), isCatchingUp: true };

const MAX_DRAFT_CHARACTERS = 200_000;
const MAX_BEGUN = 500;
const BREAKS: readonly BureauEvent["type"][] = ["step.failed", "step.interrupted"];
const RUN_ENDS: readonly BureauEvent["type"][] = ["run.completed", "run.failed", "run.canceled"];

/** A piece is added to its draft, unless its step is known to be over. */
export function withDelta(drafts: Drafts, steps: View["steps"], delta: LiveDelta): Drafts {
  const { stepId, runId, kind, text, attempt = 1 } = delta;
  const step = steps[stepId];
  if (step !== undefined && step.status !== "running") return drafts;
  const known = drafts.byStep[stepId];
  const isNew = known === undefined || known.attempt !== attempt;
  const isCut = known === undefined && !drafts.begun.has(stepId);
  const draft = isNew ? { runId, text: "", reasoning: "", output: "", isCut, attempt, isOver: false } : known;
  if (draft[kind].length >= MAX_DRAFT_CHARACTERS) return drafts;
  return { ...drafts, byStep: { ...drafts.byStep, [stepId]: { ...draft, [kind]: draft[kind] + text } } };
}

/**
 * A draft goes when its item is there, when its step broke off, or when its run is over.
 *
 * The items of a step that was completed follow in the next events, perhaps a moment later: until then the draft
 * stays, so that nothing vanishes from the screen between the two.
 */
export function afterEvent(drafts: Drafts, { type, runId, data }: BureauEvent): Drafts {
  const stepId = textOf(data["step"], "id");
  if (type === "step.started") return heard(withoutOver(drafts, runId), stepId);
  if (type === "tool_call.started") return heard(withoutOver(drafts, runId), stepId);
  if (type.startsWith("tool_call.") || BREAKS.includes(type)) return without(withoutOver(drafts, runId), [stepId]);
  if (type === "step.completed") return ended(drafts, stepId);
  if (type === "item.added") return afterItem(drafts, data["item"]);
  if (!RUN_ENDS.includes(type)) return withoutOver(drafts, runId);
  const over = textOf(data["run"], "id") || runId;
  return without(
    drafts,
    Object.keys(drafts.byStep).filter((id) => drafts.byStep[id]?.runId === over),
  );
}

/** What was said, or a call, stands for the draft; thoughts come before those. */
function afterItem(drafts: Drafts, item: unknown): Drafts {
  const content = typeof item === "object" && item !== null ? Reflect.get(item, "content") : undefined;
  return textOf(content, "type") === "reasoning" ? drafts : without(drafts, [textOf(item, "stepId")]);
}

function ended(drafts: Drafts, stepId: string): Drafts {
  const draft = drafts.byStep[stepId];
  return draft === undefined
    ? drafts
    : { ...drafts, byStep: { ...drafts.byStep, [stepId]: { ...draft, isOver: true } } };
}

/** The run has gone on: no item comes any more of a step that is over. */
function withoutOver(drafts: Drafts, runId: string | null): Drafts {
  const over = Object.entries(drafts.byStep).filter(([, draft]) => draft.isOver && draft.runId === runId);
  return without(
    drafts,
    over.map(([stepId]) => stepId),
  );
}

/** Pieces are faster than events: some may have come before this. */
function heard(drafts: Drafts, stepId: string): Drafts {
  if (drafts.isCatchingUp) return drafts;
  const draft = drafts.byStep[stepId];
  const byStep = draft === undefined ? drafts.byStep : { ...drafts.byStep, [stepId]: { ...draft, isCut: false } };
  return { ...drafts, byStep, begun: new Set([...[...drafts.begun].slice(-MAX_BEGUN), stepId]) };
}

function without(drafts: Drafts, stepIds: readonly string[]): Drafts {
  if (!stepIds.some((id) => id in drafts.byStep)) return drafts;
  const left = Object.entries(drafts.byStep).filter(([id]) => !stepIds.includes(id));
  return { ...drafts, byStep: Object.fromEntries(left) };
}

function textOf(thing: unknown, field: string): string {
  const value = typeof thing === "object" && thing !== null ? Reflect.get(thing, field) : undefined;
  return typeof value === "string" ? value : "";
}
