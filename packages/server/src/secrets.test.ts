import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSecretGuard, parseSettings } from "@bureau/engine";
import { api, AppError, type Endpoint, openEventStream } from "@bureau/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readConfig } from "./config.ts";
import { examineWorkspace } from "./doctor.ts";
import { secretFinder } from "./find-secrets.ts";
import { guardEngine } from "./guard-engine.ts";
import { knownSecrets } from "./known-secrets.ts";
import { localSecrets } from "./local-secrets.ts";
import { openSecrets } from "./open-secrets.ts";
import { createMemoryEngine } from "./testing/memory-engine.ts";
import { BASE_URL, jsonBody, testApp, TOKEN } from "./testing/test-app.ts";

const KEY = "tok-4f9a8b7c6d5e";
const MARK = "[secret GITHUB_TOKEN]";

function guarded() {
  return testApp({ guard: createSecretGuard([{ name: "GITHUB_TOKEN", value: KEY }]) });
}

describe("the API", () => {
  test("takes a secret at one address, and no address gives one", async () => {
    const { request, engine } = guarded();
    await request("/api/secrets/GITHUB_TOKEN", jsonBody({ value: KEY }, "PUT"));
    expect(engine.calls.at(-1)).toEqual({ name: "setSecret", input: ["GITHUB_TOKEN", KEY] });
    expect((await request("/api/secrets/GITHUB_TOKEN")).status).toBe(405);
    const about = Object.entries<Endpoint>(api).filter(([, { path }]) => path.startsWith("/api/secrets"));
    expect(about.map(([name]) => name)).toEqual(["listSecrets", "setSecret", "removeSecret"]);
    expect(Object.values<Endpoint>(api).filter(({ takesSecret }) => takesSecret === true)).toHaveLength(1);
  });

  test.each([
    ["/api/runs", jsonBody({ text: `use ${KEY}` })],
    ["/api/goals", jsonBody({ text: `use ${Buffer.from(KEY).toString("base64")}` })],
    [`/api/goals/${KEY}`, {}],
    [`/api/events?run=${KEY}`, {}],
  ])("refuses %s with a secret in it, and says which without its value", async (path, init) => {
    const { request, engine } = guarded();
    const reply = await request(path, init);
    const body = await reply.text();
    expect(reply.status).toBe(400);
    expect(body).toContain("the value of the secret GITHUB_TOKEN");
    expect(body).not.toContain(KEY);
    expect(engine.calls).toEqual([]);
  });

  test("lets a person sign in with the token, which is a secret too", async () => {
    const { request } = testApp({ guard: createSecretGuard([{ name: "BUREAU_TOKEN", value: TOKEN }]) });
    expect((await request("/api/session", jsonBody({ token: TOKEN }))).status).toBe(204);
  });

  test("answers, fails and tells events without a secret that is in the engine all the same", async () => {
    const { app, engine, request } = guarded();
    engine.addEvent({ data: { text: `has ${KEY}` } });
    Object.assign(engine, {
      hey: async () => ({ sentence: KEY }),
      status: async () => {
        throw new AppError("conflict", `about ${KEY}`, { hint: KEY });
      },
    });
    for (const path of ["/api/hey", "/api/status"]) {
      const text = await (await request(path)).text();
      expect(text).toContain(MARK);
      expect(text).not.toContain(KEY);
    }
    const fetchApp: typeof fetch = async (url, init) => app.request(url as string, init);
    for await (const message of openEventStream({ baseUrl: BASE_URL, token: TOKEN, after: 0, fetch: fetchApp })) {
      expect(JSON.stringify(message)).toContain(`has ${MARK}`);
      break;
    }
  });

  test("tells what is live without a secret", () => {
    const engine = createMemoryEngine();
    const told: unknown[] = [];
    const guard = createSecretGuard([{ name: "GITHUB_TOKEN", value: KEY }]);
    guardEngine(engine, guard).onDelta((delta) => told.push(delta));
    engine.emitDelta({ type: "item.delta", runId: "run_1", stepId: "step_1", kind: "text", text: KEY } as never);
    expect(told).toMatchObject([{ text: MARK }]);
  });
});

