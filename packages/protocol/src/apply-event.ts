import type { Agent } from "./agent.ts";
import type { Artifact, ArtifactComment, ArtifactVersion } from "./artifact.ts";
import type { Halt } from "./api-replies.ts";
import type { Effect } from "./effect.ts";
import type { BureauEvent } from "./event.ts";
import type { Evidence, Goal } from "./goal.ts";
import type { InboxEntry } from "./inbox.ts";
import type { Item } from "./item.ts";
import type { Run, Step, ToolCall } from "./run.ts";
import type { Task, Thread } from "./thread.ts";

/** What a reader of events knows, each thing by its id. A view is never changed in place. */
export interface View {
  /** The last event that is in here. */
  lastSeq: number;
  agents: Readonly<Record<string, Agent>>;
  goals: Readonly<Record<string, Goal>>;
  evidence: Readonly<Record<string, Evidence>>;
  tasks: Readonly<Record<string, Task>>;
  threads: Readonly<Record<string, Thread>>;
  /** Items by thread, in the order of their positions. */
  items: Readonly<Record<string, readonly Item[]>>;
  runs: Readonly<Record<string, Run>>;
  steps: Readonly<Record<string, Step>>;
  toolCalls: Readonly<Record<string, ToolCall>>;
  inbox: Readonly<Record<string, InboxEntry>>;
  /** Those that were settled or taken back; the ledger itself is asked for. */
  effects: Readonly<Record<string, Effect>>;
  artifacts: Readonly<Record<string, Artifact>>;
  artifactVersions: Readonly<Record<string, ArtifactVersion>>;
  artifactComments: Readonly<Record<string, ArtifactComment>>;
  /** Since when everything is stopped, and who stopped it; null while work may go on. */
  halted: Halt | null;
}

export const EMPTY_VIEW: View = {
  lastSeq: 0,
  agents: {},
  goals: {},
  evidence: {},
  tasks: {},
  threads: {},
  items: {},
  runs: {},
  steps: {},
  toolCalls: {},
  inbox: {},
  effects: {},
  artifacts: {},
  artifactVersions: {},
  artifactComments: {},
  halted: null,
};

/** Which field of an event's data holds a thing, and where the view keeps it. */
const PLACES = [
  ["agent", "agents"],
  ["goal", "goals"],
  ["evidence", "evidence"],
  ["task", "tasks"],
  ["thread", "threads"],
  ["run", "runs"],
  ["step", "steps"],
  ["toolCall", "toolCalls"],
  ["entry", "inbox"],
  ["effect", "effects"],
  ["artifact", "artifacts"],
  ["artifactVersion", "artifactVersions"],
  ["comment", "artifactComments"],
] as const;

interface Identified {
  id: string;
}

/**
 * The view after an event.
 *
 * An event that the view already holds (by its sequence number) changes nothing, so a reader may resume from
 * any earlier number. A thing in an event is laid over what is known of it: fields that it lacks stay. A part
 * of a thing that was never seen whole is kept as it is. Unknown data is left out.
 */
export function applyEvent(view: View, event: BureauEvent): View {
  if (event.seq <= view.lastSeq) return view;
  const next: { -readonly [K in keyof View]: View[K] } = { ...view, lastSeq: event.seq };
  for (const [field, place] of PLACES) {
    const thing = event.data[field];
    if (!isIdentified(thing)) continue;
    const known: Readonly<Record<string, Identified>> = view[place];
    const laid = { ...known, [thing.id]: { ...known[thing.id], ...thing } };
    Object.assign(next, { [place]: laid });
  }
  if (event.type === "everything.stopped" && isHalt(event.data["halted"])) next.halted = event.data["halted"];
  if (event.type === "everything.resumed") next.halted = null;
  const step = event.data["step"];
  if (isBegunStep(step)) next.runs = withStep(next.runs, step);
  const item = event.data["item"];
  if (isItem(item)) next.toolCalls = withResult(next.toolCalls, item);
  if (isItem(item)) next.items = { ...view.items, [item.threadId]: withItem(view.items[item.threadId] ?? [], item) };
  return next;
}

export function applyEvents(view: View, events: Iterable<BureauEvent>): View {
  let next = view;
  for (const event of events) next = applyEvent(next, event);
  return next;
}

/** A run is where its newest step is. */
function withStep(runs: View["runs"], step: BegunStep): View["runs"] {
  const run = runs[step.runId];
  if (!run || run.stepCount >= step.number) return runs;
  const model = step.kind === "model_call" ? step.name : run.model;
  return { ...runs, [step.runId]: { ...run, stepCount: step.number, turn: step.turn, model } };
}

/** A call's result is told once, as the item that the model reads. */
function withResult(calls: View["toolCalls"], { content }: Item): View["toolCalls"] {
  if (content.type !== "tool_result") return calls;
  const call = calls[content.toolCallId];
  return call ? { ...calls, [call.id]: { ...call, result: content.text } } : calls;
}

function isHalt(thing: unknown): thing is Halt {
  return typeof thing === "object" && thing !== null && "at" in thing && "by" in thing;
}

function withItem(items: readonly Item[], item: Item): readonly Item[] {
  const last = items.at(-1);
  if (last === undefined || last.position < item.position) return [...items, item];
  const others = items.filter((other) => other.position !== item.position);
  const place = others.findIndex((other) => other.position > item.position);
  return place < 0 ? [...others, item] : others.toSpliced(place, 0, item);
}

function isIdentified(value: unknown): value is Identified {
  return isObject(value) && typeof value["id"] === "string" && value["id"] !== "__proto__";
}

type BegunStep = Pick<Step, "runId" | "number" | "turn" | "kind" | "name">;

function isBegunStep(value: unknown): value is BegunStep {
  return isIdentified(value) && "runId" in value && "number" in value && typeof value.number === "number";
}

function isItem(value: unknown): value is Item {
  return isIdentified(value) && "position" in value && "threadId" in value && typeof value.threadId === "string";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
