import { createAccess, systemClock } from "@bureau/engine";
import { api, covers, createClient, type Endpoint, OWNER_ID, type Scope, scopeOf } from "@bureau/protocol";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { testDatabase, type TestDatabase } from "../../engine/src/testing/test-database.ts";
import { BASE_URL, jsonBody, testApp, TOKEN } from "./testing/test-app.ts";

const DAY_MS = 24 * 60 * 60_000;
const ORIGIN = { origin: BASE_URL, host: "localhost:4747" };
const BY_OWNER = { by: "owner", asker: OWNER_ID, of: null };
const PROXY = "10.0.0.1";
const OVER_TLS = { "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9", host: "localhost:4747" };

let database: TestDatabase;
let now = 0;
const clock = { ...systemClock, now: () => now };

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  now = Date.parse("2026-03-01T12:00:00.000Z");
  await database.query("DELETE FROM devices");
  await database.query("DELETE FROM sessions");
});

/** A server of its own over the one database, as another process would be. */
function start(part: Parameters<typeof testApp>[0] = {}) {
  return testApp({ clock, access: createAccess({ database, clock }), ...part });
}

type App = ReturnType<typeof start>;

async function addDevice(app: App, body: { name?: string; scope?: Scope; expiresInSeconds?: number } = {}) {
  return await app.client.addDevice({ body: { name: "Phone", ...body } });
}

