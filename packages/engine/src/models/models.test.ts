import { afterEach, describe, expect, test } from "vitest";
import { startModelServer, type ModelReply, type ModelScript, type ModelServer } from "../testing/model-server.ts";
import type { ModelCallOptions, ModelFailureKind, ModelMessage, ModelRequest } from "./model.ts";
import { createModels, type OpenModels } from "./models.ts";

const WIRES = ["openai", "chat", "anthropic", "google"] as const;
type WireName = (typeof WIRES)[number];

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function start(script: ModelScript, stallMs = 5_000): Promise<{ server: ModelServer; models: OpenModels }> {
  const server = await startModelServer({ script });
  opened.push(server);
  return { server, models: connect(server, stallMs) };
}

function connect(server: ModelServer, stallMs = 5_000): OpenModels {
  const models = createModels({
    providers: {
      openai: { kind: "openai", baseUrl: server.openaiUrl, apiKey: "key-of-openai", stallMs },
      anthropic: { kind: "anthropic", baseUrl: server.anthropicUrl, apiKey: "key-of-anthropic", stallMs },
      google: { kind: "google", baseUrl: server.googleUrl, apiKey: "key-of-google", stallMs },
      chat: { kind: "openai-compatible", baseUrl: server.openaiUrl, stallMs },
    },
  });
  opened.unshift(models);
  return models;
}

const MODEL_NAMES: Record<WireName, string> = {
  openai: "openai/gpt-5",
  chat: "chat/some/local-model",
  anthropic: "anthropic/claude-sonnet-4-5",
  google: "google/gemini-2.5-pro",
};

function request(wire: WireName, more: Partial<ModelRequest> = {}): ModelRequest {
  const messages: ModelMessage[] = [
    { role: "system", content: "You are careful." },
    { role: "user", content: [{ type: "text", text: "Read the report." }] },
  ];
  const inputSchema = { type: "object", properties: { path: { type: "string" } }, required: ["path"] } as const;
  return {
    model: MODEL_NAMES[wire],
    messages,
    tools: [
      {
        type: "function",
        name: "read",
        description: "Reads a file.",
        inputSchema: { ...inputSchema, required: ["path"] },
      },
    ],
    effort: null,
    maxOutputTokens: null,
    cacheKey: "thread-1",
    ...more,
  };
}

function options(): ModelCallOptions {
  return { signal: new AbortController().signal };
}

