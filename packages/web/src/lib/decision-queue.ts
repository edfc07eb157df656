import { AppError, type Decision } from "@bureau/protocol";
import type { DeviceStore } from "./device-store.ts";

/** What somebody decided about an entry, as it is sent. */
export type DecisionAction =
  | ({ type: "decide" } & Decision)
  | { type: "answer"; text: string }
  | { type: "answer"; choice: number };

/** A decision that was taken while Bureau could not be reached. */
export interface QueuedDecision {
  id: string;
  entryId: string;
  /** What was decided about, as it was shown. */
  title: string;
  action: DecisionAction;
  /** Who decided: it is sent in no other name. */
  by: string;
  queuedAt: string;
  /** `refused`: the server said no, and why. It is kept until somebody has seen it. */
  state: "queued" | "refused";
  reason: string | null;
}

export interface QueueParts {
  store: DeviceStore;
  /** Runs one piece of work at a time, over all windows of this browser. */
  alone: <T>(work: () => Promise<T>) => Promise<T>;
  send: (entryId: string, action: DecisionAction) => Promise<unknown>;
  /** Who is signed in now. */
  who: () => Promise<string>;
  /** Tells the other windows that something changed. */
  announce: () => void;
}

export const MAX_QUEUED = 500;
/** A reply with one of these says nothing about the decision: it is sent again later. */
const LATER: readonly AppError["code"][] = ["unavailable", "unauthenticated", "limit_reached"];

/**
 * Decisions that wait to be sent, in the order they were taken, one for each entry.
 *
 * Each is sent by one window at a time and taken out after the server has it. A window that dies in between sends it
 * again: the same decision again changes nothing there.
 */
export function createDecisionQueue({ store, alone, send, who, announce }: QueueParts) {
  let known: readonly QueuedDecision[] = [];
  const listeners = new Set<() => void>();
  const reload = async () => {
    known = (await readQueue(store)).toSorted(byTime);
    for (const listener of listeners) listener();
  };
  const changed = async () => {
    await reload();
    announce();
  };
  const sendOne = (id: string) =>
    alone(async (): Promise<"next" | "stop"> => {
      const decision = (await readQueue(store)).find((one) => one.id === id);
      if (decision?.state !== "queued") return "next";
      const outcome = await attempt(decision, { send, who });
      if (outcome === "later") return "stop";
      if (outcome === "sent") await store.remove("decisions", decision.entryId);
      else await store.put("decisions", decision.entryId, { ...decision, state: "refused", reason: outcome.reason });
      await changed();
      return "next";
    });
  let flushing: Promise<boolean> | null = null;
  const flush = async (): Promise<boolean> => {
    await reload();
    for (const { id, state } of known) if (state === "queued" && (await sendOne(id)) === "stop") return false;
    return true;
  };
  return {
    read: () => known,
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    reload,
    /** Keeps a decision for later. One on the same entry that still waits gives way to it. */
    add: (decision: Omit<QueuedDecision, "state" | "reason">) =>
      alone(async () => {
        const others = (await readQueue(store)).filter((one) => one.entryId !== decision.entryId);
        if (others.length >= MAX_QUEUED) {
          throw new AppError("limit_reached", `${MAX_QUEUED} decisions wait to be sent already.`, {
            hint: "Decide the rest when Bureau can be reached again.",
          });
        }
        await store.put("decisions", decision.entryId, { ...decision, state: "queued", reason: null });
        await changed();
      }),
    /** Takes one out. False when it was sent in the meantime. */
    remove: (id: string) =>
      alone(async () => {
        const decision = (await readQueue(store)).find((one) => one.id === id);
        if (decision === undefined) return false;
        await store.remove("decisions", decision.entryId);
        await changed();
        return true;
      }),
    /** Sends what waits. False when some of it still has to wait. */
    flush: () => (flushing ??= flush().finally(() => (flushing = null))),
  };
}

type Outcome = "sent" | "later" | { reason: string };

async function attempt(decision: QueuedDecision, parts: Pick<QueueParts, "send" | "who">): Promise<Outcome> {
  try {
    const name = await parts.who();
    if (name !== decision.by) {
      return { reason: `It was decided as ${decision.by}, and ${name} is signed in now. Decide it again.` };
    }
    await parts.send(decision.entryId, decision.action);
    return "sent";
  } catch (error) {
    if (error instanceof AppError && LATER.includes(error.code)) return "later";
    if (!(error instanceof AppError))
      return { reason: error instanceof Error ? error.message : "It could not be sent." };
    return { reason: error.hint === undefined ? error.message : `${error.message} ${error.hint}` };
  }
}

async function readQueue(store: DeviceStore): Promise<QueuedDecision[]> {
  return (await store.all("decisions")).filter(isQueued);
}

/** What an older version of the app has kept may look otherwise. */
function isQueued(value: unknown): value is QueuedDecision {
  return (
    typeof value === "object" &&
    value !== null &&
    ["id", "entryId", "title", "by", "queuedAt"].every((key) => typeof Reflect.get(value, key) === "string") &&
    "action" in value &&
    typeof value.action === "object"
  );
}

function byTime(one: QueuedDecision, other: QueuedDecision): number {
  return one.queuedAt < other.queuedAt ? -1 : 1;
}
