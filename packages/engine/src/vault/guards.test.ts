import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "@bureau/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { ModelAnswer, ModelRequest, Models } from "../models/model.ts";
import { createModels } from "../models/models.ts";
import { systemClock } from "../clock.ts";
import { startModelServer } from "../testing/model-server.ts";
import { aContext } from "../tools/test-context.ts";
import { defineTool, OutcomeUnknown, type Tool, type ToolContext } from "../tools/tool.ts";
import { editFile } from "../tools/edit-file.ts";
import { writeFile } from "../tools/write-file.ts";
import { guardModels } from "./guard-models.ts";
import { guardTool } from "./guard-tools.ts";
import { createSecretGuard, learnSetting } from "./secret-guard.ts";

const KEY = "tok-4f9a8b7c6d5e";
const MARK = "[secret GITHUB_TOKEN]";
const guard = createSecretGuard([{ name: "GITHUB_TOKEN", value: KEY }]);

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bureau-guard-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function toolOf(execute: (context: ToolContext) => Promise<{ text: string }>): Tool {
  const tool = defineTool({
    name: "speak",
    description: "Speaks.",
    parameters: z.strictObject({}),
    effect: "read",
    idempotent: true,
    execute: (_args, context) => execute(context),
  });
  return guardTool(tool as Tool, guard);
}

describe("a guarded tool", () => {
  test("answers without a secret, in words, view and receipt", async () => {
    const tool = toolOf(async () => ({
      text: `the key ${KEY}`,
      view: { type: "command", command: "x", exitCode: 0, output: KEY, durationMs: 1 },
      receipt: { link: `https://x/?k=${KEY}` },
    }));
    expect(await tool.execute({}, aContext(folder))).toEqual({
      text: `the key ${MARK}`,
      view: { type: "command", command: "x", exitCode: 0, output: MARK, durationMs: 1 },
      receipt: { link: `https://x/?k=${MARK}` },
    });
  });

  test("tells meanwhile without a secret, also one that comes in two pieces", async () => {
    const told: string[] = [];
    const tool = toolOf(async ({ onProgress }) => {
      onProgress?.(`now ${KEY.slice(0, 5)}`);
      onProgress?.(`${KEY.slice(5)} and tok-4`);
      return { text: "done" };
    });
    await tool.execute({}, { ...aContext(folder), onProgress: (text) => told.push(text) });
    expect(told.join("")).toBe(`now ${MARK} and tok-4`);
    expect(told[0]).toBe("now ");
  });

  test("fails without a secret, and as the error that it was", async () => {
    const tool = toolOf(async () => {
      throw new OutcomeUnknown(`no answer for ${KEY}`, { hint: `try ${KEY}`, cause: new Error(KEY) });
    });
    const error: unknown = await tool.execute({}, aContext(folder)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OutcomeUnknown);
    const { message, hint, stack, cause } = error as AppError;
    expect([message, hint]).toEqual([`no answer for ${MARK}`, `try ${MARK}`]);
    expect(`${stack} ${String(cause)} ${(cause as Error).stack}`).not.toContain(KEY);
  });

  test.each([KEY, MARK, Buffer.from(KEY).toString("base64")])("writes no file with %s in it", async (text) => {
    const context = aContext(folder);
    const write = guardTool(writeFile as Tool, guard);
    await expect(write.execute({ path: "a.env", content: `TOKEN=${text}\n` }, context)).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("GITHUB_TOKEN"),
    });
    await expect(readFile(join(folder, "a.env"))).rejects.toThrow("ENOENT");
    await write.execute({ path: "a.env", content: "TOKEN=\nA=1\n" }, context);
    const edit = guardTool(editFile as Tool, guard);
    const edits = { path: "a.env", old_text: "TOKEN=", new_text: `TOKEN=${text}` };
    await expect(edit.execute(edits, context)).rejects.toMatchObject({ code: "forbidden" });
    expect(await readFile(join(folder, "a.env"), "utf8")).toBe("TOKEN=\nA=1\n");
  });
});

test("a value that a connector is given from the environment is hidden, and a word is not", () => {
  const learning = createSecretGuard();
  learnSetting(learning, "env:MAIL_PASSWORD", "s3cr3t-of-mail");
  learnSetting(learning, "MODE:-production", "production");
  expect(learning.redact("s3cr3t-of-mail in production")).toBe("[secret MAIL_PASSWORD] in production");
});

