import { existsSync } from "node:fs";
import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseSettings } from "@bureau/engine";
import { createClient } from "@bureau/protocol";
import type { Browser, CDPSession, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ModelServer, startModelServer } from "../../engine/src/testing/model-server.ts";
import { testDatabase, type TestDatabase } from "../../engine/src/testing/test-database.ts";
import { readConfig } from "./config.ts";
import { type RunningServer, startServer } from "./main.ts";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);
const START_MS = 60_000;
const PHONE = {
  protocol: "ctap2",
  transport: "internal",
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
} as const;

let database: TestDatabase;
let models: ModelServer;
let server: RunningServer;
let workspace = "";

beforeAll(async () => {
  models = await startModelServer({ script: () => "Done." });
});
afterAll(() => models.close());
beforeEach(async () => {
  database = await testDatabase();
  workspace = await realpath(await mkdtemp(join(tmpdir(), "bureau-passkeys-")));
  await writeFile(join(workspace, "AGENTS.md"), "# Writer\n");
  const environment = {
    BUREAU_WORKSPACE: workspace,
    BUREAU_PORT: "0",
    DATABASE_URL: database.url,
    BUREAU_MODEL: "openai/test",
    OPENAI_API_KEY: "test",
    OPENAI_BASE_URL: models.openaiUrl,
  };
  server = await startServer(readConfig({}, parseSettings(""), environment), () => undefined);
});
afterEach(async () => {
  await server.stop();
  await database.drop();
  await rm(workspace, { recursive: true, force: true });
});

const owner = () => createClient({ baseUrl: server.url, token: server.token });

