import type { ModelAnswer, ModelCallOptions, ModelRequest, Models } from "./model.ts";
import { DEFAULT_LIMITS } from "./prices.ts";
import { parseRecording, type RecordedAnswer, type RecordedCall, type RecordedThread } from "./recording.ts";
import { printDifference, printRequest, type Placeholders, type RequestPrint } from "./request-print.ts";

/** A request that is not the one that was recorded. The answer is served all the same. */
export interface Drift {
  /** Place of the recorded call in the file, from 0. */
  index: number;
  /** The conversation it came up in. */
  thread: string;
  expected: string;
  actual: string;
}

export interface RehearsalOptions {
  onDrift?: (drift: Drift) => void;
  placeholders?: Placeholders;
}

const NO_ANSWER_LEFT = "The rehearsal has no answer left for this request.";

/**
 * Models whose answers come from a recording; all else is real.
 *
 * Conversations are matched by what they say, not by their ids, which differ in each run. A request that was recorded
 * gets its answer wherever the conversation stands, so that a rehearsal goes on after a restart and a call can be
 * repeated. Any other request gets the next answer of its conversation, and the difference is reported.
 */
export function createRehearsal(recording: string, options: RehearsalOptions = {}): Models {
  const conversations = new Map<string, Conversation>();
  const threads = parseRecording(recording);
  const taken = new Set<RecordedThread>();
  return {
    rehearsal: true,
    chain: (role) => [`rehearsal/${role}`],
    price: () => ({ input: 0, cachedInput: 0, output: 0 }),
    limits: () => DEFAULT_LIMITS,
    call: async (request, callOptions) => {
      if (callOptions.signal.aborted) return failed(request, "canceled", "The call was canceled.");
      const print = printRequest(request, options.placeholders);
      let conversation = conversations.get(request.cacheKey);
      if (conversation === undefined) {
        const thread = findThread(threads, taken, request, print);
        if (thread === null) return failed(request, "invalid_request", NO_ANSWER_LEFT);
        taken.add(thread);
        conversation = { thread, next: 0, last: null };
        conversations.set(request.cacheKey, conversation);
      }
      const call = chooseCall(conversation, request, print);
      if (call === null) return failed(request, "invalid_request", NO_ANSWER_LEFT);
      const difference = call.request === null ? null : printDifference(call.request, print);
      if (difference !== null) options.onDrift?.({ index: call.index, thread: request.cacheKey, ...difference });
      return answered(call.answer, callOptions);
    },
  };
}

interface Conversation {
  thread: RecordedThread;
  /** Place in the thread of the answer that is next. */
  next: number;
  /** The request served last: it may come again when its answer was lost. */
  last: RequestPrint | null;
}

/**
 * By its first words, then by a request that was recorded, then a thread of the same kind (the same prompt, or at
 * least the same tools) that nobody has taken, then any such thread.
 */
function findThread(
  threads: RecordedThread[],
  taken: Set<RecordedThread>,
  request: ModelRequest,
  print: RequestPrint,
): RecordedThread | null {
  const opening = openingText(request);
  const fitting = threads.find((thread) => thread.when !== null && opening.includes(thread.when));
  if (fitting !== undefined) return fitting;
  const free = threads.filter((thread) => thread.when === null && !taken.has(thread));
  const first = (fits: (recorded: RequestPrint) => boolean) =>
    free.find(({ calls }) => calls[0]?.request != null && fits(calls[0].request));
  return (
    free.find((thread) => thread.calls.some((call) => isSame(call, print))) ??
    first((recorded) => recorded.system === print.system && recorded.tools === print.tools) ??
    first((recorded) => recorded.tools === print.tools) ??
    free[0] ??
    null
  );
}

function chooseCall(conversation: Conversation, request: ModelRequest, print: RequestPrint): RecordedCall | null {
  const { calls } = conversation.thread;
  const ahead = calls.findIndex((call, index) => index >= conversation.next && isSame(call, print));
  const same = ahead >= 0 ? ahead : calls.findIndex((call) => isSame(call, print));
  const chosen = same >= 0 ? same : nextPlace(conversation, request, print);
  const call = calls[chosen];
  if (call === undefined) return null;
  conversation.next = chosen + 1;
  conversation.last = print;
  return call;
}

/** Where nothing can be compared, or this process begins in mid-conversation, the answers in the request are counted. */
function nextPlace(conversation: Conversation, request: ModelRequest, print: RequestPrint): number {
  const { calls } = conversation.thread;
  if (calls[0]?.request === null || conversation.last === null) return answersIn(request);
  const isRepeated = printDifference(conversation.last, print) === null;
  return isRepeated ? conversation.next - 1 : conversation.next;
}

function isSame(call: RecordedCall, print: RequestPrint): boolean {
  return call.request !== null && printDifference(call.request, print) === null;
}

function answersIn(request: ModelRequest): number {
  return request.messages.filter((message) => message.role === "assistant").length;
}

function openingText(request: ModelRequest): string {
  const system = request.messages.filter((message) => message.role === "system").map((message) => message.content);
  const first = request.messages.find((message) => message.role === "user");
  const said = first?.role === "user" ? first.content.map((part) => (part.type === "text" ? part.text : "")) : [];
  return [...system, ...said].join("\n");
}

function answered(answer: RecordedAnswer, options: ModelCallOptions): ModelAnswer {
  for (const part of answer.parts) {
    if (part.type !== "tool_call" && part.text !== "") options.onDelta?.({ kind: part.type, text: part.text });
  }
  return { status: "answered", ...structuredClone(answer) };
}

function failed(request: ModelRequest, kind: "canceled" | "invalid_request", message: string): ModelAnswer {
  return {
    status: "failed",
    model: request.model,
    failure: { kind, message, status: null, retryAfterMs: null },
    usage: null,
  };
}
