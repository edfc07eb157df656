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
const ENDS: readonly BureauEvent["type"][] = ["step.completed", "step.failed", "step.interrupted"];

/** A piece is added to its draft, unless its step is known to be over. */
export function withDelta(drafts: Drafts, steps: View["steps"], delta: LiveDelta): Drafts {
  const { stepId, runId, kind, text, attempt = 1 } = delta;
  const step = steps[stepId];
  if (step !== undefined && step.status !== "running") return drafts;
  const known = drafts.byStep[stepId];
  const isNew = known === undefined || known.attempt !== attempt;
  const isCut = known === undefined && !drafts.begun.has(stepId);
  const draft = isNew ? { runId, text: "", reasoning: "", output: "", isCut, attempt } : known;
  if (draft[kind].length >= MAX_DRAFT_CHARACTERS) return drafts;
  return { ...drafts, byStep: { ...drafts.byStep, [stepId]: { ...draft, [kind]: draft[kind] + text } } };
}

/** A draft goes when its step is over, when its item is there, or when its run is. */
export function afterEvent(drafts: Drafts, { type, runId, data }: BureauEvent): Drafts {
  const stepId = textOf(data["step"], "id");
  const isEnd = ENDS.includes(type) || (type.startsWith("tool_call.") && type !== "tool_call.started");
  if (isEnd) return without(drafts, [stepId]);
  if (type === "step.started" || type === "tool_call.started")
    return drafts.isCatchingUp ? drafts : heard(drafts, stepId);
  if (type === "item.added") return without(drafts, [textOf(data["item"], "stepId")]);
  const isRunOver = type === "run.completed" || type === "run.failed" || type === "run.canceled";
  if (!isRunOver) return drafts;
  const over = textOf(data["run"], "id") || runId;
  return without(
    drafts,
    Object.keys(drafts.byStep).filter((id) => drafts.byStep[id]?.runId === over),
  );
}

/** Pieces are faster than events: some may have come before this. */
function heard(drafts: Drafts, stepId: string): Drafts {
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
