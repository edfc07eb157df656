import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseSettings } from "@bureau/engine";
import { describe, expect, test } from "vitest";
import { findWorkspace, readConfig } from "./config.ts";
import { withLocalModel } from "./local-models.ts";

const read = (environment: Record<string, string>, flags = {}, file = "") =>
  readConfig(flags, parseSettings(file), environment, "/somewhere");
const noModels = { fallbacks: [], providers: {}, prices: {}, limits: {} };

describe("readConfig", () => {
  test("without any setting everything stays on this machine", () => {
    expect(read({})).toEqual({
      workspace: "/somewhere",
      dataFolder: "/somewhere/.bureau/postgres",
      databaseUrl: null,
      host: "127.0.0.1",
      port: 4747,
      publicUrl: null,
      hosts: [],
      token: null,
      vaultKey: { type: "own" },
      trustedProxies: [],
      models: noModels,
      record: null,
      rehearsal: null,
      searchPath: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      environment: {},
      settings: parseSettings(""),
    });
  });

  test("a flag wins over the environment, which wins over the file", () => {
    const file = "models: { default: a/b }";
    expect(read({}, {}, file).models.default).toBe("a/b");
    expect(read({ BUREAU_MODEL: "c/d" }, {}, file).models.default).toBe("c/d");
    expect(read({ BUREAU_PORT: "2" }).port).toBe(2);
    expect(read({ BUREAU_PORT: "2" }, { port: "3" }).port).toBe(3);
    expect(read({ BUREAU_PORT: "2" }, { port: 0 }).port).toBe(0);
  });

  test("an empty variable counts as absent", () => {
    const environment = { BUREAU_PORT: "", BUREAU_TOKEN: " ", DATABASE_URL: "", OPENAI_API_KEY: "" };
    expect(read(environment)).toEqual({ ...read({}), environment });
  });

  test.each(["x", "-1", "65536", "1.5", "1e3", "0x10"])("the port %s is refused by name", (port) => {
    expect(() => read({ BUREAU_PORT: port })).toThrow(`BUREAU_PORT is ${port}, which is not a port.`);
    expect(() => read({}, { port })).toThrow(`--port is ${port}`);
  });

  test("a host that can be reached from outside needs a long token", () => {
    expect(() => read({}, { host: "0.0.0.0" })).toThrow("no token is set");
    expect(() => read({ BUREAU_TOKEN: "short" }, { host: "0.0.0.0" })).toThrow("5 characters");
    expect(read({ BUREAU_TOKEN: "long-enough-for-anyone" }, { host: "10.0.0.5" }).hosts).toEqual(["10.0.0.5"]);
    expect(read({}, { host: "::1" }).host).toBe("::1");
  });

  test("the vault's key has one place", () => {
    const key = "AGE-SECRET-KEY-1X";
    expect(read({ BUREAU_VAULT_KEY: ` ${key}\n` }).vaultKey).toEqual({ type: "given", key });
    const path = "/run/secrets/key";
    expect(read({ BUREAU_VAULT_KEY_FILE: path }).vaultKey).toEqual({ type: "file", path });
    const command = "pass bureau";
    expect(read({ BUREAU_VAULT_KEY_COMMAND: command }).vaultKey).toEqual({ type: "command", command });
    expect(() => read({ BUREAU_VAULT_KEY: key, BUREAU_VAULT_KEY_FILE: path })).toThrow(
      "BUREAU_VAULT_KEY and BUREAU_VAULT_KEY_FILE are both set",
    );
  });

  test("an address that is no PostgreSQL is refused without showing it", () => {
    expect(() => read({ DATABASE_URL: "mysql://me:secret@host/x" })).toThrow(/^DATABASE_URL is not the address/);
  });

  test("a key alone brings a provider and its model", () => {
    const { models } = read({ OPENAI_API_KEY: "k", OPENAI_BASE_URL: "http://127.0.0.1:9/v1/" });
    expect(models).toEqual({
      ...noModels,
      default: "openai/gpt-5.2",
      providers: { openai: { kind: "openai", apiKey: "k", baseUrl: "http://127.0.0.1:9/v1" } },
    });
    expect(read({ GOOGLE_GENERATIVE_AI_API_KEY: "k" }).models.default).toMatch(/^google\//);
  });

  const file = `
models: { default: x/y, fast: x/z }
providers:
  house: { baseUrl: "http://h/v1", apiKeyEnv: HOUSE_KEY }
  openai: { baseUrl: "http://proxy/v1" }
modelLimits:
  house/small: { contextTokens: 5000 }
limits: { maxConcurrentCalls: 3 }
`;

  test("a named model wins over the default of a key", () => {
    expect(read({ ANTHROPIC_API_KEY: "k", BUREAU_MODEL: "house/small" }, {}, file).models).toMatchObject({
      default: "house/small",
      fast: "x/z",
      limits: { "house/small": { contextTokens: 5000, maxOutputTokens: expect.any(Number) } },
    });
  });

  test("the key of a named server comes from the variable that it names", () => {
    const { house, openai } = read({ HOUSE_KEY: "k", OPENAI_API_KEY: "o" }, {}, file).models.providers;
    expect(house).toEqual({
      kind: "openai-compatible",
      baseUrl: "http://h/v1",
      apiKey: "k",
      headers: {},
      maxConcurrent: 3,
    });
    expect(openai).toMatchObject({ kind: "openai", baseUrl: "http://proxy/v1", apiKey: "o" });
  });

  test("further host names are allowed one by one", () => {
    const config = read({ BUREAU_PUBLIC_URL: "https://bureau.example.com/", BUREAU_HOSTS: "a.example" });
    expect([config.publicUrl, config.hosts]).toEqual([
      "https://bureau.example.com",
      ["bureau.example.com", "a.example"],
    ]);
    expect(() => read({ BUREAU_PUBLIC_URL: "bureau.example.com" })).toThrow(/BUREAU_PUBLIC_URL/);
    expect(read({ BUREAU_HOSTS: "a.example, b.example," }).hosts).toEqual(["a.example", "b.example"]);
  });
});

describe("findWorkspace", () => {
  test("is the nearest folder upwards with a bureau.yaml, unless one is named", async () => {
    const folder = await mkdtemp(join(tmpdir(), "bureau-config-"));
    try {
      await writeFile(join(folder, "bureau.yaml"), "");
      expect(findWorkspace({}, {}, join(folder, "a", "b"))).toBe(folder);
      expect(findWorkspace({}, { BUREAU_WORKSPACE: "c" }, join(folder, "a"))).toBe(join(folder, "a", "c"));
      expect(findWorkspace({ workspace: "/x" }, { BUREAU_WORKSPACE: "c" }, folder)).toBe("/x");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("withLocalModel", () => {
  async function withServer(answer: string, work: (baseUrl: string) => Promise<void>) {
    const server = createServer((_request, response) => response.end(answer));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  test("takes the first model that writes text of a server that answers", async () => {
    const answer = JSON.stringify({ data: [{ id: "nomic-embed-text" }, { id: "qwen3:4b" }] });
    await withServer(answer, async (baseUrl) => {
      const servers = [
        { name: "gone", baseUrl: "http://127.0.0.1:1/v1" },
        { name: "here", baseUrl },
      ];
      expect(await withLocalModel({ providers: {} }, servers)).toEqual({
        default: "here/qwen3:4b",
        providers: { here: { kind: "openai-compatible", baseUrl } },
      });
    });
  });

  test("a server that is something else is passed over", async () => {
    await withServer("<html>", async (baseUrl) => {
      expect(await withLocalModel({ providers: {} }, [{ name: "x", baseUrl }])).toEqual({ providers: {} });
    });
  });

  test("nothing is asked when a model is configured", async () => {
    await withServer(JSON.stringify({ data: [{ id: "m" }] }), async (baseUrl) => {
      const settings = { default: "a/b", providers: {} };
      expect(await withLocalModel(settings, [{ name: "x", baseUrl }])).toBe(settings);
    });
  });
});