describe("secrets of the environment", () => {
  const environment = {
    DATABASE_URL: "postgres://me:p%40ssw0rd-1@127.0.0.1/x",
    OPENAI_API_KEY: "sk-proj-12345678",
    LOCAL_KEY: "ollama",
    BUREAU_VAULT_KEY: "AGE-SECRET-KEY-1ABCDEFG",
  };
  const file = `
providers:
  local: { baseUrl: "http://me:inner-pass-1@127.0.0.1:1/v1", apiKeyEnv: LOCAL_KEY }
  other:
    baseUrl: http://127.0.0.1:2/v1
    apiKeySecret: OTHER_KEY
    headers: { authorization: Bearer abcdefgh12345, x-version: 2026-01-01-long-text, x-api-key: "\${secret:X_KEY}" }
`;

  test("are keys, tokens and passwords, and no words, names or references", () => {
    const config = readConfig({ workspace: "/w" }, parseSettings(file), environment, "/");
    const values = knownSecrets(config, "the-token-of-1-server").map(({ value }) => value);
    expect(new Set(values)).toEqual(
      new Set([
        "the-token-of-1-server",
        "AGE-SECRET-KEY-1ABCDEFG",
        "p%40ssw0rd-1",
        "p@ssw0rd-1",
        "sk-proj-12345678",
        "inner-pass-1",
        "Bearer abcdefgh12345",
        "abcdefgh12345",
      ]),
    );
  });
});

describe("a workspace without a server", () => {
  let folder = "";
  const environment = { BUREAU_MODEL: "a/b" };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "bureau-secrets-"));
    await writeFile(join(folder, "bureau.yaml"), "");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function finding() {
    const findings = await examineWorkspace({ workspace: folder, environment, now: () => 0 });
    return findings.find(({ name }) => name === "Secrets");
  }

  test("keeps secrets, lists where they are used, and forgets them", async () => {
    const settings = "providers: { a: { baseUrl: http://127.0.0.1:1, apiKeySecret: GITHUB_TOKEN } }";
    await writeFile(join(folder, "bureau.yaml"), settings);
    await writeFile(join(folder, "mcp.json"), '{"x": {"env": {"K": "${secret:GITHUB_TOKEN}"}}}');
    const secrets = await localSecrets(folder, environment);
    const set = await secrets.set("GITHUB_TOKEN", KEY);
    expect(set).toEqual({
      name: "GITHUB_TOKEN",
      setAt: expect.stringMatching(/^2.*Z$/),
      usedBy: ["bureau.yaml", "mcp.json"],
    });
    expect(await secrets.list()).toEqual({ secrets: [set] });
    await secrets.remove("GITHUB_TOKEN");
    await expect(secrets.remove("GITHUB_TOKEN")).rejects.toMatchObject({ code: "not_found" });
    await expect(localSecrets(join(folder, "none"), {})).rejects.toMatchObject({ code: "not_found" });
  });

  test("is examined: references without a secret, a key that others may read", async () => {
    expect(await finding()).toMatchObject({ status: "ok", message: "No secrets are kept." });
    await writeFile(join(folder, "mcp.json"), '{"x": {"headers": {"K": "Bearer ${secret:GITHUB_TOKEN}"}}}');
    expect(await finding()).toMatchObject({
      status: "missing",
      message: "mcp.json refers to the secret GITHUB_TOKEN, which is not set.",
      hint: "bureau secret set GITHUB_TOKEN",
    });
    await (await localSecrets(folder, environment)).set("GITHUB_TOKEN", KEY);
    expect(await finding()).toMatchObject({ status: "ok", message: expect.stringContaining("1 secrets, all in use") });
    await chmod(join(folder, ".bureau", "vault", "key"), 0o644);
    expect(await finding()).toMatchObject({
      status: "missing",
      message: expect.stringContaining("mode is 644"),
      hint: expect.stringContaining("chmod 600"),
    });
    const config = readConfig({ workspace: folder }, parseSettings(""), environment);
    const { vault, problem } = await openSecrets(config);
    expect(problem).toMatchObject({ code: "forbidden" });
    await expect(vault.get("GITHUB_TOKEN")).rejects.toMatchObject({ code: "forbidden" });
  });
});

test("a secret that lies across two chunks of a file is found", () => {
  const finder = secretFinder(createSecretGuard([{ name: "GITHUB_TOKEN", value: KEY }]));
  finder.push(Buffer.from(`${"x".repeat(5_000)}${KEY.slice(0, 7)}`));
  expect(finder.found()).toBeNull();
  finder.push(Buffer.from(KEY.slice(7)));
  expect(finder.found()).toBe("GITHUB_TOKEN");
});
