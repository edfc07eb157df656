import { createHash } from "node:crypto";
import { appendFile, readFile, truncate, writeFile } from "node:fs/promises";
import { AppError, TokenUsage } from "@bureau/protocol";
import { z } from "zod";
import type { ModelAnswer, Models } from "./model.ts";
import { printRequest, type MessagePrint, type Placeholders, type RequestPrint } from "./request-print.ts";

/**
 * A recording is a file of JSON lines.
 *
 * The first line is `{"rehearsal":1}`, the version of the format. Each further line is one answered call, in order:
 *
 * - `thread`: which conversation it belongs to. Calls of one thread are served in order.
 * - `when`: only on the first call of a thread, in recordings written by hand: a text that must occur in the request's
 *   system prompt or first message. Such a thread serves every conversation that fits.
 * - `request`: what it answered, without what differs from run to run: hashes of `system` and `tools`, and of the
 *   messages, of which the first `keep` are as in the thread's call before and `add` are new, each with its hash and
 *   its beginning. Null in recordings written by hand: nothing is compared then.
 * - `answer`: `model`, `parts`, `finish` and `usage`.
 */
export const RECORDING_VERSION = 1;

export type RecordedAnswer = Omit<Extract<ModelAnswer, { status: "answered" }>, "status">;

export interface RecordedCall {
  /** Place in the file, from 0. */
  index: number;
  request: RequestPrint | null;
  answer: RecordedAnswer;
}

export interface RecordedThread {
  name: string;
  when: string | null;
  calls: RecordedCall[];
}

const provider = z.record(z.string(), z.unknown()).optional();
const AnswerPartLine = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), text: z.string(), provider }),
  z.object({ type: z.literal("reasoning"), text: z.string(), provider }),
  z.object({
    type: z.literal("tool_call"),
    providerCallId: z.string(),
    name: z.string(),
    argumentsText: z.string(),
    provider,
  }),
]);
const RequestLine = z.object({
  system: z.string(),
  tools: z.string(),
  keep: z.number().int().nonnegative(),
  add: z.array(z.tuple([z.string(), z.string()])),
});
const CallLine = z.object({
  thread: z.string(),
  when: z.string().optional(),
  request: RequestLine.nullable(),
  answer: z.object({
    model: z.string(),
    parts: z.array(AnswerPartLine),
    finish: z.enum(["stop", "tool_calls", "length", "refused", "other"]),
    usage: TokenUsage,
  }),
});
const HeaderLine = z.object({ rehearsal: z.literal(RECORDING_VERSION) });

/** Takes the lines of a recording, without line ends. */
export type RecordingSink = (line: string) => void | Promise<void>;

export interface RecordOptions {
  placeholders?: Placeholders;
  /** Told when a line could not be written; the call itself goes on. */
  onError?: (error: unknown) => void;
}

/** Records each answered call of these models; a failed one is not part of a rehearsal. */
export function recordAnswers(models: Models, sink: RecordingSink, options: RecordOptions = {}): Models {
  const before = new Map<string, MessagePrint[]>();
  return {
    ...models,
    call: async (request, callOptions) => {
      const answer = await models.call(request, callOptions);
      if (answer.status === "failed") return answer;
      const thread = createHash("sha256").update(request.cacheKey).digest("hex").slice(0, 12);
      const print = printRequest(request, options.placeholders);
      const known = before.get(thread) ?? [];
      const keep = commonPrefix(known, print.messages);
      before.set(thread, print.messages);
      const { model, parts, finish, usage } = answer;
      const add = print.messages.slice(keep).map((message) => [message.hash, message.preview]);
      const line = {
        thread,
        request: { system: print.system, tools: print.tools, keep, add },
        answer: { model, parts, finish, usage },
      };
      try {
        await sink(JSON.stringify(line));
      } catch (error) {
        options.onError?.(error);
      }
      return answer;
    },
  };
}

/** A sink that appends to a file, in order. A line that a crash left unfinished is cut off first. */
export async function openRecordingFile(path: string): Promise<RecordingSink> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw new AppError("invalid", `The recording ${path} cannot be read: ${error.message}`, { cause: error });
  });
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole === "") await writeFile(path, `${JSON.stringify({ rehearsal: RECORDING_VERSION })}\n`, { mode: 0o600 });
  else {
    parseRecording(whole);
    await truncate(path, Buffer.byteLength(whole));
  }
  let last: Promise<void> = Promise.resolve();
  return (line) => {
    const next = last.then(() => appendFile(path, `${line}\n`));
    last = next.catch(() => undefined);
    return next;
  };
}

/** Reads a recording. Throws `invalid` with the line that is wrong; an unfinished last line is passed over. */
export function parseRecording(text: string): RecordedThread[] {
  const lines = text.split("\n");
  const header = HeaderLine.safeParse(parseLine(lines[0] ?? ""));
  if (!header.success) {
    throw new AppError("invalid", `This is not a recording of version ${RECORDING_VERSION}.`, {
      hint: `The first line of a recording is {"rehearsal":${RECORDING_VERSION}}.`,
    });
  }
  const threads = new Map<string, RecordedThread>();
  let count = 0;
  for (const [number, line] of lines.entries()) {
    if (number === 0 || line.trim() === "") continue;
    const parsed = CallLine.safeParse(parseLine(line));
    if (!parsed.success) {
      if (number === lines.length - 1) break;
      const issue = parsed.error.issues[0];
      const place = issue === undefined ? "" : ` at ${issue.path.join(".") || "its start"}: ${issue.message}`;
      throw new AppError("invalid", `Line ${number + 1} of the recording cannot be read${place}.`, {
        hint: "Mend or remove this line.",
      });
    }
    addCall(threads, parsed.data, count);
    count += 1;
  }
  return [...threads.values()];
}

function addCall(threads: Map<string, RecordedThread>, line: z.infer<typeof CallLine>, index: number): void {
  const thread = threads.get(line.thread) ?? { name: line.thread, when: line.when ?? null, calls: [] };
  threads.set(line.thread, thread);
  const known = thread.calls.at(-1)?.request?.messages ?? [];
  const request =
    line.request === null
      ? null
      : {
          system: line.request.system,
          tools: line.request.tools,
          messages: [
            ...known.slice(0, line.request.keep),
            ...line.request.add.map(([hash, preview]) => ({ hash, preview })),
          ],
        };
  thread.calls.push({ index, request, answer: line.answer as RecordedAnswer });
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function commonPrefix(before: MessagePrint[], now: MessagePrint[]): number {
  let length = 0;
  while (length < before.length && before[length]?.hash === now[length]?.hash) length += 1;
  return length;
}