describe.each(WIRES)("over %s", (wire) => {
  const toolReply: ModelReply = {
    text: "I will look.",
    reasoning: "Two files, then.",
    toolCalls: [
      { name: "read", arguments: { path: "a.md" } },
      { name: "read", arguments: { path: "b.md" } },
    ],
    usage: { inputTokens: 100, cachedInputTokens: 40, outputTokens: 30 },
  };

  test("an answer has its parts in order, its usage and its deltas", async () => {
    const { models, server } = await start([{ ...toolReply, deltas: 3 }]);
    let heard = "";
    const answer = await models.call(request(wire), {
      ...options(),
      onDelta: (delta) => (heard += delta.kind === "text" ? delta.text : ""),
    });
    if (answer.status === "failed") throw new Error(answer.failure.message);
    expect(answer.parts.map((part) => part.type)).toEqual(["reasoning", "text", "tool_call", "tool_call"]);
    expect(heard).toBe("I will look.");
    expect(answer.finish).toBe("tool_calls");
    expect(answer.usage).toMatchObject({ inputTokens: 100, cachedInputTokens: 40, outputTokens: 30 });
    const calls = answer.parts.filter((part) => part.type === "tool_call");
    expect(calls.map((call) => JSON.parse(call.argumentsText))).toEqual([{ path: "a.md" }, { path: "b.md" }]);
    expect(new Set(calls.map((call) => call.providerCallId)).size).toBe(2);
    expect(server.requests[0]?.raw).toContain("You are careful.");
  });

  test("what the provider needs back of an answer goes into the next request", async () => {
    const { models, server } = await start([toolReply, "Done."]);
    const first = await models.call(request(wire), options());
    if (first.status === "failed") throw new Error(first.failure.message);
    const content = first.parts.map((part) => {
      const providerOptions = part.provider as never;
      if (part.type !== "tool_call") return { type: part.type, text: part.text, providerOptions };
      const input = JSON.parse(part.argumentsText) as unknown;
      return {
        type: "tool-call" as const,
        toolCallId: part.providerCallId,
        toolName: part.name,
        input,
        providerOptions,
      };
    });
    const results = first.parts
      .filter((part) => part.type === "tool_call")
      .map((part) => ({
        type: "tool-result" as const,
        toolCallId: part.providerCallId,
        toolName: part.name,
        output: { type: "text" as const, value: "the text of the file" },
      }));
    const asked = request(wire);
    const messages: ModelMessage[] = [
      ...asked.messages,
      { role: "assistant", content },
      { role: "tool", content: results },
    ];
    const second = await models.call({ ...asked, messages }, options());
    expect(second).toMatchObject({ status: "answered", finish: "stop", parts: [{ type: "text", text: "Done." }] });
    const sent = server.requests[1]?.raw ?? "";
    expect(sent).toContain("the text of the file");
    const kept = { openai: "sealed:", anthropic: "signed:", google: "signed:", chat: "Two files, then." }[wire];
    expect(sent).toContain(kept);
  });

  test("malformed tool arguments arrive as they are or as a failure, never as an error thrown", async () => {
    const { models } = await start([{ toolCalls: [{ name: "read", arguments: '{"path": "a' }] }]);
    const answer = await models.call(request(wire), options());
    if (wire === "google") expect(answer).toMatchObject({ status: "failed", failure: { kind: "malformed" } });
    else expect(answer).toMatchObject({ parts: [{ type: "tool_call", argumentsText: '{"path": "a' }] });
  });

  test("a refusal and a full answer are finishes", async () => {
    const { models } = await start([
      { text: "No.", finish: "refused" },
      { text: "It was the", finish: "length" },
    ]);
    expect(await models.call(request(wire), options())).toMatchObject({ status: "answered", finish: "refused" });
    expect(await models.call(request(wire), options())).toMatchObject({ status: "answered", finish: "length" });
  });

  const FAULTS: [string, ModelReply, ModelFailureKind][] = [
    ["a dropped connection", { fault: "drop" }, "network"],
    ["a cut stream", { text: "half an answer", fault: "cut", deltas: 8 }, "cut_stream"],
    ["a cut stream before its first word", { fault: "cut" }, "cut_stream"],
    ["a garbled chunk", { text: "an answer", fault: "garble", deltas: 8 }, "malformed"],
    ["silence in mid-stream", { text: "an answer", fault: "stall", deltas: 8 }, "stalled"],
    ["a request that is too long", { fault: "context_overflow" }, "context_overflow"],
    ["a used-up account", { fault: "usage_limit" }, "usage_limit"],
    ["status 401", { status: 401 }, "unauthenticated"],
    ["status 400", { status: 400 }, "invalid_request"],
    ["status 429", { status: 429 }, "rate_limited"],
    ["status 500", { status: 500 }, "overloaded"],
    ["status 503", { status: 503 }, "overloaded"],
    ["status 529", { status: 529 }, "overloaded"],
  ];
  test.each(FAULTS)("%s is a failure of its kind", async (_name, reply, kind) => {
    const { models } = await start([reply], kind === "stalled" ? 150 : 5_000);
    const answer = await models.call(request(wire), options());
    expect(answer).toMatchObject({ status: "failed", failure: { kind } });
    if (answer.status === "failed") expect(answer.failure.message).not.toBe("");
  });

  test("Retry-After is read as seconds, as milliseconds and as a date", async () => {
    const date = new Date(Date.now() + 30_000).toUTCString();
    const { server } = await start([
      { status: 500, retryAfter: "2" },
      { status: 500, retryAfter: "9", retryAfterMs: 150 },
      { status: 400, retryAfter: date },
    ]);
    const found: (number | null)[] = [];
    for (let call = 0; call < 3; call += 1) {
      // New models each time, for the quiet that was asked for holds at one.
      const answer = await connect(server).call(request(wire), options());
      found.push(answer.status === "failed" ? answer.failure.retryAfterMs : null);
    }
    expect(found.slice(0, 2)).toEqual([2000, 150]);
    expect(found[2]).toBeGreaterThan(25_000);
    expect(found[2]).toBeLessThanOrEqual(30_000);
  });

  test("an abort ends the call as canceled", async () => {
    const { models } = await start(
      [
        { text: "slow", delayMs: 5_000 },
        { text: "an answer", fault: "stall", deltas: 8 },
      ],
      5_000,
    );
    const before = new AbortController();
    const call = models.call(request(wire), { signal: before.signal });
    setTimeout(() => before.abort(), 20);
    expect(await call).toMatchObject({ status: "failed", failure: { kind: "canceled" } });
    const during = new AbortController();
    const answer = await models.call(request(wire), { signal: during.signal, onDelta: () => during.abort() });
    expect(answer).toMatchObject({ status: "failed", failure: { kind: "canceled" } });
  });
});

