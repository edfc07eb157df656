import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ModelAnswer } from "./model.ts";
import { createModels, type OpenModels } from "./models.ts";

const FOLDER = new URL("fixtures/provider-wire/", import.meta.url);

/** Recordings that are no whole answer of a wire that we speak, and what each is taken for. */
const NOT_ANSWERS: Record<string, string> = {
  "openai-error.1": "usage_limit",
  "openai-realtime-speech-translation": "cut_stream",
  "parallel-tool-call-wrapper.1": "malformed",
  "spliced-message-start": "malformed",
};

const FINISH = /"response\.(completed|incomplete|failed)"|"message_delta"|"finish_reason":\s*"/;

interface Recording {
  name: string;
  provider: "openai" | "chat" | "anthropic";
  lines: string[];
}

const RECORDINGS = ["openai", "anthropic"].flatMap((folder) =>
  readdirSync(new URL(`${folder}/`, FOLDER)).map((file) => readRecording(folder, file)),
);

let body = "";
const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(body);
  });
});
let models: OpenModels;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as { port: number }).port}/v1`;
  models = createModels({
    providers: {
      openai: { kind: "openai", baseUrl, apiKey: "none" },
      anthropic: { kind: "anthropic", baseUrl, apiKey: "none" },
      chat: { kind: "openai-compatible", baseUrl },
    },
  });
});

afterAll(() => {
  models.close();
  server.close();
});

test("there are recordings of both folders", () => {
  expect(RECORDINGS.length).toBeGreaterThan(60);
});

describe.each(RECORDINGS)("$provider $name", (recording) => {
  test("decodes", async () => {
    const answer = await play(recording, recording.lines);
    const expected = NOT_ANSWERS[recording.name];
    if (expected === undefined) expect(answer).toMatchObject({ status: "answered" });
    else expect(answer).toMatchObject({ status: "failed", failure: { kind: expected } });
    if (answer.status === "answered") {
      for (const part of answer.parts)
        if (part.type === "tool_call") expect(() => JSON.parse(part.argumentsText)).not.toThrow();
    }
  });

  test("decodes to the same with an event that nobody knows in it", async () => {
    const before = await play(recording, recording.lines);
    const unknown = JSON.stringify({ type: "something.new", value: { nested: true } });
    const after = await play(recording, recording.lines.toSpliced(1, 0, unknown));
    expect(withoutMadeIds(after)).toEqual(withoutMadeIds(before));
  });

  test("counts for nothing when it is cut before its end", async () => {
    const end = recording.lines.findIndex((line) => FINISH.test(line));
    const answer = await play(recording, recording.lines.slice(0, Math.max(1, end)));
    expect(answer.status).toBe("failed");
  });
});

async function play(recording: Recording, lines: string[]): Promise<ModelAnswer> {
  body = lines.map((line) => `data: ${line}\n\n`).join("");
  const user = { role: "user" as const, content: [{ type: "text" as const, text: "hello" }] };
  const base = { messages: [user], tools: [], effort: null, maxOutputTokens: null, cacheKey: "k" };
  return models.call({ ...base, model: `${recording.provider}/m` }, { signal: new AbortController().signal });
}

/** The package makes up ids of calls that came without one. */
function withoutMadeIds(answer: ModelAnswer): unknown {
  if (answer.status === "failed") return answer.failure.kind;
  return answer.parts.map((part) => (part.type === "tool_call" ? [part.name, part.argumentsText] : part));
}

function readRecording(folder: string, file: string): Recording {
  const text = readFileSync(new URL(`${folder}/${file}`, FOLDER), "utf8");
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const isChat = folder === "openai" && /"choices":/.test(lines[0] ?? "");
  return {
    name: file.replace(".chunks.txt", ""),
    provider: isChat ? "chat" : (folder as "openai" | "anthropic"),
    lines,
  };
}
