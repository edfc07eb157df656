import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseSettings } from "@bureau/engine";
import { type BureauClient, createClient, type PushMessage, type Scope } from "@bureau/protocol";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ModelServer, startModelServer } from "../../engine/src/testing/model-server.ts";
import { testDatabase, type TestDatabase } from "../../engine/src/testing/test-database.ts";
import { readConfig } from "./config.ts";
import { type RunningServer, startServer } from "./main.ts";
import { createTestBrowser, readVapid, type ReceivedPush, startPushService } from "./testing/push-service.ts";

type Asked = Extract<PushMessage, { type: "asked" | "reminded" }>;
type Browser = ReturnType<typeof createTestBrowser>;

const SUBJECT = "mailto:ana@bureau-of-ana.eu";

let database: TestDatabase;
let models: ModelServer;
let service: Awaited<ReturnType<typeof startPushService>>;
let workspace = "";
const running: RunningServer[] = [];

beforeAll(async () => {
  models = await startModelServer({ script: () => "Done." });
});
afterAll(() => models.close());

beforeEach(async () => {
  [database, service] = await Promise.all([testDatabase(), startPushService()]);
  workspace = await realpath(await mkdtemp(join(tmpdir(), "bureau-push-")));
  await writeFile(join(workspace, "AGENTS.md"), "# Writer\n");
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  await Promise.all([database.drop(), service.close(), rm(workspace, { recursive: true, force: true })]);
});

async function start(push = `{ subject: "${SUBJECT}", allowHosts: ["${service.host}"] }`): Promise<RunningServer> {
  const environment = {
    BUREAU_WORKSPACE: workspace,
    BUREAU_PORT: "0",
    DATABASE_URL: database.url,
    BUREAU_MODEL: "openai/test",
    OPENAI_API_KEY: "test",
    OPENAI_BASE_URL: models.openaiUrl,
  };
  const settings = parseSettings(`push: ${push}\npolicy:\n  - ask: write_file\n`);
  const server = await startServer(readConfig({}, settings, environment), () => undefined);
  running.push(server);
  return server;
}

const clientOf = ({ url, token }: Pick<RunningServer, "url" | "token">) => createClient({ baseUrl: url, token });

/** A phone of its own, and a browser on it that is pushed to. */
async function pair(
  server: RunningServer,
  { scope = "inbox" as Scope, name = "Phone", ...wanted }: { scope?: Scope; name?: string; content?: boolean } = {},
) {
  const { token, device } = await clientOf(server).addDevice({ body: { name, scope } });
  const client = clientOf({ url: server.url, token });
  const browser = createTestBrowser(service.origin);
  const subscription = await client.addPushSubscription({ body: { ...browser.subscription, ...wanted } });
  return { client, browser, subscription, device };
}

/** Has an agent ask for a yes to one exact call. */
async function ask(client: BureauClient, path = "secret-plan.txt"): Promise<string> {
  const write = { name: "write_file", arguments: { path, content: "the plan\n" } };
  models.setScript(({ toolTurns }) => (toolTurns > 0 ? "Done." : { toolCalls: [write] }));
  return (await client.startRun({ body: { text: "Write the plan" } })).id;
}

async function takeAsked(browser: Browser): Promise<{ push: ReceivedPush; message: Asked }> {
  const push = await service.take();
  return { push, message: browser.read(push) as Asked };
}

const statusOf = async (client: BureauClient, runId: string) => (await client.getRun({ params: { runId } })).status;

