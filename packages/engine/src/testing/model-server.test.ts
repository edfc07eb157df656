import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import type { ModelMessage } from "../models/model.ts";
import { createModels } from "../models/models.ts";
import { startModelServer, type ModelServer, type ScriptRequest } from "./model-server.ts";

const CLEANUP: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of CLEANUP.splice(0)) await clean();
});

const MESSAGES: ModelMessage[] = [
  { role: "system", content: "You are careful." },
  { role: "user", content: [{ type: "text", text: "Read a.md." }] },
  {
    role: "assistant",
    content: [
      { type: "text", text: "I will." },
      { type: "tool-call", toolCallId: "call_1", toolName: "read", input: { path: "a.md" } },
    ],
  },
  {
    role: "tool",
    content: [
      { type: "tool-result", toolCallId: "call_1", toolName: "read", output: { type: "text", value: "hello" } },
    ],
  },
];

async function ask(server: ModelServer, wire: string): Promise<unknown> {
  const models = createModels({
    providers: {
      responses: { kind: "openai", baseUrl: server.openaiUrl },
      chat: { kind: "openai-compatible", baseUrl: server.openaiUrl },
      messages: { kind: "anthropic", baseUrl: server.anthropicUrl },
      google: { kind: "google", baseUrl: server.googleUrl },
    },
  });
  CLEANUP.push(() => models.close());
  const tools = [{ type: "function" as const, name: "read", inputSchema: { type: "object" as const } }];
  const base = { messages: MESSAGES, tools, effort: null, maxOutputTokens: null, cacheKey: "k" };
  return models.call({ ...base, model: `${wire}/some-model` }, { signal: new AbortController().signal });
}

describe("a script", () => {
  test.each(["responses", "chat", "messages", "google"])("sees the same of a request over %s", async (wire) => {
    const seen: ScriptRequest[] = [];
    const server = await startModelServer({
      script: (request) => {
        seen.push(request);
        return "ok";
      },
    });
    CLEANUP.push(() => server.close());
    expect(await ask(server, wire)).toMatchObject({ status: "answered" });
    const request = seen[0] as ScriptRequest;
    expect(request).toMatchObject({
      wire,
      model: "some-model",
      index: 0,
      tools: ["read"],
      lastText: "hello",
      toolTurns: 1,
    });
    expect(request.messages).toEqual([
      { role: "system", text: "You are careful.", toolCalls: [] },
      { role: "user", text: "Read a.md.", toolCalls: [] },
      { role: "assistant", text: "I will.", toolCalls: [{ name: "read", arguments: { path: "a.md" } }] },
      { role: "tool", text: "hello", toolCalls: [] },
    ]);
  });

  test("that is a list ends with a clear error", async () => {
    const server = await startModelServer({ script: [] });
    CLEANUP.push(() => server.close());
    expect(await ask(server, "chat")).toMatchObject({
      status: "failed",
      failure: { message: expect.stringContaining("no reply left for request 0") },
    });
  });
});

test("the server runs as its own process and ends with its input", async () => {
  const path = fileURLToPath(new URL("model-server-main.ts", import.meta.url));
  const child = spawn(process.execPath, [path], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const { ready, openaiUrl } = JSON.parse(line.toString()) as { ready: boolean; openaiUrl: string };
  expect(ready).toBe(true);
  const body = JSON.stringify({ model: "m", messages: [] });
  const response = await fetch(`${openaiUrl}/chat/completions`, { method: "POST", body });
  expect(await response.text()).toContain("ok");
  child.stdin.end();
  expect(await once(child, "exit")).toEqual([0, null]);
});
