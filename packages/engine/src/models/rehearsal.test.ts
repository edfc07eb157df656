import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { startModelServer, type ModelReply, type ModelServer } from "../testing/model-server.ts";
import type { ModelAnswer, ModelMessage, ModelRequest, Models } from "./model.ts";
import { createModels } from "./models.ts";
import { openRecordingFile, parseRecording, recordAnswers } from "./recording.ts";
import { createRehearsal, type Drift } from "./rehearsal.ts";

const CLEANUP: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of CLEANUP.splice(0)) await clean();
});

const SIGNAL = new AbortController().signal;

/** A short conversation: the model reads a file, is given its text, and ends. */
const REPLIES: ModelReply[] = [
  { text: "I will look.", toolCalls: [{ name: "read", arguments: { path: "a.md" } }] },
  { text: "It says hello." },
];

interface Place {
  folder: string;
  thread: string;
  time: string;
  fileText?: string;
}

async function converse(models: Models, place: Place): Promise<ModelAnswer[]> {
  const first = request(place);
  const one = await models.call(first, { signal: SIGNAL });
  if (one.status === "failed") return [one];
  const messages: ModelMessage[] = [
    ...first.messages,
    {
      role: "assistant",
      content: [{ type: "tool-call", toolCallId: `call_${place.thread}`, toolName: "read", input: { path: "a.md" } }],
    },
    {
      role: "tool",
      content: [
        {
          type: "tool-result",
          toolCallId: `call_${place.thread}`,
          toolName: "read",
          output: { type: "text", value: place.fileText ?? `${place.folder}/a.md: hello` },
        },
      ],
    },
  ];
  return [one, await models.call({ ...first, messages }, { signal: SIGNAL })];
}

function request(place: Place): ModelRequest {
  return {
    model: "chat/m",
    messages: [
      { role: "system", content: `You work in ${place.folder}. It is ${place.time}.` },
      { role: "user", content: [{ type: "text", text: "What does a.md say?" }] },
    ],
    tools: [{ type: "function", name: "read", description: "Reads a file.", inputSchema: { type: "object" } }],
    effort: null,
    maxOutputTokens: null,
    cacheKey: place.thread,
  };
}

const THERE: Place = { folder: "/home/ada/acme", thread: "thr_recorded0001", time: "2026-01-05T08:00:00Z" };
const HERE: Place = { folder: "/tmp/x1/acme", thread: "thr_replayed0002", time: "2026-03-09T17:30:12Z" };

async function record(): Promise<string> {
  const server: ModelServer = await startModelServer({ script: REPLIES });
  CLEANUP.push(() => server.close());
  const models = createModels({ providers: { chat: { kind: "openai-compatible", baseUrl: server.openaiUrl } } });
  const lines = ['{"rehearsal":1}'];
  const recording = recordAnswers(models, (line) => void lines.push(line), {
    placeholders: { [THERE.folder]: "<workspace>" },
  });
  expect((await converse(recording, THERE)).map((answer) => answer.status)).toEqual(["answered", "answered"]);
  models.close();
  return `${lines.join("\n")}\n`;
}

function replay(recording: string): { models: Models; drifts: Drift[] } {
  const drifts: Drift[] = [];
  const placeholders = { [HERE.folder]: "<workspace>", [THERE.folder]: "<workspace>" };
  return { drifts, models: createRehearsal(recording, { placeholders, onDrift: (drift) => drifts.push(drift) }) };
}