function post(path: string, body: unknown, host: string, headers: Record<string, string> = {}) {
  const url = new URL(server.url);
  return fetch(`http://${host}:${url.port}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

describe("passkeys without a browser", () => {
  test("need a name, and TLS anywhere but at localhost", async () => {
    const response = await post("/api/passkeys/sign-in", {}, "127.0.0.1");
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("Passkeys need a name");
    expect((await post("/api/passkeys/sign-in", {}, "localhost")).status).toBe(200);
  });

  test("are asked for by rows that are bounded, and a sign-in that was not asked for is nobody's", async () => {
    const clientDataJSON = Buffer.from(JSON.stringify({ type: "webauthn.get", challenge: "eA" })).toString("base64url");
    const response = { id: "eA", rawId: "eA", type: "public-key", response: {} };
    const signed = { ...response, response: { clientDataJSON, authenticatorData: "eA", signature: "eA" } };
    expect((await post("/api/session/passkey", { response: signed }, "localhost")).status).toBe(401);
    const made = { ...response, response: { clientDataJSON, attestationObject: "eA" } };
    const bearer = { authorization: `Bearer ${server.token}` };
    const adding = await post("/api/passkeys", { name: "Phone", response: made }, "localhost", bearer);
    expect(adding.status).toBe(400);
    for (let count = 0; count < 3; count += 1) await post("/api/passkeys/sign-in", {}, "localhost");
    const { rows } = await database.query("SELECT hash FROM passkey_challenges");
    expect(rows).toHaveLength(3);
    expect(rows[0].hash).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe.skipIf(CHROMIUM === undefined)("a passkey in Chromium (skipped where there is none)", () => {
  let browser: Browser;
  let page: Page;
  let devtools: CDPSession;
  let authenticatorId = "";

  beforeAll(async () => {
    const { chromium } = await import("playwright-core");
    const args = ["--no-sandbox", "--disable-background-networking"];
    browser = await chromium.launch({ executablePath: CHROMIUM!, args });
  }, START_MS);
  afterAll(() => browser.close());
  beforeEach(async () => {
    const context = await browser.newContext();
    page = await context.newPage();
    await page.goto(`${siteUrl()}/healthz`);
    devtools = await context.newCDPSession(page);
    await devtools.send("WebAuthn.enable");
    await addAuthenticator();
  }, START_MS);
  afterEach(() => page.context().close());

  async function addAuthenticator(part: Partial<Record<keyof typeof PHONE, unknown>> = {}): Promise<void> {
    if (authenticatorId !== "") {
      await devtools.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId }).catch(() => undefined);
    }
    const options = { ...PHONE, ...part } as typeof PHONE;
    ({ authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", { options }));
  }

  const siteUrl = () => `http://localhost:${new URL(server.url).port}`;

  /** What a page does, with the browser's own way to read and write the wire's form. */
  async function inPage(
    path: string,
    { body, token, csrf }: { body: unknown; token?: string | undefined; csrf?: string | undefined },
  ): Promise<{ status: number; body: unknown }> {
    return await page.evaluate(
      async ([path, body, token, csrf]) => {
        const headers: Record<string, string> = { "content-type": "application/json" };
        if (token !== "") headers["authorization"] = `Bearer ${token}`;
        if (csrf !== "") headers["x-bureau-csrf"] = csrf!;
        const response = await fetch(path!, { method: "POST", headers, body: body! });
        const text = await response.text();
        return { status: response.status, body: text === "" ? null : (JSON.parse(text) as unknown) };
      },
      [path, JSON.stringify(body), token ?? "", csrf ?? ""] as string[],
    );
  }

  const create = (options: unknown) => askBrowser("create", "parseCreationOptionsFromJSON", options);
  const get = (options: unknown) => askBrowser("get", "parseRequestOptionsFromJSON", options);

  /** As text: what a browser has is not known to the types of a server. */
  async function askBrowser(method: string, parse: string, options: unknown): Promise<unknown> {
    const publicKey = `PublicKeyCredential.${parse}(${JSON.stringify(options)})`;
    return await page.evaluate(
      `navigator.credentials.${method}({ publicKey: ${publicKey} }).then((made) => made.toJSON())`,
    );
  }

  const optionsOf = (answer: { body: unknown }) => (answer.body as { options: unknown }).options;

  async function register(token = server.token, name = "My phone"): Promise<{ status: number; body: unknown }> {
    const options = optionsOf(await inPage("/api/passkeys/registration", { body: {}, token }));
    return await inPage("/api/passkeys", { body: { name, response: await create(options) }, token });
  }

  async function signIn(): Promise<{ status: number; response: unknown }> {
    const response = await get(optionsOf(await inPage("/api/passkeys/sign-in", { body: {} })));
    return { status: (await inPage("/api/session/passkey", { body: { response } })).status, response };
  }

  const session = () => page.evaluate(async () => (await (await fetch("/api/session")).json()) as unknown);

  test("is registered, listed, signs in by a look, and signs in no more once it is removed", async () => {
    expect((await session()) as object).toHaveProperty("error");
    const added = await register();
    expect(added).toMatchObject({ status: 200, body: { name: "My phone", host: "localhost", deviceId: null } });
    expect(JSON.stringify(added.body)).not.toMatch(/public_?key|credential/i);
    expect((await signIn()).status).toBe(204);
    expect(await session()).toMatchObject({ name: "owner", scope: "full" });
    const { passkeys } = await owner().listPasskeys();
    expect(passkeys).toMatchObject([{ name: "My phone", lastUsedAt: expect.any(String) }]);
    await owner().removePasskey({ params: { passkey: "My phone" } });
    expect((await signIn()).status).toBe(401);
  });

  test("signs once: what it signed opens nothing a second time, nor after five minutes", async () => {
    await register();
    const { response } = await signIn();
    expect((await inPage("/api/session/passkey", { body: { response } })).status).toBe(401);
    const late = await get(optionsOf(await inPage("/api/passkeys/sign-in", { body: {} })));
    await database.query("UPDATE passkey_challenges SET expires_at = now() - interval '1 second'");
    expect((await inPage("/api/session/passkey", { body: { response: late } })).status).toBe(401);
  });

  test("that does not look at the person is not taken", async () => {
    await register();
    await devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
    const options = optionsOf(await inPage("/api/passkeys/sign-in", { body: {} })) as object;
    // The page asks for less than the server did.
    const response = await get({ ...options, userVerification: "discouraged" });
    expect((await inPage("/api/session/passkey", { body: { response } })).status).toBe(401);
  });

  test("whose counter goes back is a copy, and is not taken", async () => {
    await register();
    expect((await signIn()).status).toBe(204);
    await database.query("UPDATE passkeys SET counter = counter + 100");
    expect((await signIn()).status).toBe(401);
  });

  test("signs for its own site alone, also where the challenge is right", async () => {
    await register();
    const options = optionsOf(await inPage("/api/passkeys/sign-in", { body: {} }));
    const response = (await get(options)) as { response: { clientDataJSON: string } };
    const data = JSON.parse(Buffer.from(response.response.clientDataJSON, "base64url").toString()) as object;
    const elsewhere = Buffer.from(JSON.stringify({ ...data, origin: "http://localhost:1" })).toString("base64url");
    const forged = { ...response, response: { ...response.response, clientDataJSON: elsewhere } };
    expect((await inPage("/api/session/passkey", { body: { response: forged } })).status).toBe(401);
  });

  test("of a device signs in as the device, and ends with it", async () => {
    const { token, device } = await owner().addDevice({ body: { name: "Tablet", scope: "full" } });
    expect(await register(token, "Tablet key")).toMatchObject({ status: 200, body: { deviceId: device.id } });
    expect((await signIn()).status).toBe(204);
    expect(await session()).toMatchObject({ name: "Tablet" });
    await owner().revokeDevice({ params: { device: device.id } });
    expect((await signIn()).status).toBe(401);
  });

  test("is made by whoever may do everything, for themselves", async () => {
    const { token } = await owner().addDevice({ body: { name: "Phone", scope: "inbox" } });
    expect((await inPage("/api/passkeys/registration", { body: {}, token })).status).toBe(403);
    const options = optionsOf(await inPage("/api/passkeys/registration", { body: {}, token: server.token }));
    const other = await owner().addDevice({ body: { name: "Other", scope: "full" } });
    const response = await create(options);
    const adding = await inPage("/api/passkeys", { body: { name: "Theirs", response }, token: other.token });
    expect(adding.status).toBe(400);
    expect((await owner().listPasskeys()).passkeys).toEqual([]);
  });

  test("is not made twice in the same place", async () => {
    await register();
    const options = optionsOf(await inPage("/api/passkeys/registration", { body: {}, token: server.token }));
    await expect(create(options)).rejects.toThrow("InvalidStateError");
  });
});