describe("guarded models", () => {
  const request: ModelRequest = {
    model: "a/b",
    messages: [{ role: "user", content: [{ type: "text", text: `use ${KEY}` }] }],
    tools: [{ type: "function", name: "t", description: `has ${KEY}`, inputSchema: {} }],
    effort: null,
    maxOutputTokens: null,
    cacheKey: "k",
  };

  test("are sent no secret, and answer and speak without one", async () => {
    const sent: ModelRequest[] = [];
    const answer: ModelAnswer = {
      status: "answered",
      model: "a/b",
      parts: [
        { type: "text", text: KEY, provider: { signature: KEY } },
        { type: "tool_call", providerCallId: "1", name: "t", argumentsText: JSON.stringify({ a: KEY }) },
      ],
      finish: "stop",
      usage: { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1, reasoningTokens: 0 },
    };
    const models = { rehearsal: false } as unknown as Models;
    models.call = async (received, { onDelta }) => {
      sent.push(received);
      for (const character of KEY) onDelta?.({ kind: "text", text: character });
      onDelta?.({ kind: "reasoning", text: "tok-" });
      return answer;
    };
    const spoken: string[] = [];
    const signal = new AbortController().signal;
    const onDelta = ({ kind, text }: { kind: string; text: string }) => spoken.push(`${kind}:${text}`);
    const got = await guardModels(models, guard).call(request, { signal, onDelta });
    expect(JSON.stringify([sent, got])).not.toContain(KEY);
    expect(JSON.stringify(sent)).toContain(`use ${MARK}`);
    expect(JSON.parse((got as { parts: { argumentsText: string }[] }).parts[1]!.argumentsText)).toEqual({ a: MARK });
    expect(spoken).toEqual([`text:${MARK}`, "reasoning:tok-"]);
  });

  test("look again at what was sent before once another secret is known", async () => {
    const learning = createSecretGuard();
    const sent: string[] = [];
    const models = { rehearsal: false } as unknown as Models;
    models.call = async (received) => {
      sent.push(JSON.stringify(received));
      return { status: "failed", model: "a/b", failure: FAILURE, usage: null };
    };
    const guarded = guardModels(models, learning);
    await guarded.call(request, { signal: new AbortController().signal });
    learning.learn([{ name: "GITHUB_TOKEN", value: KEY }]);
    await guarded.call(request, { signal: new AbortController().signal });
    expect(sent.map((one) => one.includes(KEY))).toEqual([true, false]);
  });
});

const FAILURE = { kind: "network" as const, message: "", status: null, retryAfterMs: null };

describe("a provider whose key and headers are in the vault", () => {
  const request: ModelRequest = {
    model: "test/scripted",
    messages: [{ role: "user", content: [{ type: "text", text: "Say ${secret:GITHUB_TOKEN}" }] }],
    tools: [],
    effort: null,
    maxOutputTokens: null,
    cacheKey: "k",
  };

  test.each(["openai-compatible", "openai", "anthropic"] as const)(
    "is sent the value of now in headers, and %s requests hold no other",
    async (kind) => {
      const server = await startModelServer({ script: () => "Yes." });
      let value: string | null = "first-value-1";
      const provider = {
        kind,
        baseUrl: kind === "anthropic" ? server.anthropicUrl : server.openaiUrl,
        apiKey: "${secret:GITHUB_TOKEN}",
        headers: { "x-team": "a ${secret:GITHUB_TOKEN} b" },
      };
      const settings = { default: "test/scripted", providers: { test: provider } };
      const models = createModels(settings, systemClock, { get: async () => value });
      const call = () => models.call(request, { signal: new AbortController().signal });
      try {
        expect((await call()).status).toBe("answered");
        value = "second-value-2";
        expect((await call()).status).toBe("answered");
        const sent = server.requests.map(
          ({ headers }) => headers["authorization"] ?? `Bearer ${String(headers["x-api-key"])}`,
        );
        expect(sent).toEqual(["Bearer first-value-1", "Bearer second-value-2"]);
        expect(server.requests[1]!.headers["x-team"]).toBe("a second-value-2 b");
        expect(server.requests[1]!.raw).toContain("${secret:GITHUB_TOKEN}");
        expect(server.requests[1]!.raw).not.toContain("second-value-2");
        value = null;
        const answer = await call();
        expect(answer).toMatchObject({
          status: "failed",
          failure: { kind: "invalid_request", message: expect.stringContaining("bureau secret set GITHUB_TOKEN") },
        });
        expect(server.count()).toBe(2);
      } finally {
        models.close();
        await server.close();
      }
    },
  );

  test("is sent nothing where there is no vault", async () => {
    const server = await startModelServer({ script: () => "Yes." });
    const provider = {
      kind: "openai-compatible" as const,
      baseUrl: server.openaiUrl,
      apiKey: "${secret:GITHUB_TOKEN}",
    };
    const models = createModels({ default: "test/scripted", providers: { test: provider } });
    try {
      const answer = await models.call(request, { signal: new AbortController().signal });
      expect(answer).toMatchObject({ status: "failed", failure: { message: expect.stringContaining("no vault") } });
      expect(server.count()).toBe(0);
    } finally {
      models.close();
      await server.close();
    }
  });
});