describe("a rehearsal", () => {
  test("serves the recorded answers in another folder, thread and time without drift", async () => {
    const { models, drifts } = replay(await record());
    const answers = await converse(models, HERE);
    expect(answers[0]).toMatchObject({ status: "answered", finish: "tool_calls", model: "chat/m" });
    expect(answers[1]).toMatchObject({ parts: [{ type: "text", text: "It says hello." }] });
    expect(drifts).toEqual([]);
    expect(models.rehearsal).toBe(true);
  });

  test("reports where a request differs and serves the next answer all the same", async () => {
    const { models, drifts } = replay(await record());
    const answers = await converse(models, { ...HERE, fileText: "something else" });
    expect(answers[1]).toMatchObject({ parts: [{ text: "It says hello." }] });
    expect(drifts).toHaveLength(1);
    expect(drifts[0]).toMatchObject({ index: 1, expected: expect.stringContaining("hello") });
    expect(drifts[0]?.actual).toContain("something else");
  });

  test("goes on after a restart where the conversation stands", async () => {
    const recording = await record();
    const before = await converse(replay(recording).models, HERE);
    const { models, drifts } = replay(recording);
    const messages: ModelMessage[] = [];
    // A new process is asked only for the second answer.
    const spy: Models = {
      ...models,
      call: (asked, options) => {
        messages.push(...asked.messages);
        return asked.messages.length > 2 ? models.call(asked, options) : Promise.resolve(before[0] as ModelAnswer);
      },
    };
    const answers = await converse(spy, HERE);
    expect(answers[1]).toEqual(before[1]);
    expect(drifts).toEqual([]);
  });

  test("gives the same answer to the same request again", async () => {
    const { models, drifts } = replay(await record());
    const first = await models.call(request(HERE), { signal: SIGNAL });
    expect(await models.call(request(HERE), { signal: SIGNAL })).toEqual(first);
    expect(drifts).toEqual([]);
  });

  test("says so when no answer is left", async () => {
    const { models } = replay(await record());
    await converse(models, { ...HERE, fileText: "drift" });
    const more = await models.call(
      { ...request(HERE), messages: [...request(HERE).messages, ...request(HERE).messages] },
      { signal: SIGNAL },
    );
    expect(more).toMatchObject({
      status: "failed",
      failure: { kind: "invalid_request", message: expect.stringContaining("no answer left") },
    });
    const other = await models.call({ ...request(HERE), cacheKey: "thr_another00003" }, { signal: SIGNAL });
    expect(other).toMatchObject({ status: "failed", failure: { kind: "invalid_request" } });
  });

  test("costs nothing", () => {
    const models = createRehearsal('{"rehearsal":1}\n');
    expect(models.price("chat/m")).toEqual({ input: 0, cachedInput: 0, output: 0 });
    expect(models.chain("judge")).toEqual(["rehearsal/judge"]);
  });
});

describe("a recording written by hand", () => {
  const usage = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, reasoningTokens: 0 };
  const line = (thread: string, text: string, when?: string) =>
    JSON.stringify({
      thread,
      when,
      request: null,
      answer: { model: "rehearsal", parts: [{ type: "text", text }], finish: "stop", usage },
    });
  const recording = [
    '{"rehearsal":1}',
    line("worker", "one", "What does"),
    line("judge", "yes", "You judge"),
    line("worker", "two"),
  ].join("\n");

  test("is served by the words of the request and by how far the conversation is, without drift", async () => {
    const { models, drifts } = replay(recording);
    const judge = { ...request(HERE), cacheKey: "j", messages: [{ role: "system" as const, content: "You judge." }] };
    expect(await models.call(judge, { signal: SIGNAL })).toMatchObject({ parts: [{ text: "yes" }] });
    const texts = (await converse(models, HERE)).map((answer) => answer.status === "answered" && answer.parts[0]);
    expect(texts).toEqual([
      { type: "text", text: "one" },
      { type: "text", text: "two" },
    ]);
    expect(drifts).toEqual([]);
  });
});

describe("the file", () => {
  test("is appended to, and loses only a line that a crash left unfinished", async () => {
    const folder = await mkdtemp(join(tmpdir(), "bureau-recording-"));
    CLEANUP.push(() => rm(folder, { recursive: true }));
    const path = join(folder, "run.jsonl");
    const lines = (await record()).trim().split("\n").slice(1);
    const sink = await openRecordingFile(path);
    await sink(lines[0] ?? "");
    await appendFile(path, '{"thread":"half');
    expect(parseRecording(await readFile(path, "utf8"))[0]?.calls).toHaveLength(1);
    const again = await openRecordingFile(path);
    await again(lines[1] ?? "");
    expect(parseRecording(await readFile(path, "utf8"))[0]?.calls).toHaveLength(2);
  });

  test("is refused with the line that is wrong", () => {
    expect(() => parseRecording("hello")).toThrow(expect.objectContaining({ code: "invalid" }));
    expect(() => parseRecording('{"rehearsal":2}\n')).toThrow(expect.objectContaining({ code: "invalid" }));
    expect(() => parseRecording('{"rehearsal":1}\n{"thread":1}\n\n')).toThrow(/Line 2/);
  });
});