function withToken(app: App, token: string) {
  return async (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${token}`);
    return app.app.request(`${BASE_URL}${path}`, { ...init, headers });
  };
}

async function signIn(app: App, token = TOKEN) {
  const response = await app.app.request(`${BASE_URL}/api/session`, jsonBody({ token }));
  const header = response.headers.get("set-cookie") ?? "";
  return { status: response.status, header, cookie: header.split(";")[0] ?? "" };
}

async function statusWith(app: App, headers: Record<string, string>): Promise<number> {
  return (await app.app.request(`${BASE_URL}/api/status`, { headers })).status;
}

async function csrfOf(app: App, cookie: string): Promise<string> {
  const response = await app.app.request(`${BASE_URL}/api/session`, { headers: { cookie } });
  return ((await response.json()) as { csrf: string }).csrf;
}

describe("a device", () => {
  test("asks under its own name, until its token is revoked by any process", async () => {
    const app = start();
    const { device, token } = await addDevice(app, { name: "Ana’s phone" });
    const ask = withToken(app, token);
    expect(await (await ask("/api/session")).json()).toEqual({
      name: "Ana’s phone",
      person: { id: OWNER_ID, name: "owner", role: "owner" },
      deviceId: device.id,
      scope: "full",
      csrf: null,
      expiresAt: null,
    });
    await createAccess({ database, clock }).revokeDevice(device.id, BY_OWNER);
    expect((await ask("/api/status")).status).toBe(401);
    const { devices } = await app.client.listDevices({ query: { status: ["revoked"] } });
    expect(devices).toMatchObject([{ id: device.id, status: "revoked" }]);
  });

  test("is told its token once, and only a hash is kept", async () => {
    const app = start();
    const { token } = await addDevice(app);
    expect(token).toMatch(/^bureau_[A-Za-z0-9_-]{43}$/);
    const { rows } = await database.query("SELECT d::text AS text FROM devices d");
    expect(rows).toHaveLength(1);
    expect(rows[0].text).not.toContain(token);
    expect(rows[0].text).not.toContain(token.slice("bureau_".length));
    expect(JSON.stringify(await app.client.listDevices())).not.toContain(rows[0].text.split(",")[2]);
  });

  test("cannot look like the owner or like another device", async () => {
    const app = start();
    await addDevice(app);
    for (const name of ["owner", "Owner", "rule", "a\u202eb", "rule:x", " Phone", "", "x".repeat(61)]) {
      await expect(addDevice(app, { name })).rejects.toMatchObject({ code: "invalid" });
    }
    await expect(addDevice(app, { name: "PHONE" })).rejects.toMatchObject({ code: "conflict" });
  });

  test("is forgotten by the API when its time is over", async () => {
    const app = start();
    const { token } = await addDevice(app, { expiresInSeconds: 3600 });
    expect((await withToken(app, token)("/api/status")).status).toBe(200);
    now += 3600_000;
    expect((await withToken(app, token)("/api/status")).status).toBe(401);
    expect((await app.client.listDevices()).devices).toEqual([]);
    expect((await app.client.listDevices({ query: { status: ["expired"] } })).devices).toHaveLength(1);
  });

  test("is noted as seen at most once a minute", async () => {
    const app = start();
    const { token } = await addDevice(app);
    const seen = async () => {
      await withToken(app, token)("/api/status");
      return (await app.client.listDevices()).devices[0]?.lastSeenAt;
    };
    const first = new Date(now).toISOString();
    expect(await seen()).toBe(first);
    now += 59_000;
    expect(await seen()).toBe(first);
    now += 1_000;
    expect(await seen()).toBe(new Date(now).toISOString());
  });

  test("decides under its name", async () => {
    const app = start();
    const { token } = await addDevice(app, { scope: "inbox" });
    await withToken(app, token)("/api/inbox/appr_1/decision", jsonBody({ decision: "approve" }));
    expect(app.engine.calls.at(-1)).toMatchObject({
      name: "decideInboxEntry",
      input: ["appr_1", { decision: "approve" }],
    });
    expect(JSON.stringify(app.engine.calls.at(-1))).toContain("Phone");
  });

  test("revokes itself whatever its scope, and no other", async () => {
    const app = start();
    const own = await addDevice(app, { scope: "read" });
    const other = await addDevice(app, { name: "Other", scope: "read" });
    const ask = withToken(app, own.token);
    expect((await ask(`/api/devices/${other.device.id}`, { method: "DELETE" })).status).toBe(403);
    expect((await ask("/api/devices/Phone", { method: "DELETE" })).status).toBe(403);
    expect((await ask(`/api/devices/${own.device.id}`, { method: "DELETE" })).status).toBe(200);
    expect((await ask("/api/status")).status).toBe(401);
  });

  test("loses its event streams within a second of being revoked elsewhere", { retry: 2 }, async () => {
    const app = start();
    const { device, token } = await addDevice(app);
    const response = await withToken(app, token)("/api/events");
    const reader = response.body!.getReader();
    await reader.read();
    const ended = (async () => {
      while (!(await reader.read()).done);
    })();
    const began = performance.now();
    await createAccess({ database, clock }).revokeDevice(device.id, BY_OWNER);
    await ended;
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(app.engine.listenerCount()).toBe(0);
  });

  test("has at most 32 event streams, and room again when one is closed", async () => {
    const app = start();
    const ask = withToken(app, (await addDevice(app)).token);
    const open = await Promise.all(Array.from({ length: 32 }, () => ask("/api/events")));
    const refused = await ask("/api/events");
    expect([refused.status, Number(refused.headers.get("retry-after")) > 0]).toEqual([429, true]);
    await open[0]?.body?.cancel();
    const again = await ask("/api/events");
    expect(again.status).toBe(200);
    await Promise.all([...open.slice(1), again].map(async (response) => response.body?.cancel()));
  });
});

describe("a scope", () => {
  const endpoints = Object.entries<Endpoint>(api).filter(([, endpoint]) => endpoint.open !== true);

  test("below full writes nothing but decisions, answers, replies, its own end and its own notifications", () => {
    const writes = endpoints.filter(([, endpoint]) => endpoint.method !== "GET" && scopeOf(endpoint) !== "full");
    expect(writes.length).toBeGreaterThan(4);
    for (const [name, endpoint] of writes) {
      expect([name, endpoint.group]).toEqual([
        name,
        expect.stringMatching(/^(inbox|approvals|questions|session|push)$/),
      ]);
    }
  });

  test.each(["read", "inbox", "full"] as const)(
    "%s reaches exactly the endpoints that the table gives it",
    async (scope) => {
      const app = start();
      const { token } = await createAccess({ database, clock }).addDevice({
        name: "Phone",
        scope,
        personId: OWNER_ID,
        by: "owner",
      });
      for (const [name, endpoint] of endpoints) {
        if (name === "closeSessions") continue;
        // There are more endpoints than a device may ask at once.
        now += 1_000;
        const before = app.engine.calls.length;
        const path = endpoint.path.replace(/:[A-Za-z]+/g, "x");
        const response = await withToken(app, token)(path, { method: endpoint.method });
        await response.body?.cancel();
        const refused = response.status === 403;
        expect([name, refused]).toEqual([name, !covers(scope, scopeOf(endpoint))]);
        const asked = app.engine.calls.slice(before).filter((call) => call.name !== "callerOfToken");
        if (refused) expect([name, asked]).toEqual([name, []]);
      }
    },
  );

  test("full is needed to see devices and to make them", async () => {
    const app = start();
    const { token } = await addDevice(app, { scope: "inbox" });
    const ask = withToken(app, token);
    expect((await ask("/api/devices")).status).toBe(403);
    expect((await ask("/api/devices", jsonBody({ name: "More" }))).status).toBe(403);
  });
});

describe("a session", () => {
  test("is given for the token and stands in for it, known by a hash alone", async () => {
    const app = start();
    const { status, header, cookie } = await signIn(app);
    expect(status).toBe(204);
    expect(header).toMatch(/HttpOnly/);
    expect(header).toMatch(/SameSite=Strict/);
    expect(header).not.toMatch(/Secure/);
    expect(header).not.toContain(TOKEN);
    expect(await statusWith(app, { cookie })).toBe(200);
    const { rows } = await database.query("SELECT s::text AS text FROM sessions s");
    expect(rows[0].text).not.toContain(cookie.split("=")[1]);
    expect(rows[0].text).not.toContain(TOKEN);
  });

  test("is not given for another token, nor for a revoked one", async () => {
    const app = start();
    const { device, token } = await addDevice(app);
    await app.client.revokeDevice({ params: { device: device.id } });
    expect(await signIn(app, "wrong")).toMatchObject({ status: 401, header: "" });
    expect(await signIn(app, token)).toMatchObject({ status: 401, header: "" });
  });

  test("outlives a restart, and ends with the owner's token", async () => {
    const { cookie } = await signIn(start());
    expect(await statusWith(start(), { cookie })).toBe(200);
    const [, secret] = cookie.split("=");
    const other = start({ token: "another-token" });
    const name = (await signIn(other, "another-token")).cookie.split("=")[0];
    expect(await statusWith(other, { cookie: `${name}=${secret}` })).toBe(401);
  });

  test("ends after thirty days, or seven without use", async () => {
    const app = start();
    const idle = await signIn(app);
    const used = await signIn(app);
    for (let day = 1; day < 30; day += 1) {
      now += DAY_MS;
      expect(await statusWith(app, { cookie: used.cookie })).toBe(200);
      if (day === 7) expect(await statusWith(app, { cookie: idle.cookie })).toBe(401);
    }
    now += DAY_MS;
    expect(await statusWith(app, { cookie: used.cookie })).toBe(401);
  });

  test("is over once signed out: the cookie opens nothing any more", async () => {
    const app = start();
    const { cookie } = await signIn(app);
    const csrf = await csrfOf(app, cookie);
    const headers = { cookie, ...ORIGIN, "x-bureau-csrf": csrf };
    const response = await app.app.request(`${BASE_URL}/api/session`, { method: "DELETE", headers });
    expect(response.status).toBe(204);
    expect(response.headers.get("set-cookie")).toMatch(/Max-Age=0/);
    expect(await statusWith(app, { cookie })).toBe(401);
  });

  test("of every browser ends at once when that is asked for, tokens stay", async () => {
    const app = start();
    const { token } = await addDevice(app);
    const cookies = [(await signIn(app)).cookie, (await signIn(app, token)).cookie];
    expect(await app.client.closeSessions()).toEqual({ closed: 2 });
    for (const cookie of cookies) expect(await statusWith(app, { cookie })).toBe(401);
    expect((await withToken(app, token)("/api/status")).status).toBe(200);
  });

  test("of a device has the device's name and scope, and ends with it", async () => {
    const app = start();
    const { device, token } = await addDevice(app, { scope: "read" });
    const { cookie } = await signIn(app, token);
    const session = await app.app.request(`${BASE_URL}/api/session`, { headers: { cookie } });
    expect(await session.json()).toMatchObject({ name: "Phone", scope: "read" });
    await app.client.revokeDevice({ params: { device: device.id } });
    expect(await statusWith(app, { cookie })).toBe(401);
  });

  test("makes room when there are too many", async () => {
    const app = start();
    const { cookie } = await signIn(app);
    for (let i = 0; i < 50; i += 1) {
      now += 13_000;
      await createAccess({ database, clock }).openSession({ ownerKey: "key" });
    }
    expect(await statusWith(app, { cookie })).toBe(401);
    expect((await database.query("SELECT count(*)::int AS count FROM sessions")).rows[0].count).toBe(50);
  });

  test("over TLS has a cookie that only TLS carries, and takes no other", async () => {
    const app = start({ trustedProxies: [PROXY] });
    const plain = await signIn(app);
    const response = await app.requestFrom(PROXY, "/api/session", jsonBody({ token: TOKEN }, "POST", OVER_TLS));
    const header = response.headers.get("set-cookie") ?? "";
    expect(header).toMatch(/^__Host-bureau_/);
    expect(header).toMatch(/Secure/);
    const ask = async (cookie: string) =>
      (await app.requestFrom(PROXY, "/api/status", { headers: { ...OVER_TLS, cookie } })).status;
    expect(await ask(header.split(";")[0] ?? "")).toBe(200);
    expect(await ask(plain.cookie)).toBe(401);
  });

  test("takes nobody's word on TLS but that of a proxy that is trusted", async () => {
    const app = start({ trustedProxies: ["10.0.0.2"] });
    const response = await app.requestFrom(PROXY, "/api/session", jsonBody({ token: TOKEN }, "POST", OVER_TLS));
    expect(response.headers.get("set-cookie")).not.toMatch(/Secure/);
  });
});

describe("a change that a browser asks for", () => {
  async function write(app: App, headers: Record<string, string>) {
    const response = await app.app.request(`${BASE_URL}/api/goals`, jsonBody({ text: "Report" }, "POST", headers));
    return response.status;
  }

  test("needs our origin and the session's own proof", async () => {
    const app = start();
    const { cookie } = await signIn(app);
    const csrf = { "x-bureau-csrf": await csrfOf(app, cookie) };
    const other = await csrfOf(app, (await signIn(app)).cookie);
    expect(await write(app, { cookie, ...ORIGIN, ...csrf })).toBe(200);
    expect(await write(app, { cookie, ...ORIGIN })).toBe(403);
    expect(await write(app, { cookie, ...csrf })).toBe(403);
    expect(await write(app, { cookie, ...ORIGIN, "x-bureau-csrf": other })).toBe(403);
    expect(await write(app, { cookie, ...csrf, origin: "http://evil.example", host: "localhost:4747" })).toBe(403);
    expect(app.engine.calls.filter(({ name }) => name === "createGoal")).toHaveLength(1);
  });

  test("needs neither with a token, which no browser sends by itself", async () => {
    expect(await write(start(), { authorization: `Bearer ${TOKEN}` })).toBe(200);
  });

  test("is proven by the typed client by itself, also after another sign-in", async () => {
    const app = start();
    const browser = { cookie: (await signIn(app)).cookie, asked: [] as string[] };
    const client = createClient({
      baseUrl: BASE_URL,
      fetch: async (url, init) => {
        const headers = new Headers(init?.headers);
        headers.set("cookie", browser.cookie);
        if (init?.method !== "GET") headers.set("origin", BASE_URL);
        headers.set("host", "localhost:4747");
        browser.asked.push(`${init?.method} ${new URL(url as string).pathname}`);
        return app.app.request(url as string, { ...init, headers });
      },
    });
    await client.createGoal({ body: { text: "One" } });
    await client.createGoal({ body: { text: "Two" } });
    expect(browser.asked).toEqual(["GET /api/session", "POST /api/goals", "POST /api/goals"]);
    browser.cookie = (await signIn(app)).cookie;
    await client.createGoal({ body: { text: "Three" } });
    expect(app.engine.calls.filter(({ name }) => name === "createGoal")).toHaveLength(3);
  });
});

describe("wrong secrets", () => {
  const tryToken = (app: App, address: string, token: string) =>
    app.requestFrom(address, "/api/session", jsonBody({ token }));

  test("end sign-in from an address after five, also for the right one, until a minute has passed", async () => {
    const app = start();
    for (let i = 0; i < 5; i += 1) expect((await tryToken(app, "203.0.113.1", `no-${i}`)).status).toBe(401);
    const refused = await tryToken(app, "203.0.113.1", TOKEN);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("12");
    expect(await refused.json()).toMatchObject({ error: { code: "limit_reached" } });
    expect((await tryToken(app, "203.0.113.2", TOKEN)).status).toBe(204);
    now += 60_000;
    expect((await tryToken(app, "203.0.113.1", TOKEN)).status).toBe(204);
  });

  test("from many addresses end sign-in for all but this machine", async () => {
    const app = start();
    for (let i = 0; i < 30; i += 1) await tryToken(app, `203.0.113.${i}`, "no");
    expect((await tryToken(app, "203.0.113.200", TOKEN)).status).toBe(429);
    expect((await tryToken(app, "127.0.0.1", TOKEN)).status).toBe(204);
  });

  test("as a token are counted, and then not even looked at", async () => {
    const app = start();
    const { token } = await addDevice(app);
    const ask = (authorization: string) =>
      app.requestFrom("203.0.113.1", "/api/status", { headers: { authorization } });
    expect((await ask(`Bearer ${token}`)).status).toBe(200);
    const statuses = new Set<number>();
    for (let i = 0; i < 60; i += 1) statuses.add((await ask(`Bearer bureau_${String(i).padStart(43, "x")}`)).status);
    expect([...statuses]).toEqual([401]);
    const looks = () => app.engine.calls.filter(({ name }) => name === "callerOfToken").length;
    const before = looks();
    expect((await ask(`Bearer bureau_${"y".repeat(43)}`)).status).toBe(429);
    expect((await ask(`Bearer ${TOKEN}`)).status).toBe(429);
    expect(looks()).toBe(before);
    // Who shares the address and was here before is not kept out.
    expect((await ask(`Bearer ${token}`)).status).toBe(200);
  });

  test("of a program on this machine do not keep the owner's programs out", async () => {
    const app = start();
    const ask = (authorization: string) => app.requestFrom("127.0.0.1", "/api/status", { headers: { authorization } });
    for (let i = 0; i < 600; i += 1) await ask("Bearer wrong");
    expect((await ask("Bearer wrong")).status).toBe(429);
    expect((await ask(`Bearer ${TOKEN}`)).status).toBe(200);
  });
});

describe("too many requests", () => {
  test("by a device are refused with the time to wait, and others go on", async () => {
    const app = start();
    const [one, other] = [await addDevice(app), await addDevice(app, { name: "Other" })];
    const ask = withToken(app, one.token);
    for (let i = 0; i < 100; i += 1) expect((await ask("/api/status")).status).toBe(200);
    const refused = await ask("/api/status");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
    expect((await withToken(app, other.token)("/api/status")).status).toBe(200);
    now += 1_000;
    expect((await ask("/api/status")).status).toBe(200);
  });

  test("are not what the owner's programs make", async () => {
    const app = start();
    for (let i = 0; i < 3_000; i += 1) {
      const response = await app.requestFrom("127.0.0.1", "/api/session", {
        headers: { authorization: `Bearer ${TOKEN}` },
      });
      if (response.status !== 200) throw new Error(`Request ${i} was answered by ${response.status}.`);
    }
    expect(app.engine.calls).toEqual([]);
  });

  test("without a token are refused after sixty", async () => {
    const app = start();
    for (let i = 0; i < 60; i += 1) await app.requestFrom("203.0.113.1", "/api/openapi.json");
    expect((await app.requestFrom("203.0.113.1", "/api/openapi.json")).status).toBe(429);
    expect((await app.requestFrom("203.0.113.1", "/healthz")).status).toBe(200);
  });
});