describe("the requests", () => {
  test("reasoning stays with us at OpenAI, and the cache key names the thread", async () => {
    const { models, server } = await start(["ok"]);
    await models.call(request("openai", { effort: "high" }), options());
    expect(JSON.parse(server.requests[0]?.raw ?? "")).toMatchObject({
      store: false,
      include: ["reasoning.encrypted_content"],
      prompt_cache_key: "thread-1",
      reasoning: { effort: "high" },
    });
  });

  test("system and last message carry a cache mark at Anthropic", async () => {
    const { models, server } = await start(["ok"]);
    await models.call(request("anthropic"), options());
    const body = JSON.parse(server.requests[0]?.raw ?? "") as { system: unknown[]; messages: { content: unknown[] }[] };
    expect(body.system[0]).toMatchObject({ cache_control: { type: "ephemeral" } });
    expect(body.messages[0]?.content[0]).toMatchObject({ cache_control: { type: "ephemeral" } });
  });

  test.each(["low", "medium", "high", "max"] as const)("effort %s is taken by every provider", async (effort) => {
    const { models, server } = await start(["ok", "ok", "ok", "ok"]);
    for (const wire of WIRES) {
      expect(await models.call(request(wire, { effort }), options())).toMatchObject({ status: "answered" });
    }
    const bodies = server.requests.map((one) => one.raw);
    expect(bodies[0]).toContain('"effort"');
    expect(bodies[1]).toContain('"reasoning_effort"');
    expect(bodies[2]).toContain('"thinking"');
    expect(bodies[3]).toContain('"thinkingConfig"');
  });
});