async function decide(server: RunningServer, token: string): Promise<{ status: number; body: string }> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${server.url}/api/push/decide`, {
    method: "POST",
    headers,
    body: JSON.stringify({ token }),
  });
  return { status: response.status, body: await response.text() };
}

describe("a push", () => {
  test("is encrypted for its browser alone, signed by this Bureau, and says nothing of what is asked", async () => {
    const server = await start();
    const owner = clientOf(server);
    const { browser } = await pair(server);
    await ask(owner);
    const { push, message } = await takeAsked(browser);
    const [entry] = (await owner.listInbox()).entries;
    expect(message).toEqual({
      type: "asked",
      entryId: entry?.id,
      kind: "approval",
      badge: 1,
      actions: { approve: expect.stringMatching(/^[\w-]{43}$/), deny: expect.stringMatching(/^[\w-]{43}$/) },
      content: null,
    });
    expect(push.path).toBe(browser.path);
    expect(push.headers).toMatchObject({ "content-encoding": "aes128gcm", urgency: "high" });
    expect(Number(push.headers.ttl)).toBeGreaterThan(3_600);
    expect(push.headers["topic"]).toMatch(/^[\w-]{32}$/);
    const { publicKey, claims } = readVapid(push);
    expect(publicKey).toBe((await owner.getPushKey()).publicKey);
    expect(claims).toMatchObject({ aud: service.origin, sub: SUBJECT });
    expect(() => createTestBrowser(service.origin).read(push)).toThrow("unable to authenticate");
    expect(JSON.stringify(push.headers) + push.body.toString("latin1")).not.toMatch(/secret-plan|write_file/);
  });

  test("holds the title and one line where the subscription asked for it", async () => {
    const server = await start();
    const { browser } = await pair(server, { content: true });
    await ask(clientOf(server));
    const { message } = await takeAsked(browser);
    expect(message.content).toEqual({
      title: expect.stringContaining("asks to call write_file"),
      line: "write_file",
    });
  });

  test("is sent for a question and has no actions; a device that only looks has none either", async () => {
    const server = await start();
    const owner = clientOf(server);
    const { browser } = await pair(server, { scope: "read" });
    await ask(owner);
    expect((await takeAsked(browser)).message).toMatchObject({ kind: "approval", actions: null });
    models.setScript(({ toolTurns }) =>
      toolTurns > 0 ? "Done." : { toolCalls: [{ name: "ask_person", arguments: { question: "Which?" } }] },
    );
    await owner.startRun({ body: { text: "Ask me" } });
    expect((await takeAsked(browser)).message).toMatchObject({ kind: "question", actions: null, badge: 2 });
  });

  test("may only be opened where the settings say so", async () => {
    const server = await start(`{ subject: "${SUBJECT}", actions: none, allowHosts: ["${service.host}"] }`);
    const { browser } = await pair(server);
    await ask(clientOf(server));
    expect((await takeAsked(browser)).message.actions).toBeNull();
  });

  test("tells the other browsers that an entry was decided, with what is left", async () => {
    const server = await start();
    const { browser, client } = await pair(server);
    await ask(clientOf(server));
    const { message } = await takeAsked(browser);
    await client.decideInboxEntry({ params: { entryId: message.entryId }, body: { decision: "deny" } });
    expect(browser.read(await service.take())).toEqual({ type: "closed", entryId: message.entryId, badge: 0 });
  });

  test("of one entry goes to a browser once, also after a restart", async () => {
    const server = await start();
    const { browser } = await pair(server);
    await ask(clientOf(server));
    await takeAsked(browser);
    await server.stop();
    const again = await start();
    const { browser: other } = await pair(again, { name: "Tablet" });
    await ask(clientOf(again), "other.txt");
    const [first, second] = [await service.take(), await service.take()];
    expect([first.path, second.path].toSorted()).toEqual([browser.path, other.path].toSorted());
    const mine = [first, second].find((push) => push.path === browser.path)!;
    expect(browser.read(mine)).toMatchObject({ type: "asked", badge: 2 });
    expect(service.received).toHaveLength(3);
  });
});

describe("a push service", () => {
  test("that says 410 loses its subscription", async () => {
    const server = await start();
    await pair(server);
    service.setAnswer(() => ({ status: 410 }));
    await ask(clientOf(server));
    await service.take();
    await expect.poll(async () => (await clientOf(server).listPushSubscriptions()).subscriptions).toEqual([]);
  });

  test("that is busy is asked again when it says, and hears the same message", async () => {
    const server = await start();
    const { browser } = await pair(server);
    service.setAnswer(() =>
      service.received.length === 1 ? { status: 429, headers: { "retry-after": "1" } } : { status: 201 },
    );
    await ask(clientOf(server));
    const first = await takeAsked(browser);
    expect((await takeAsked(browser)).message).toEqual(first.message);
  });

  test("that refuses is told of, and is not asked again", async () => {
    const server = await start();
    const { client } = await pair(server);
    service.setAnswer(() => ({ status: 403, body: "the key is another one\r\n" }));
    await ask(clientOf(server));
    await service.take();
    const errors = async () => (await client.listPushSubscriptions()).subscriptions.map((one) => one.lastError);
    await expect.poll(errors).toEqual(["The push service answered 403: the key is another one"]);
    expect(service.received).toHaveLength(1);
  });
});

describe("a notification's token", () => {
  test("approves exactly what was asked, once, as the device", async () => {
    const server = await start();
    const owner = clientOf(server);
    const { browser } = await pair(server, { name: "Ana’s phone" });
    const runId = await ask(owner);
    const { message } = await takeAsked(browser);
    expect(await decide(server, message.actions!.approve)).toEqual({
      status: 200,
      body: JSON.stringify({ entryId: message.entryId, status: "approved" }),
    });
    await expect.poll(() => statusOf(owner, runId)).toBe("completed");
    expect(await readFile(join(workspace, "secret-plan.txt"), "utf8")).toBe("the plan\n");
    const entry = await owner.getInboxEntry({ params: { entryId: message.entryId } });
    expect(entry).toMatchObject({ status: "approved", decidedBy: "owner", decidedDevice: "Ana’s phone" });
    for (const token of Object.values(message.actions!)) {
      const refused = await decide(server, token);
      expect(refused.status).toBe(409);
      expect(refused.body).toContain("already approved by owner, on Ana’s phone");
      expect(refused.body).not.toContain("secret-plan");
    }
    expect((await owner.listPolicyRules()).rules.filter((rule) => rule.origin === "approval")).toEqual([]);
  });

  test("denies by the other one", async () => {
    const server = await start();
    const owner = clientOf(server);
    const { browser } = await pair(server);
    const runId = await ask(owner);
    const { message } = await takeAsked(browser);
    expect((await decide(server, message.actions!.deny)).status).toBe(200);
    await expect.poll(() => statusOf(owner, runId)).toBe("completed");
    expect(await readdir(workspace)).not.toContain("secret-plan.txt");
  });

  test("does not hold for an action that was changed since, and says so without naming it", async () => {
    const server = await start();
    const owner = clientOf(server);
    const { browser } = await pair(server);
    await ask(owner);
    const { message } = await takeAsked(browser);
    const { entryId } = message;
    await owner.editInboxEntry({
      params: { entryId },
      body: { arguments: { path: "elsewhere.txt", content: "more\n" } },
    });
    const refused = await decide(server, message.actions!.approve);
    expect(refused.status).toBe(409);
    expect(refused.body).toContain("What is asked has changed");
    expect(refused.body).not.toMatch(/elsewhere|secret-plan/);
    expect(await owner.getInboxEntry({ params: { entryId } })).toMatchObject({ status: "pending" });
  });

  test("ends with its device, and any other is nobody's", async () => {
    const server = await start();
    const owner = clientOf(server);
    const { browser, device } = await pair(server);
    await ask(owner);
    const { message } = await takeAsked(browser);
    await owner.revokeDevice({ params: { device: device.id } });
    for (const token of [message.actions!.approve, "x".repeat(43), "short"]) {
      expect((await decide(server, token)).status).toBe(401);
    }
    expect(await owner.getInboxEntry({ params: { entryId: message.entryId } })).toMatchObject({ status: "pending" });
  });

  test("decides once where it is sent many times at once", async () => {
    const server = await start();
    const { browser } = await pair(server);
    await ask(clientOf(server));
    const { approve, deny } = (await takeAsked(browser)).message.actions!;
    const answers = await Promise.all([approve, deny, approve, deny, approve].map((token) => decide(server, token)));
    expect(answers.map(({ status }) => String(status)).toSorted()).toEqual(["200", "409", "409", "409", "409"]);
  });

  test("is guessed at only so often", async () => {
    const server = await start();
    const statuses = [];
    for (let guess = 0; guess < 31; guess += 1)
      statuses.push((await decide(server, String(guess).padEnd(43, "x"))).status);
    expect(statuses.slice(0, 30).every((status) => status === 401)).toBe(true);
    expect(statuses[30]).toBe(429);
  });

  test("is in the database as a hash alone", async () => {
    const server = await start();
    const { browser } = await pair(server);
    await ask(clientOf(server));
    const { approve } = (await takeAsked(browser)).message.actions!;
    const { rows } = await database.query("SELECT t::text AS text FROM push_tokens t");
    expect(rows).toHaveLength(2);
    expect(rows.map((row) => row.text).join()).not.toContain(approve);
  });
});

describe("a subscription", () => {
  test.each([
    ["http://push.example.eu/x", "does not begin with https:"],
    ["https://127.0.0.1/x", "not on the public internet"],
    ["https://10.1.2.3/x", "not on the public internet"],
    ["https://[::1]/x", "not on the public internet"],
    ["https://[fd00::1]:8443/x", "not on the public internet"],
    ["https://localhost/x", "not on the public internet"],
    ["https://printer.local/x", "not on the public internet"],
    ["https://router/x", "not on the public internet"],
    ["https://ana:pw@push.example.eu/x", "a user name or a password"],
    ["mailto:ana@example.eu", "does not begin with https:"],
    ["no address", "is no address"],
  ])("to %s is refused", async (endpoint, why) => {
    const server = await start();
    const { subscription } = createTestBrowser(service.origin);
    const adding = clientOf(server).addPushSubscription({ body: { ...subscription, endpoint } });
    await expect(adding).rejects.toMatchObject({ code: "invalid", message: expect.stringContaining(why) });
  });

  test("whose name leads to this machine is not asked, and that is told", async () => {
    const server = await start();
    const { client } = await pair(server);
    const port = service.host.split(":")[1];
    // Names that are looked up pass when they are added: where they lead is known at the connection.
    await database.query("UPDATE push_subscriptions SET endpoint = $1", [`https://localhost:${port}/push/x`]);
    const { results } = await client.testPush();
    expect(results).toMatchObject([
      { status: "failed", message: expect.stringContaining("not on the public internet") },
    ]);
    expect(service.received).toEqual([]);
  });

  test("with a key that is no point of the curve is refused", async () => {
    const { subscription } = createTestBrowser(service.origin);
    const keys = { ...subscription.keys, p256dh: Buffer.alloc(65, 4).toString("base64url") };
    const adding = clientOf(await start()).addPushSubscription({ body: { ...subscription, keys } });
    await expect(adding).rejects.toMatchObject({ code: "invalid" });
  });

  test("is seen and removed by its device and by the owner, and tells nobody its address", async () => {
    const server = await start();
    const owner = clientOf(server);
    const [one, other] = [await pair(server, { name: "One" }), await pair(server, { name: "Other" })];
    const seen = async (client: BureauClient) =>
      (await client.listPushSubscriptions()).subscriptions.map(({ name, own }) => ({ name, own }));
    expect(await seen(one.client)).toEqual([{ name: "One", own: true }]);
    expect(await seen(owner)).toEqual([
      { name: "One", own: false },
      { name: "Other", own: false },
    ]);
    expect(JSON.stringify(await owner.listPushSubscriptions())).not.toContain(one.browser.path);
    const removing = one.client.removePushSubscription({ params: { subscriptionId: other.subscription.id } });
    await expect(removing).rejects.toMatchObject({ code: "not_found" });
    await one.client.removePushSubscription({ params: { subscriptionId: one.subscription.id } });
    expect(await seen(owner)).toEqual([{ name: "Other", own: false }]);
  });

  test("of the same browser again is the same one, and a device has ten at most", async () => {
    const server = await start();
    const { client, browser, subscription } = await pair(server);
    const again = await client.addPushSubscription({ body: { ...browser.subscription, content: true } });
    expect(again).toMatchObject({ id: subscription.id, content: true });
    for (let count = 0; count < 11; count += 1) {
      await client.addPushSubscription({ body: createTestBrowser(service.origin).subscription });
    }
    expect((await client.listPushSubscriptions()).subscriptions).toHaveLength(10);
  });

  test("ends with the session that asked for it", async () => {
    const server = await start();
    const signIn = await fetch(`${server.url}/api/session`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token: server.token }),
    });
    const cookie = signIn.headers.get("set-cookie")!.split(";")[0]!;
    const session = createClient({
      baseUrl: server.url,
      fetch: (url, init) => {
        const headers = new Headers(init?.headers);
        headers.set("cookie", cookie);
        headers.set("origin", server.url);
        return fetch(url, { ...init, headers });
      },
    });
    const browser = createTestBrowser(service.origin);
    const added = await session.addPushSubscription({ body: browser.subscription });
    expect(added).toMatchObject({ name: "owner", own: true, deviceId: null });
    await ask(clientOf(server));
    const { message } = await takeAsked(browser);
    expect(message.actions).not.toBeNull();
    await clientOf(server).closeSessions();
    expect((await clientOf(server).listPushSubscriptions()).subscriptions).toEqual([]);
    expect((await decide(server, message.actions!.approve)).status).toBe(401);
  });

  test("is tested, and what the push service answered is told", async () => {
    const server = await start();
    const { client, browser, subscription } = await pair(server);
    expect(await client.testPush({ body: {} })).toMatchObject({
      results: [{ subscriptionId: subscription.id, name: "Phone", status: "sent" }],
    });
    expect(browser.read(await service.take())).toEqual({ type: "test", badge: 0 });
    service.setAnswer(() => ({ status: 404 }));
    expect(await client.testPush()).toMatchObject({ results: [{ status: "gone" }] });
    expect((await client.listPushSubscriptions()).subscriptions).toEqual([]);
  });
});

