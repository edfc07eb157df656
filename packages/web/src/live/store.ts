import { applyEvents, type BureauEvent, EMPTY_VIEW, type LiveDelta, type View } from "@bureau/protocol";

/** Places of the view that hold things by their id. */
export type Place = "agents" | "goals" | "evidence" | "tasks" | "threads" | "runs" | "steps" | "toolCalls" | "inbox";

/** What a running step has written so far; its finished item takes its place. */
export interface Draft {
  runId: string;
  text: string;
  reasoning: string;
  output: string;
}

export type Connection = "connecting" | "live" | "lost";

export interface LiveState {
  view: View;
  /** By step. */
  drafts: Readonly<Record<string, Draft>>;
  connection: Connection;
}

const MAX_DRAFT_CHARACTERS = 200_000;
/** Which things an event has touched, and when; older replies do not overwrite those. */
const MAX_TOUCHED = 20_000;

let state: LiveState = { view: EMPTY_VIEW, drafts: {}, connection: "connecting" };
const listeners = new Set<() => void>();
const touched = new Map<string, number>();
/** Threads whose items are held: those of others are not kept, so that no thread is ever held in part. */
const heldThreads = new Set<string>();

export function readLive(): LiveState {
  return state;
}

export function subscribeLive(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function setConnection(connection: Connection): void {
  if (state.connection !== connection) replace({ ...state, connection });
}

/** Where the stream begins; what is fetched after this is at least as new. */
export function startAt(seq: number): void {
  if (state.view.lastSeq < seq) replace({ ...state, view: { ...state.view, lastSeq: seq } });
}

/** All events of one moment are one change of the screen. */
export function receiveEvents(events: readonly BureauEvent[]): void {
  const wanted = events.map(withoutForeignItems);
  for (const event of events) noteTouched(event);
  const view = applyEvents(state.view, wanted);
  replace({ ...state, view, drafts: withoutFinished(state.drafts, events) });
}

export function receiveDeltas(deltas: readonly LiveDelta[]): void {
  const drafts: Record<string, Draft> = { ...state.drafts };
  for (const { stepId, runId, kind, text } of deltas) {
    const known = drafts[stepId] ?? { runId, text: "", reasoning: "", output: "" };
    if (known[kind].length < MAX_DRAFT_CHARACTERS) drafts[stepId] = { ...known, [kind]: known[kind] + text };
  }
  replace({ ...state, drafts });
}

/** Lays things that were fetched into the view, but not over what an event has told since `askedAt`. */
export function layThings<T extends { id: string }>(place: Place, things: readonly T[], askedAt: number): void {
  if (things.length === 0) return;
  const known: Readonly<Record<string, unknown>> = state.view[place];
  const laid: Record<string, unknown> = { ...known };
  for (const thing of things) if ((touched.get(thing.id) ?? 0) <= askedAt) laid[thing.id] = thing;
  replace({ ...state, view: { ...state.view, [place]: laid } });
}

/** Begins to keep a thread's items; those fetched are laid in by `layItems`. */
export function holdThread(threadId: string): void {
  heldThreads.add(threadId);
}

export function releaseThread(threadId: string): void {
  heldThreads.delete(threadId);
  const { [threadId]: _, ...items } = state.view.items;
  replace({ ...state, view: { ...state.view, items } });
}

export function layItems(threadId: string, items: View["items"][string]): void {
  const byPosition = new Map((state.view.items[threadId] ?? []).map((item) => [item.position, item]));
  for (const item of items) byPosition.set(item.position, item);
  const laid = [...byPosition.values()].toSorted((one, other) => one.position - other.position);
  replace({ ...state, view: { ...state.view, items: { ...state.view.items, [threadId]: laid } } });
}

export function layHalt(halted: View["halted"]): void {
  if (state.view.halted?.at !== halted?.at) replace({ ...state, view: { ...state.view, halted } });
}

function replace(next: LiveState): void {
  state = next;
  for (const listener of listeners) listener();
}

function withoutForeignItems(event: BureauEvent): BureauEvent {
  const { item, ...data } = event.data;
  const isForeign = item !== undefined && (event.threadId === null || !heldThreads.has(event.threadId));
  return isForeign ? { ...event, data } : event;
}

function noteTouched(event: BureauEvent): void {
  for (const thing of Object.values(event.data)) {
    if (typeof thing !== "object" || thing === null || !("id" in thing) || typeof thing.id !== "string") continue;
    touched.delete(thing.id);
    touched.set(thing.id, event.seq);
  }
  for (const id of touched.keys()) {
    if (touched.size <= MAX_TOUCHED) break;
    touched.delete(id);
  }
}

/** A draft goes when its step is over, or its item is there. */
function withoutFinished(drafts: LiveState["drafts"], events: readonly BureauEvent[]): LiveState["drafts"] {
  const finished = new Set<string>();
  for (const { type, data } of events) {
    const isOver = type === "step.completed" || type === "step.failed" || type === "step.interrupted";
    if (isOver) finished.add(idOf(data["step"], "id"));
    if (type === "item.added") finished.add(idOf(data["item"], "stepId"));
  }
  const left = Object.entries(drafts).filter(([stepId]) => !finished.has(stepId));
  return left.length === Object.keys(drafts).length ? drafts : Object.fromEntries(left);
}

function idOf(thing: unknown, field: string): string {
  const value = typeof thing === "object" && thing !== null ? Reflect.get(thing, field) : undefined;
  return typeof value === "string" ? value : "";
}