describe("the line to a provider", () => {
  test("a connection is used again", async () => {
    const { models, server } = await start(() => "ok");
    for (let call = 0; call < 20; call += 1) await models.call(request("openai"), options());
    expect(server.connections()).toBe(1);
  });

  test("a thousand calls at once are answered", async () => {
    const { models, server } = await start(() => ({ text: "ok", delayMs: 20 }), 10_000);
    const calls = Array.from({ length: 1000 }, () => models.call(request("chat"), options()));
    const answers = await Promise.all(calls);
    expect(answers.filter((answer) => answer.status === "answered")).toHaveLength(1000);
    expect(server.count()).toBe(1000);
  });

  test("a Retry-After of one call is quiet for all, and a long one is given back to be waited for", async () => {
    const { models, server } = await start([{ status: 429, retryAfter: "30" }, "never asked"]);
    await models.call(request("openai"), options());
    const answer = await models.call(request("openai"), options());
    expect(answer).toMatchObject({ status: "failed", failure: { kind: "rate_limited" } });
    if (answer.status === "failed") expect(answer.failure.retryAfterMs).toBeGreaterThan(29_000);
    expect(server.count()).toBe(1);
  });

  test("no more calls than allowed are under way at once", async () => {
    let active = 0;
    let most = 0;
    const server = await startModelServer({
      script: async () => {
        active += 1;
        most = Math.max(most, active);
        await new Promise((resolve) => setTimeout(resolve, 5));
        active -= 1;
        return "ok";
      },
    });
    const models = createModels({
      providers: { chat: { kind: "openai-compatible", baseUrl: server.openaiUrl, maxConcurrent: 3 } },
    });
    opened.push(models, server);
    const answers = await Promise.all(Array.from({ length: 20 }, () => models.call(request("chat"), options())));
    expect(answers.every((answer) => answer.status === "answered")).toBe(true);
    expect(most).toBe(3);
  });

  test("nothing that listens is a network failure", async () => {
    const { models, server } = await start([]);
    await server.close();
    expect(await models.call(request("openai"), options())).toMatchObject({ failure: { kind: "network" } });
  });

  test("a key that a server repeats is not shown", async () => {
    const key = "sk-very-secret-key";
    const { createServer } = await import("node:http");
    const server = createServer((_request, response) => {
      response.writeHead(401, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: { message: `Incorrect API key provided: ${key}` } }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const models = createModels({
      providers: { openai: { kind: "openai", baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: key } },
    });
    opened.push(models, server);
    const answer = await models.call(request("openai"), options());
    expect(answer).toMatchObject({ status: "failed", failure: { kind: "unauthenticated" } });
    expect(JSON.stringify(answer)).not.toContain(key);
  });
});

describe("the settings", () => {
  const provider = { kind: "openai-compatible", baseUrl: "http://127.0.0.1:9/v1" } as const;

  test("a role without a model takes the default, and fallbacks follow, each once", () => {
    const models = createModels({
      default: "a/x",
      judge: "a/y",
      fallbacks: ["a/y", "a/z"],
      providers: { a: provider },
    });
    expect(models.chain("default")).toEqual(["a/x", "a/y", "a/z"]);
    expect(models.chain("fast")).toEqual(["a/x", "a/y", "a/z"]);
    expect(models.chain("judge")).toEqual(["a/y", "a/z"]);
  });

  test("an unknown provider, a name without one and no model at all are refused with a hint", async () => {
    const models = createModels({ default: "b/x", fast: "x", providers: { a: provider } });
    expect(() => models.chain("default")).toThrow(
      expect.objectContaining({ code: "invalid", hint: expect.stringContaining("Configured: a") }),
    );
    expect(() => models.chain("fast")).toThrow(expect.objectContaining({ code: "invalid" }));
    expect(() => createModels({ providers: {} }).chain("default")).toThrow(
      expect.objectContaining({ code: "invalid" }),
    );
    const answer = await models.call(request("openai", { model: "b/x" }), options());
    expect(answer).toMatchObject({ status: "failed", failure: { kind: "invalid_request" } });
  });

  test("a price is the setting's, then the table's, then unknown", () => {
    const price = { input: 1, cachedInput: 2, output: 3 };
    const models = createModels({ providers: {}, prices: { "a/gpt-5": price } });
    expect(models.price("a/gpt-5")).toEqual(price);
    expect(models.price("openai/gpt-5-2025-08-07")).toEqual({
      input: 1_250_000,
      cachedInput: 125_000,
      output: 10_000_000,
    });
    expect(models.price("openai/gpt-5-surprise")).toBeNull();
    expect(models.limits("a/unheard-of").contextTokens).toBeGreaterThan(0);
  });
});
