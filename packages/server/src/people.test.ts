import { type AccessApi, createAccess, systemClock } from "@bureau/engine";
import { createClient, OWNER_ID, type Person } from "@bureau/protocol";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { crashingDatabase } from "../../engine/src/testing/crash-points.ts";
import { aGoal, anAgent, anEntry, aThread } from "../../engine/src/testing/factories.ts";
import { testDatabase, type TestDatabase } from "../../engine/src/testing/test-database.ts";
import { BASE_URL, jsonBody, testApp } from "./testing/test-app.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const ORIGIN = { origin: BASE_URL, host: "localhost:4747" };

let database: TestDatabase;
let now = 0;
const clock = { ...systemClock, now: () => now };

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  now = Date.parse("2026-03-01T12:00:00.000Z");
  for (const table of ["invitations", "pairings", "sessions", "devices", "inbox", "events"])
    await database.query(`DELETE FROM ${table}`);
  await database.query("DELETE FROM people WHERE role <> 'owner'");
});

const access = (): AccessApi => createAccess({ database, clock });
const start = (part: Parameters<typeof testApp>[0] = {}) => testApp({ clock, access: access(), ...part });
type App = ReturnType<typeof start>;

async function post(app: App, path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await app.app.request(`${BASE_URL}${path}`, jsonBody(body, "POST", headers));
  const cookie = (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  return { status: response.status, cookie, body: (await response.json()) as Record<string, never> };
}

const ask = async (app: App, path: string, headers: Record<string, string>, method = "GET") =>
  (await app.app.request(`${BASE_URL}${path}`, { method, headers })).status;

/** Somebody of the workspace with a device, and a client that asks by its token. */
async function join(app: App, name: string, role: "member" | "guest", more: { goals?: string[] } = {}) {
  const { secret } = await app.client.invite({ body: { name, role, ...more } });
  const { person } = await access().acceptInvitation({ secret });
  const { token } = await access().addDevice({ name: "Laptop", scope: "full", personId: person.id, by: name });
  const client = createClient({
    baseUrl: BASE_URL,
    token,
    fetch: async (url, init) => app.app.request(url as string, init),
  });
  return { person, token, client, headers: { authorization: `Bearer ${token}` } };
}

describe("the owner", () => {
  test("is there from the start, alone, and cannot be removed", async () => {
    const app = start();
    expect((await app.client.listPeople()).people).toMatchObject([{ id: OWNER_ID, name: "owner", role: "owner" }]);
    await expect(app.client.removePerson({ params: { person: "owner" } })).rejects.toMatchObject({ code: "conflict" });
    await expect(
      database.query(
        "INSERT INTO people (id, name, role, created_by, created_at) VALUES ('p', 'x', 'owner', 'x', now())",
      ),
    ).rejects.toThrow(/people_one_owner/);
  });

  test("has the devices of before there were people", async () => {
    const app = start();
    await app.client.addDevice({ body: { name: "Phone" } });
    expect((await app.client.listDevices()).devices).toMatchObject([{ personId: OWNER_ID, person: "owner" }]);
  });
});

describe("an invitation", () => {
  test("makes a person with a device and a session, once, and its secret is kept as a hash alone", async () => {
    const app = start();
    const made = await app.client.invite({ body: { name: "Ana López", role: "member" } });
    expect(made.link).toMatch(new RegExp(`/join#${made.secret}$`));
    const { rows } = await database.query("SELECT i::text AS text FROM invitations i");
    expect(rows[0].text).not.toContain(made.secret);
    const accepted = await post(app, "/api/invitations/accept", { secret: made.secret, device: "Phone" });
    expect(accepted).toMatchObject({
      status: 200,
      body: { person: { name: "Ana López", role: "member" }, device: { name: "Phone", person: "Ana López" } },
    });
    expect(JSON.stringify(accepted.body)).not.toContain(accepted.cookie.split("=")[1]);
    expect(await ask(app, "/api/status", { cookie: accepted.cookie })).toBe(200);
    expect(await post(app, "/api/invitations/accept", { secret: made.secret })).toMatchObject({ status: 401 });
    expect((await app.client.listInvitations({ query: { status: ["accepted"] } })).invitations).toHaveLength(1);
    const events = await database.query("SELECT type FROM events");
    expect(events.rows).toEqual([{ type: "person.added" }]);
  });

  test("holds for seven days or as long as is said, and until it is revoked", async () => {
    const app = start();
    const [one, short, gone] = [
      await app.client.invite({ body: { name: "Ana", role: "member" } }),
      await app.client.invite({ body: { name: "Ben", role: "guest", expiresInSeconds: 3_600 } }),
      await app.client.invite({ body: { name: "Cleo", role: "guest" } }),
    ];
    const ended = await app.client.revokeInvitation({ params: { invitation: gone.invitation.id } });
    expect(ended).toEqual(await app.client.revokeInvitation({ params: { invitation: gone.invitation.id } }));
    expect(await post(app, "/api/invitations/accept", { secret: gone.secret })).toMatchObject({ status: 401 });
    now += 3_600_000;
    expect(await post(app, "/api/invitations/accept", { secret: short.secret })).toMatchObject({ status: 401 });
    now += 7 * DAY_MS - 3_600_000 - 1;
    expect((await app.client.listInvitations()).invitations.map(({ name }) => name)).toEqual(["Ana"]);
    now += 1;
    expect(await post(app, "/api/invitations/accept", { secret: one.secret })).toMatchObject({ status: 401 });
    expect((await app.client.listPeople()).people).toHaveLength(1);
  });

  test("that two accept at once makes one person, in whichever process", async () => {
    const app = start();
    const { secret } = await app.client.invite({ body: { name: "Ana", role: "member" } });
    const tries = await Promise.all(
      Array.from({ length: 8 }, () =>
        access()
          .acceptInvitation({ secret })
          .catch((error: Error) => error),
      ),
    );
    expect(tries.filter((one) => !(one instanceof Error))).toHaveLength(1);
    expect((await app.client.listPeople()).people).toHaveLength(2);
    expect((await app.client.listDevices()).devices).toHaveLength(1);
  });

  test("whose name is taken by then changes nothing and can be revoked", async () => {
    const app = start();
    const [one, other] = [
      await app.client.invite({ body: { name: "Ana", role: "member" } }),
      await app.client.invite({ body: { name: "ANA", role: "member" } }),
    ];
    await access().acceptInvitation({ secret: one.secret });
    expect(await post(app, "/api/invitations/accept", { secret: other.secret })).toMatchObject({ status: 409 });
    await expect(app.client.invite({ body: { name: "ana", role: "guest" } })).rejects.toMatchObject({
      code: "conflict",
    });
    expect((await app.client.listInvitations()).invitations).toHaveLength(1);
  });

  test("cannot be under a name that Bureau decides by, nor give a member less", async () => {
    const app = start();
    for (const name of ["owner", "The Runtime", "me", "Bo (by link)", "Ana, on Phone", "a\u202eb"]) {
      await expect(app.client.invite({ body: { name, role: "member" } })).rejects.toMatchObject({ code: "invalid" });
    }
    await expect(app.client.invite({ body: { name: "Bo", role: "member", goals: ["x"] } })).rejects.toMatchObject({
      code: "invalid",
    });
    await expect(app.client.invite({ body: { name: "Bo", role: "guest", goals: ["x"] } })).rejects.toMatchObject({
      code: "not_found",
    });
  });
});

describe("a process that dies", () => {
  const CASES = {
    "accepting an invitation": async () => {
      const { secret } = await access().invite({ name: "Ana", role: "member", by: "owner" });
      return (engine: AccessApi) => engine.acceptInvitation({ secret });
    },
    "redeeming a code": async () => {
      const { code } = await access().pair({ person: "owner", name: null, scope: "full", by: "owner" });
      return (engine: AccessApi) => engine.redeemPairing({ code });
    },
  };

  test.each(Object.entries(CASES))(
    "in %s leaves all of it or nothing, and nothing is used up in vain",
    async (_name, make) => {
      const counts = async () =>
        (
          await database.query(`SELECT (SELECT count(*)::int FROM people) AS people, (SELECT count(*)::int FROM devices) AS devices,
          (SELECT count(*)::int FROM sessions) AS sessions`)
        ).rows[0];
      let died = 0;
      for (const moment of ["before", "after"] as const) {
        for (let write = 1; write <= 12; write += 1) {
          await database.query("DELETE FROM pairings");
          await database.query("DELETE FROM invitations");
          await database.query("DELETE FROM sessions");
          await database.query("DELETE FROM devices");
          await database.query("DELETE FROM people WHERE role <> 'owner'");
          const before = await counts();
          const enter = await make();
          const crashing = crashingDatabase(database, { moment, write });
          const attempt = enter(createAccess({ database: crashing.database, clock }));
          await Promise.race([attempt, crashing.died]);
          if (!crashing.isDead()) continue;
          died += 1;
          // What a dead process had open is rolled back by the database; the test's has to be let go.
          const after = await counts();
          const whole = after.devices === before.devices + 1 && after.sessions === before.sessions + 1;
          expect([moment, write, whole || JSON.stringify(after) === JSON.stringify(before)]).toEqual([
            moment,
            write,
            true,
          ]);
          const again = await enter(access()).catch((error: Error) => error);
          expect(again instanceof Error).toBe(whole);
        }
      }
      expect(died).toBeGreaterThan(0);
    },
  );
});

describe("a code", () => {
  test("pairs one device with its cookie, once, within ten minutes, and stands behind the # of its link", async () => {
    const app = start();
    const made = await app.client.pair({ body: { name: "Phone", scope: "inbox", url: "https://bureau.example.com" } });
    expect(made.link).toBe(`https://bureau.example.com/pair#${made.code}`);
    expect([made.qr.svg.slice(0, 4), made.address.warning]).toEqual(["<svg", null]);
    const { rows } = await database.query("SELECT p::text AS text FROM pairings p");
    expect(rows[0].text).not.toContain(made.code);
    const paired = await post(app, "/api/pairings/redeem", { code: made.code });
    expect(paired).toMatchObject({
      status: 200,
      body: { person: { id: OWNER_ID }, device: { name: "Phone", scope: "inbox" } },
    });
    expect(await ask(app, "/api/status", { cookie: paired.cookie })).toBe(200);
    expect(await post(app, "/api/pairings/redeem", { code: made.code })).toMatchObject({ status: 401, cookie: "" });
    const late = await app.client.pair();
    now += 10 * MINUTE_MS;
    expect(await post(app, "/api/pairings/redeem", { code: late.code })).toMatchObject({ status: 401 });
    expect(await app.client.getPairing({ params: { pairing: late.pairing.id } })).toMatchObject({ status: "expired" });
    expect(await app.client.getPairing({ params: { pairing: made.pairing.id } })).toMatchObject({
      status: "redeemed",
      deviceId: (paired.body["device"] as unknown as { id: string }).id,
    });
  });

  test("that two redeem at once makes one device", async () => {
    const app = start();
    const { code } = await app.client.pair();
    const tries = await Promise.all(
      Array.from({ length: 8 }, () =>
        access()
          .redeemPairing({ code })
          .catch((error: Error) => error),
      ),
    );
    expect(tries.filter((one) => !(one instanceof Error))).toHaveLength(1);
    expect((await app.client.listDevices()).devices).toHaveLength(1);
  });

  test("can be ended before its time, and makes devices of one name distinct", async () => {
    const app = start();
    const ended = await app.client.pair();
    expect(await app.client.endPairing({ params: { pairing: ended.pairing.id } })).toMatchObject({ status: "expired" });
    expect(await post(app, "/api/pairings/redeem", { code: ended.code })).toMatchObject({ status: 401 });
    const names = [];
    for (let i = 0; i < 3; i += 1) {
      const { code } = await app.client.pair();
      names.push((await access().redeemPairing({ code, name: "Phone" })).device.name);
    }
    expect(names).toEqual(["Phone", "Phone 2", "Phone 3"]);
  });

  test("adds a device of whoever asks, and of somebody else only where the owner asks", async () => {
    const app = start();
    const [ana, bo] = [await join(app, "Ana", "member"), await join(app, "Bo", "guest")];
    const { code } = await ana.client.pair();
    expect((await access().redeemPairing({ code })).person.id).toBe(ana.person.id);
    await expect(ana.client.pair({ body: { person: "Bo" } })).rejects.toMatchObject({ code: "forbidden" });
    const forBo = await app.client.pair({ body: { person: "Bo" } });
    expect((await access().redeemPairing({ code: forBo.code })).person.id).toBe(bo.person.id);
    await expect(ana.client.getPairing({ params: { pairing: forBo.pairing.id } })).rejects.toMatchObject({
      code: "not_found",
    });
  });

  test("is guessed at no more often than a token", async () => {
    const app = start();
    const guess = (path: string, body: unknown) => app.requestFrom("203.0.113.1", path, jsonBody(body));
    for (let i = 0; i < 5; i += 1) expect((await guess("/api/pairings/redeem", { code: `no-${i}` })).status).toBe(401);
    for (const [path, body] of [
      ["/api/pairings/redeem", { code: "no" }],
      ["/api/invitations/accept", { secret: "no" }],
      ["/api/links/look", { secret: "no" }],
      ["/api/session", { token: "no" }],
    ] as const) {
      expect([path, (await guess(path, body)).status]).toEqual([path, 429]);
    }
  });
});

describe("a person", () => {
  test("who is removed is out at once in every process: devices, sessions, codes, and what was theirs to decide", async () => {
    const [app, other] = [start(), start()];
    const ana = await join(app, "Ana", "member");
    const { code } = await ana.client.pair();
    const open = await ana.client.pair();
    const { session } = await access().redeemPairing({ code });
    const entry = await anEntry(database, { kind: "question", assignee: "ana" });
    expect(await access().callerOfSession(session.secret, "key")).not.toBeNull();
    const removed = await app.client.removePerson({ params: { person: "Ana" } });
    expect(removed).toMatchObject({ status: "removed" });
    expect(await app.client.removePerson({ params: { person: ana.person.id } })).toEqual(removed);
    for (const one of [app, other]) expect(await ask(one, "/api/status", ana.headers)).toBe(401);
    expect(await access().callerOfSession(session.secret, "key")).toBeNull();
    expect(await post(app, "/api/pairings/redeem", { code: open.code })).toMatchObject({ status: 401 });
    const { rows } = await database.query("SELECT assignee FROM inbox WHERE id = $1", [entry.id]);
    expect(rows).toEqual([{ assignee: null }]);
    const events = await database.query("SELECT type FROM events ORDER BY id");
    expect(events.rows.map(({ type }) => type)).toEqual(["person.added", "inbox.assigned", "person.removed"]);
    expect((await join(app, "Ana", "guest")).person.id).not.toBe(ana.person.id);
  });

  test("sees and ends their own devices and nobody else's, whatever those are called", async () => {
    const app = start();
    const [ana, ben] = [await join(app, "Ana", "member"), await join(app, "Ben", "member")];
    expect((await ana.client.listDevices()).devices.map(({ person }) => person)).toEqual(["Ana", "Ana"]);
    const ids = (await ben.client.listDevices()).devices.map(({ id }) => id);
    await expect(ana.client.revokeDevice({ params: { device: ids[0] ?? "" } })).rejects.toMatchObject({
      code: "not_found",
    });
    await expect(app.client.revokeDevice({ params: { device: "Laptop" } })).rejects.toMatchObject({ code: "conflict" });
    expect((await ana.client.revokeDevice({ params: { device: "Laptop" } })).personId).toBe(ana.person.id);
    expect(await ask(app, "/api/status", ben.headers)).toBe(200);
  });

  test("decides under their own name, with the device as a detail", async () => {
    const app = start();
    const ana = await join(app, "Ana", "member");
    await ask(app, "/api/inbox/appr_1/decision", ana.headers, "POST");
    await ana.client.decideInboxEntry({ params: { entryId: "appr_1" }, body: { decision: "deny" } }).catch(() => null);
    const { input } = app.engine.calls.findLast(({ name }) => name === "decideInboxEntry")!;
    expect(input[1]).toMatchObject({ by: { name: "Ana", role: "member", device: "Laptop", scope: "full" } });
  });

  test("chooses when and of what they are told; others cannot", async () => {
    const app = start();
    const [ana, bo] = [await join(app, "Ana", "member"), await join(app, "Bo", "guest")];
    const me = { params: { person: "me" } };
    const before = await ana.client.getPreferences(me);
    expect(before).toMatchObject({ hours: null, showContent: false });
    const day = { from: "08:00", to: "18:00" };
    const hours = {
      monday: day,
      tuesday: day,
      wednesday: day,
      thursday: day,
      friday: day,
      saturday: null,
      sunday: null,
    };
    const body = { hours, timeZone: "Europe/Berlin", kinds: ["approval" as const] };
    expect(await ana.client.changePreferences({ ...me, body })).toEqual({ ...body, showContent: false });
    expect(await ana.client.changePreferences({ ...me, body: { showContent: true } })).toEqual({
      ...body,
      showContent: true,
    });
    expect(await access().getPreferences(ana.person.id)).toMatchObject({ showContent: true });
    expect((await bo.client.getPreferences(me)).showContent).toBe(false);
    const params = { person: ana.person.id };
    await expect(bo.client.getPreferences({ params })).rejects.toMatchObject({ code: "forbidden" });
    await expect(bo.client.changePreferences({ params, body: {} })).rejects.toMatchObject({ code: "forbidden" });
    expect((await app.client.getPreferences({ params })).showContent).toBe(true);
    for (const wrong of [
      { timeZone: "Nowhere/City" },
      { hours: { ...hours, monday: { from: "18:00", to: "08:00" } } },
      { hours: { ...hours, monday: { from: "8:00", to: "25:00" } } },
      { hours: { ...hours, monday: null, tuesday: null, wednesday: null, thursday: null, friday: null } },
    ]) {
      await expect(ana.client.changePreferences({ ...me, body: wrong })).rejects.toMatchObject({ code: "invalid" });
    }
  });
});

describe("a guest", () => {
  test("reads the goals and threads that they were invited to, and decides what is given to them", async () => {
    const agent = await anAgent(database);
    const [mine, other] = [
      await aGoal(database, { agent_id: agent.id, name: "mine" }),
      await aGoal(database, { agent_id: agent.id, name: "other" }),
    ];
    const alone = await aThread(database, { agent_id: agent.id });
    const app = start();
    const bo = await join(app, "Bo", "guest", { goals: ["mine"] });
    const own = await anEntry(database, { kind: "question", assignee: "bo" });
    const free = await anEntry(database, { kind: "question" });
    expect((await bo.client.getPerson({ params: { person: "me" } })) satisfies Person).toMatchObject({
      goals: [mine.id],
    });
    for (const [path, isTheirs] of [
      [`/api/goals/${mine.id}`, true],
      ["/api/goals/mine/evidence", true],
      [`/api/threads/${mine.thread_id}/items`, true],
      [`/api/goals/${other.id}`, false],
      [`/api/threads/${other.thread_id}`, false],
      [`/api/threads/${alone.id}`, false],
      [`/api/inbox/${own.id}`, true],
      [`/api/inbox/${free.id}`, false],
    ] as const) {
      expect([path, (await ask(app, path, bo.headers)) !== 403]).toEqual([path, isTheirs]);
    }
    await bo.client.listInbox();
    const { input } = app.engine.calls.findLast(({ name }) => name === "listInbox")!;
    expect(input[1]).toMatchObject({ name: "Bo", unassigned: false });
  });
});

describe("a page of another site", () => {
  test("redeems nothing: what sets a cookie asks where it came from", async () => {
    const app = start();
    const { code } = await app.client.pair();
    const evil = { origin: "https://evil.example", host: "localhost:4747" };
    expect(await post(app, "/api/pairings/redeem", { code }, evil)).toMatchObject({ status: 403 });
    expect(await post(app, "/api/pairings/redeem", { code }, ORIGIN)).toMatchObject({ status: 200 });
  });
});
