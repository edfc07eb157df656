import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "@bureau/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NO_CAPS } from "../domain/caps.ts";
import { parseSettings, readSettings } from "./settings.ts";

const EXAMPLE = `
publicUrl: https://bureau.example.com
models:
  default: anthropic/claude-sonnet-4-5
  judge: local/org/qwen3
  fallbacks: [openai/gpt-5.2]
providers:
  local: { baseUrl: http://127.0.0.1:11434/v1, apiKeyEnv: LOCAL_KEY, headers: { x-team: 7 } }
  openai: { baseUrl: https://gateway.example.com/v1 }
prices:
  local/org/qwen3: { input: 0.1, output: 0.4 }
modelLimits:
  local/org/qwen3: { contextTokens: 32000 }
budget: { money: 5.00, time: 4h }
limits: { maxConcurrentRuns: 50, runTime: 2h }
approvals: { expireAfter: 2d, remindAfter: 6h }
fetch: { allowHosts: ["127.0.0.1:8080", intranet] }
sandbox: { hosts: [api.example.com], agents: { builder: { hosts: ["*.npm.example:443"] } }, diskLimit: 4 GB }
push: { subject: "mailto:ana@bureau-of-ana.eu", actions: none, allowHosts: ["127.0.0.1:9000"] }
color: blue
`;

describe("settings", () => {
  test("are read whole", () => {
    expect(parseSettings(EXAMPLE)).toEqual({
      models: {
        default: "anthropic/claude-sonnet-4-5",
        fast: null,
        judge: "local/org/qwen3",
        fallbacks: ["openai/gpt-5.2"],
      },
      providers: {
        local: {
          kind: "openai-compatible",
          baseUrl: "http://127.0.0.1:11434/v1",
          apiKeyEnv: "LOCAL_KEY",
          apiKeySecret: null,
          headers: { "x-team": "7" },
        },
        openai: {
          kind: "openai",
          baseUrl: "https://gateway.example.com/v1",
          apiKeyEnv: null,
          apiKeySecret: null,
          headers: {},
        },
      },
      prices: { "local/org/qwen3": { input: 100_000, cachedInput: 100_000, output: 400_000 } },
      modelLimits: { "local/org/qwen3": { contextTokens: 32_000, maxOutputTokens: null } },
      caps: NO_CAPS,
      budget: { micros: 5_000_000, timeMs: 14_400_000 },
      limits: { maxConcurrentRuns: 50, runSteps: null, runTimeMs: 7_200_000, maxConcurrentCalls: null },
      approvals: { expireAfterMs: 172_800_000, remindAfterMs: 21_600_000 },
      push: { subject: "mailto:ana@bureau-of-ana.eu", actions: "none", allowHosts: ["127.0.0.1:9000"] },
      fetch: { allowHosts: ["127.0.0.1:8080", "intranet"] },
      publicUrl: "https://bureau.example.com",
      sandbox: {
        hosts: [{ text: "api.example.com", host: "api.example.com", below: false, ports: [443, 80], isPrivate: false }],
        agents: {
          builder: {
            hosts: [{ text: "*.npm.example:443", host: "npm.example", below: true, ports: [443], isPrivate: false }],
          },
        },
        diskBytes: 4 * 1024 ** 3,
      },
      policy: [],
      warnings: ["bureau.yaml, line 20: color is not a setting and has no effect."],
    });
  });

  test.each([
    ["models: { default: gpt-5 }", 'bureau.yaml, line 1: models.default must be provider/model, not "gpt-5".'],
    ["providers:\n  local: {}", "bureau.yaml, line 2: providers.local.baseUrl is missing."],
    [
      "providers:\n  a:\n    baseUrl: localhost",
      'bureau.yaml, line 3: providers.a.baseUrl must be an http or https address, not "localhost".',
    ],
    [
      "providers: { openai: { apiKey: sk-1 } }",
      "bureau.yaml, line 1: providers.openai.apiKey must not stand in this file.",
    ],
    [
      "providers: { openai: { apiKeyEnv: sk-proj-1 } }",
      "providers.openai.apiKeyEnv must be the name of an environment variable",
    ],
    [
      "providers: { openai: { apiKeySecret: sk-proj-1 } }",
      "providers.openai.apiKeySecret must be the name of a secret, not the key itself",
    ],
    [
      "providers: { openai: { headers: { x-team: '${secret:team key}' } } }",
      "providers.openai.headers.x-team must be the name of a secret",
    ],
    [
      "limits: { maxConcurrentRuns: 0 }",
      "bureau.yaml, line 1: limits.maxConcurrentRuns must be a whole number above zero, not 0.",
    ],
    ["limits: { runTime: 2 }", 'limits.runTime cannot be "2".'],
    ["approvals: { expireAfter: soon }", 'bureau.yaml, line 1: approvals.expireAfter cannot be "soon".'],
    ["approvals: { expireAfter: 400d }", "approvals cannot wait for more than 365d"],
    ["fetch: { allowHosts: [http://a] }", 'must be a host or host:port, not "http://a".'],
    ["sandbox: { hosts: ['*.com'] }", "bureau.yaml, line 1: sandbox.hosts[0] is too wide"],
    ["sandbox: { agents: { a: { hosts: [127.0.0.1] } } }", "sandbox.agents.a.hosts[0] must name one host and its port"],
    ["sandbox: { diskLimit: 5 }", 'sandbox.diskLimit cannot be "5".'],
    ["- a", "must be keys with values"],
    ["a: [", "bureau.yaml, line 1: not readable"],
  ])("refuse %j with line and key", (text, message) => {
    expect(() => parseSettings(text)).toThrow(AppError);
    expect(() => parseSettings(text)).toThrow(message);
  });

  test("never repeat a key that stands where it should not", () => {
    expect(() => parseSettings("providers: { openai: { apiKey: sk-very-secret } }")).not.toThrow("sk-very-secret");
  });

  test("of a missing file say nothing, and an unreadable one is named", async () => {
    const folder = await mkdtemp(join(tmpdir(), "bureau-settings-"));
    try {
      expect(await readSettings(folder)).toEqual(parseSettings(""));
      await writeFile(join(folder, "bureau.yaml"), "models: { fast: a/b }");
      expect((await readSettings(folder)).models.fast).toBe("a/b");
      await writeFile(join(folder, "bureau.yaml"), "#".repeat(300 * 1024));
      await expect(readSettings(folder)).rejects.toThrow("larger than 256 kB");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("only ever fail with a message for people", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.jsonValue().map((value) => JSON.stringify({ models: value, providers: value, limits: value })),
        ),
        (text) => {
          try {
            parseSettings(text);
          } catch (error) {
            expect(error).toBeInstanceOf(AppError);
          }
        },
      ),
    );
  });
});