describe("the key", () => {
  test("is made once and lies in the vault alone", async () => {
    const server = await start();
    const { publicKey } = await clientOf(server).getPushKey();
    expect(Buffer.from(publicKey, "base64url")).toHaveLength(65);
    await server.stop();
    const again = await start();
    expect(await clientOf(again).getPushKey()).toEqual({ publicKey });
    const { secrets } = await clientOf(again).listSecrets();
    expect(secrets.map(({ name }) => name)).toEqual(["PUSH_VAPID_PRIVATE_KEY"]);
    expect(await clientOf(again).getPush()).toMatchObject({ publicKey, problem: null, subject: SUBJECT });
  });

  test("cannot be had without an address for push services, or from a vault that cannot be opened", async () => {
    const without = await start("{}");
    await expect(clientOf(without).getPushKey()).rejects.toMatchObject({
      code: "conflict",
      hint: expect.stringContaining("bureau.yaml"),
    });
    await without.stop();
    const first = await start();
    await clientOf(first).getPushKey();
    await first.stop();
    await rm(join(workspace, ".bureau", "vault", "key"));
    const { problem, publicKey } = await clientOf(await start()).getPush();
    expect(publicKey).toBeNull();
    expect(problem?.message).toContain("the vault cannot be opened");
  });
});
