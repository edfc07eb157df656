import {
  applyEvent,
  type BureauEvent,
  EMPTY_VIEW,
  isDelta,
  type Item,
  type StreamMessage,
  type View,
} from "@bureau/protocol";
import { afterEvent, type Draft, type Drafts, NO_DRAFTS, withDelta } from "./drafts.ts";
import { createSweeper, MARK_OF_WHOLE, type Place, PLACE_OF_FIELD } from "./places.ts";
import { createRecent } from "./told.ts";

export type Connection = "connecting" | "live" | "lost";

export interface LiveState {
  view: View;
  /** By step. */
  drafts: Readonly<Record<string, Draft>>;
  connection: Connection;
}

/** Things whose latest events are remembered; older replies do not overwrite those. */
const MAX_RECENT = 5_000;

/** The live state and what may change it. There is one for the app, in `store.ts`. */
export function createLive() {
  const box = createBox<LiveState>({ view: EMPTY_VIEW, drafts: {}, connection: "connecting" });
  const recent = createRecent(MAX_RECENT);
  /** Threads whose items are held, and by how many: those of others are not kept, so none is ever held in part. */
  const holds = new Map<string, number>();
  const isHeld = (threadId: string) => holds.has(threadId);
  const sweeper = createSweeper(isHeld);
  const firstWord = Promise.withResolvers<void>();
  let drafts: Drafts = NO_DRAFTS;
  const setView = (view: View) => box.set({ ...box.get(), view });
  const takeEvent = (view: View, event: BureauEvent): View => {
    recent.note(event);
    for (const thing of Object.values(event.data)) if (isIdentified(thing)) sweeper.touch(thing.id);
    return withoutParts(applyEvent(view, asKept(event, view, isHeld)), event);
  };
  return {
    read: box.get,
    subscribe: box.subscribe,
    ...createItems(box, holds),

    setConnection(connection: Connection): void {
      if (connection === "lost") firstWord.resolve();
      if (box.get().connection !== connection) box.set({ ...box.get(), connection });
    },

    /** Where the stream begins; what is fetched after this is at least as new. */
    startAt(seq: number): void {
      const { view } = box.get();
      if (view.lastSeq < seq) setView({ ...view, lastSeq: seq });
      firstWord.resolve();
    },

    /**
     * Resolves once the stream's beginning is known, or the server could not be reached. What is fetched before
     * that may be older than the first event that will come.
     */
    whenStarted: (): Promise<void> => firstWord.promise,

    /** Takes events and pieces of drafts in the order they came; all of one moment are one change of the screen. */
    receive(messages: readonly StreamMessage[]): void {
      let { view } = box.get();
      for (const message of messages) {
        if (isDelta(message)) drafts = withDelta(drafts, view.steps, message);
        else if (message.seq > view.lastSeq) {
          view = takeEvent(view, message);
          drafts = afterEvent(drafts, message);
        }
      }
      box.set({ ...box.get(), view: sweeper.sweep(view), drafts: drafts.byStep });
    },

    /** Pieces that came while nobody listened are lost, so what was written before is not gone on with. */
    resetDrafts(): void {
      drafts = NO_DRAFTS;
      if (Object.keys(box.get().drafts).length > 0) box.set({ ...box.get(), drafts: {} });
    },

    /** From now on events tell of what begins now. */
    endCatchUp(): void {
      drafts = { ...drafts, isCatchingUp: false };
    },

    /** Lays things that were fetched into the view, but not over what events have told since `askedAt`. */
    layThings<T extends { id: string }>(place: Place, things: readonly T[], askedAt: number): void {
      if (things.length === 0) return;
      const { view } = box.get();
      const laid: Record<string, unknown> = { ...view[place] };
      for (const thing of things) {
        laid[thing.id] = recent.overlay(thing, askedAt);
        sweeper.touch(thing.id);
      }
      setView(sweeper.sweep({ ...view, [place]: laid }));
    },

    layHalt(halted: View["halted"]): void {
      const { view } = box.get();
      if (view.halted?.at !== halted?.at) setView({ ...view, halted });
    },
  };
}

interface Box<T> {
  get: () => T;
  set: (next: T) => void;
  subscribe: (listener: () => void) => () => void;
}

function createBox<T>(first: T): Box<T> {
  let value = first;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      value = next;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The items of threads on the screen. */
function createItems(box: Box<LiveState>, holds: Map<string, number>) {
  const setItems = (items: View["items"]) => box.set({ ...box.get(), view: { ...box.get().view, items } });
  return {
    /** Begins to keep a thread's items; those fetched are laid in by `layItems`. Each hold is released once. */
    holdThread(threadId: string): void {
      holds.set(threadId, (holds.get(threadId) ?? 0) + 1);
    },

    releaseThread(threadId: string): void {
      const left = (holds.get(threadId) ?? 0) - 1;
      if (left > 0) {
        holds.set(threadId, left);
        return;
      }
      holds.delete(threadId);
      const { [threadId]: _, ...items } = box.get().view.items;
      setItems(items);
    },

    /** Of a thread that was released in the meantime nothing is kept. */
    layItems(threadId: string, fetched: readonly Item[]): void {
      if (!holds.has(threadId)) return;
      const { items } = box.get().view;
      const byPosition = new Map([...(items[threadId] ?? []), ...fetched].map((item) => [item.position, item]));
      const laid = [...byPosition.values()].toSorted((one, other) => one.position - other.position);
      setItems({ ...items, [threadId]: laid });
    },
  };
}

/** Of an item of a thread that is not held, only that there is one more is kept. */
function asKept(event: BureauEvent, view: View, isHeld: (threadId: string) => boolean): BureauEvent {
  const { item, ...data } = event.data;
  if (item === undefined || event.threadId === null) return event;
  const thread = view.threads[event.threadId];
  const position = typeof item === "object" && item !== null && "position" in item ? Number(item.position) : 0;
  const counted =
    thread === undefined || thread.itemCount >= position
      ? {}
      : { thread: { id: thread.id, itemCount: position, updatedAt: event.at } };
  return isHeld(event.threadId)
    ? { ...event, data: { ...counted, ...event.data } }
    : { ...event, data: { ...counted, ...data } };
}

/** Without what the event told of things that were never seen whole: no screen can show those. */
function withoutParts(view: View, { data }: BureauEvent): View {
  let next = view;
  for (const [field, thing] of Object.entries(data)) {
    const place = PLACE_OF_FIELD[field];
    if (place === undefined || !isIdentified(thing)) continue;
    const things: Readonly<Record<string, object>> = next[place];
    const laid = things[thing.id];
    if (laid === undefined || MARK_OF_WHOLE[place] in laid) continue;
    const { [thing.id]: _, ...whole } = things;
    next = { ...next, [place]: whole };
  }
  return next;
}

function isIdentified(thing: unknown): thing is { id: string } {
  return typeof thing === "object" && thing !== null && "id" in thing && typeof thing.id === "string";
}