describe("caps", () => {
  test("of the day, the workspace and agents are read", () => {
    const { caps } = parseSettings(
      "caps:\n  day: { tokens: 2m, money: $5, runs: 200 }\n  workspace: { money: 50 }\n  agents:\n    writer: { day: { runs: 3 }, tokens: 200k }\n",
    );
    expect(caps).toEqual({
      workspace: { day: { tokens: 2_000_000, micros: 5_000_000, runs: 200 }, total: { micros: 50_000_000 } },
      agents: { writer: { day: { runs: 3 }, total: { tokens: 200_000 } } },
    });
    expect(parseSettings("").caps).toEqual({ workspace: { day: {}, total: {} }, agents: {} });
  });

  test.each([
    ["caps: { day: { token: 5 } }", "line 1: caps.day.token is no cap here"],
    ["caps: { daily: { tokens: 5 } }", "caps.daily is no scope of caps"],
    ["caps: { workspace: { runs: 5 } }", "caps.workspace.runs is no cap here"],
    ["caps: { day: { tokens: 0 } }", "caps.day.tokens cannot be 0"],
    ["caps: { day: { money: -1 } }", "caps.day.money cannot be -1"],
    ["caps: 5", "caps must be caps"],
    ["caps: { agents: { writer: [1] } }", "caps.agents.writer must be caps"],
  ])("that could be meant otherwise are refused: %s", (text, message) => {
    expect(() => parseSettings(text)).toThrow(message);
  });
});
