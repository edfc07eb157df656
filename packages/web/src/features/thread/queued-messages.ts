/** A message that waits on this device until the run that it is for is over. */
export interface QueuedMessage {
  id: string;
  threadId: string;
  /** The run whose end it waits for. */
  runId: string;
  text: string;
  /** Set just before it is sent. If it is still there afterwards, nobody knows whether it arrived. */
  isSending: boolean;
}

type Storage = Pick<globalThis.Storage, "getItem" | "setItem" | "removeItem">;

const KEY = "bureau.queued-messages";
const MAX_QUEUED = 50;

/** What can be read of the device's storage; anything else counts as nothing. */
export function readQueued(storage: Storage): QueuedMessage[] {
  try {
    const value: unknown = JSON.parse(storage.getItem(KEY) ?? "[]");
    return Array.isArray(value) ? value.filter(isQueued) : [];
  } catch {
    return [];
  }
}

export function addQueued(storage: Storage, message: Omit<QueuedMessage, "isSending">): QueuedMessage[] {
  return write(storage, [...readQueued(storage), { ...message, isSending: false }].slice(-MAX_QUEUED));
}

export function removeQueued(storage: Storage, id: string): QueuedMessage[] {
  return write(
    storage,
    readQueued(storage).filter((message) => message.id !== id),
  );
}

export function markSending(storage: Storage, id: string, isSending: boolean): QueuedMessage[] {
  return write(
    storage,
    readQueued(storage).map((message) => (message.id === id ? { ...message, isSending } : message)),
  );
}

/** The next message to send: the oldest of a thread whose run is over. One whose sending broke off waits for a person. */
export function nextToSend(queued: readonly QueuedMessage[], isOver: (runId: string) => boolean): QueuedMessage | null {
  const stuck = new Set(queued.filter(({ isSending }) => isSending).map(({ threadId }) => threadId));
  return queued.find(({ threadId, runId }) => !stuck.has(threadId) && isOver(runId)) ?? null;
}

function write(storage: Storage, queued: QueuedMessage[]): QueuedMessage[] {
  if (queued.length === 0) storage.removeItem(KEY);
  else storage.setItem(KEY, JSON.stringify(queued));
  return queued;
}

function isQueued(value: unknown): value is QueuedMessage {
  if (typeof value !== "object" || value === null) return false;
  const fields = ["id", "threadId", "runId", "text"];
  return fields.every((field) => typeof Reflect.get(value, field) === "string") && "isSending" in value;
}
