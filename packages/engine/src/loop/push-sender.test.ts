import { type BureauEvent, newId, OWNER_ID, type PushMessage } from "@bureau/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addSubscription } from "../commands/push-subscriptions.ts";
import type { PushManner, PushOutcome, PushTransport } from "../domain/push.ts";
import type { Database } from "../store/database.ts";
import { crashingDatabase } from "../testing/crash-points.ts";
import { aPerson } from "../testing/factories.ts";
import { testDatabase, type TestDatabase } from "../testing/test-database.ts";
import { fastClock, type FastClock, until } from "../testing/test-world.ts";
import { PushSender } from "./push-sender.ts";

const HASH = "a".repeat(64);
const P256DH = "BGoPrLqHv2HDMy9sc9x8UqFhtp7navUqAhziakXh0-n3nNUl1YKF5lCEgrOe7BE7iYS5n6z8y4S6uxggEB4kzG8";
const PUBLIC = "203.0.114.7";

let database: TestDatabase;
let clock: FastClock;
const senders: PushSender[] = [];

beforeEach(async () => {
  database = await testDatabase();
  clock = fastClock();
});
afterEach(async () => {
  for (const sender of senders.splice(0)) await sender.stop();
  await database.drop();
});

interface Sent {
  endpoint: string;
  message: PushMessage;
  manner: PushManner;
}

/** A process that sends: what it was told to send, and a way to tell it of events. */
function aProcess(options: { database?: Database; answer?: (sent: Sent, count: number) => PushOutcome } = {}) {
  const sent: Sent[] = [];
  const log: string[] = [];
  const listeners = new Set<(events: readonly BureauEvent[]) => void>();
  const transport: PushTransport = {
    subject: null,
    allowHosts: [],
    publicKey: async () => "",
    send: async ({ endpoint }, message, manner) => {
      sent.push({ endpoint, message, manner });
      return options.answer?.(sent.at(-1)!, sent.length) ?? { type: "sent" };
    },
  };
  const sender = new PushSender({
    database: options.database ?? database,
    clock,
    random: () => 0,
    transport,
    actions: "approvals",
    ownerKey: async () => "key",
    onEvents: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    log: (_level, message) => void log.push(message),
  });
  senders.push(sender);
  sender.start();
  const tell = (type: BureauEvent["type"], entryId: string) => {
    const event = { seq: 1, type, at: "", threadId: null, runId: null, goalId: null, data: { entry: { id: entryId } } };
    for (const listener of listeners) listener([event]);
  };
  return { sender, sent, log, listeners, tell };
}

async function listening(started: ReturnType<typeof aProcess>) {
  await until(() => started.listeners.size > 0, "it listens");
  await started.sender.idle();
  return started;
}

/** A browser of the owner's token, or of a device of somebody else. */
async function subscribe(name: string, person = "owner", preferences: object = {}): Promise<string> {
  const endpoint = `https://${PUBLIC}/${name}`;
  const keys = { p256dh: P256DH, auth: "A".repeat(22) };
  const by = person === "owner" ? OWNER : await aDevice(person, preferences);
  await addSubscription({ database, clock, allowHosts: [] }, { endpoint, keys, content: false, closing: true, by });
  return endpoint;
}

const OWNER = {
  person: { id: OWNER_ID, name: "owner", role: "owner" },
  scope: "full",
  deviceId: null,
  sessionId: null,
} as const;

async function aDevice(name: string, preferences: object) {
  const role = name === "guest" ? "guest" : "member";
  const id = await aPerson(database, name, role);
  await database.query("UPDATE people SET preferences = $2 WHERE id = $1", [id, JSON.stringify(preferences)]);
  const deviceId = newId("device");
  await database.query(
    `INSERT INTO devices (id, name, token_hash, scope, person_id, created_by, created_at)
     VALUES ($1, 'Phone', $1, 'inbox', $2, 'owner', now())`,
    [deviceId, id],
  );
  return { person: { id, name, role } as const, scope: "inbox" as const, deviceId, sessionId: null };
}

async function anEntry(part: { expiresInMs?: number; assignee?: string | null } = {}): Promise<string> {
  const id = newId("approval");
  const expires = part.expiresInMs === undefined ? null : new Date(clock.now() + part.expiresInMs);
  await database.query(
    `INSERT INTO inbox (id, kind, status, title, action_hash, expires_at, assignee, created_at)
     VALUES ($1, 'approval', 'pending', 'A title', $2, $3, $4, $5)`,
    [id, HASH, expires, part.assignee ?? null, new Date(clock.now() + 1)],
  );
  return id;
}

const count = async (table: string) =>
  (await database.query(`SELECT count(*)::int AS count FROM ${table}`)).rows[0].count;

describe("the sender", () => {
  test("hears no events and asks nothing while nobody subscribed, and begins when somebody does", async () => {
    const { sender, listeners, tell, sent } = aProcess();
    await sender.idle();
    expect(listeners.size).toBe(0);
    const endpoint = await subscribe("phone");
    sender.changed();
    await until(() => listeners.size === 1, "it listens");
    tell("approval.requested", await anEntry());
    await sender.idle();
    expect(sent.map((one) => one.endpoint)).toEqual([endpoint]);
    await database.query("DELETE FROM push_subscriptions");
    sender.changed();
    await until(() => listeners.size === 0, "it listens no more");
  });

  test("sends once for an entry, an occasion and a browser, however often it hears of it and in how many processes", async () => {
    await subscribe("one");
    await subscribe("other");
    const both = [await listening(aProcess()), await listening(aProcess())];
    const entry = await anEntry();
    for (const { tell } of [...both, ...both]) tell("approval.requested", entry);
    await Promise.all(both.map(({ sender }) => sender.idle()));
    expect(both.flatMap(({ sent }) => sent.map((one) => one.endpoint)).toSorted()).toEqual([
      `https://${PUBLIC}/one`,
      `https://${PUBLIC}/other`,
    ]);
    expect(await count("push_tokens")).toBe(4);
    for (const { tell } of both) tell("inbox.reminded", entry);
    await Promise.all(both.map(({ sender }) => sender.idle()));
    expect(both.flatMap(({ sent }) => sent)).toHaveLength(4);
  });

  test("sends nothing of what is decided by then, and tells of a decision those alone that were asked", async () => {
    await subscribe("early");
    const { tell, sent, sender } = await listening(aProcess());
    const entry = await anEntry();
    tell("approval.requested", entry);
    await sender.idle();
    await subscribe("late");
    await database.query("UPDATE inbox SET status = 'approved' WHERE id = $1", [entry]);
    tell("inbox.reminded", entry);
    tell("approval.decided", entry);
    await sender.idle();
    expect(sent.map(({ endpoint, message }) => [endpoint, message.type])).toEqual([
      [`https://${PUBLIC}/early`, "asked"],
      [`https://${PUBLIC}/early`, "closed"],
    ]);
  });

  test("is kept by nobody longer than the entry waits, and one message of an entry replaces another", async () => {
    await subscribe("phone");
    const { tell, sent, sender } = await listening(aProcess());
    const entry = await anEntry({ expiresInMs: 600_500 });
    tell("approval.requested", entry);
    tell("inbox.reminded", entry);
    await sender.idle();
    expect(sent[0]?.manner).toMatchObject({ ttlSeconds: 600, urgency: "high" });
    expect(sent[0]?.manner.topic).toBe(sent[1]?.manner.topic);
  });

  test("gives up after six attempts, each later than the one before", async () => {
    await subscribe("phone");
    const answer = (): PushOutcome => ({ type: "later", afterMs: null, reason: "busy" });
    const { tell, sent, sender } = await listening(aProcess({ answer }));
    tell("approval.requested", await anEntry());
    await until(
      async () => (await database.query("SELECT 1 FROM pushes WHERE status = 'failed'")).rows.length > 0,
      "failed",
    );
    await sender.idle();
    expect(sent).toHaveLength(6);
    expect(clock.slept).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
  });

  test("waits as long as the push service says, and not for one that says a day", async () => {
    await subscribe("phone");
    const waits = [90_000, 86_400_000];
    const answer = (_sent: Sent, number: number): PushOutcome => ({
      type: "later",
      afterMs: waits[number - 1] ?? null,
      reason: "busy",
    });
    const { tell, sent, sender } = await listening(aProcess({ answer }));
    tell("approval.requested", await anEntry());
    await until(
      async () => (await database.query("SELECT 1 FROM pushes WHERE status = 'failed'")).rows.length > 0,
      "failed",
    );
    await sender.idle();
    expect(sent).toHaveLength(2);
    expect(clock.slept).toEqual([90_000]);
  });

  test("tells a browser at most thirty things a minute", async () => {
    await subscribe("phone");
    const { tell, sent, sender } = await listening(aProcess());
    for (let number = 0; number < 40; number += 1) tell("approval.requested", await anEntry());
    await sender.idle();
    expect(sent).toHaveLength(30);
  });

  test("tells those whose inbox it is in: what is given to nobody, members and the owner; else who it is given to", async () => {
    const names = ["owner", "Ana", "Bo", "guest"] as const;
    const of = Object.fromEntries(await Promise.all(names.map(async (name) => [await subscribe(name, name), name])));
    const { tell, sent, sender } = await listening(aProcess());
    const told = async (assignee: string | null, type: BureauEvent["type"] = "approval.requested") => {
      const before = sent.length;
      tell(type, await anEntry({ assignee }));
      await sender.idle();
      return sent.slice(before).map(({ endpoint, message }) => [of[endpoint], message.badge]);
    };
    const sorted = (pairs: unknown[][]) => pairs.map((pair) => pair.join(" ")).toSorted();
    expect(sorted(await told(null))).toEqual(["Ana 1", "Bo 1", "owner 1"]);
    expect(sorted(await told("ana"))).toEqual(["Ana 2"]);
    expect(sorted(await told("guest", "inbox.assigned"))).toEqual(["guest 1"]);
    expect(sorted(await told("Eve (by link)"))).toEqual([]);
  });

  test("waits for somebody's hours, and still tells them once; of kinds that they do not want, never", async () => {
    await subscribe("owner");
    const [now, days] = [
      new Date(clock.now()),
      ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"],
    ];
    const tomorrow = days[(now.getUTCDay() + 1) % 7]!;
    const hours = Object.fromEntries(
      days.map((day) => [day, day === tomorrow ? { from: "00:00", to: "23:59" } : null]),
    );
    await subscribe("Ana", "Ana", { hours, timeZone: "UTC" });
    await subscribe("Bo", "Bo", { kinds: ["question"] });
    const { tell, sent, sender } = await listening(aProcess());
    tell("approval.requested", await anEntry());
    await until(() => sent.length === 2, "the other is told in the morning");
    await sender.idle();
    expect(clock.slept).toHaveLength(1);
    expect(sent.map((one) => one.endpoint)).toEqual([`https://${PUBLIC}/owner`, `https://${PUBLIC}/Ana`]);
  });

  test("says what is asked to who chose that for all their browsers", async () => {
    await subscribe("Ana", "Ana", { showContent: true });
    await subscribe("Bo", "Bo");
    const { tell, sent, sender } = await listening(aProcess());
    tell("approval.requested", await anEntry());
    await sender.idle();
    const contents = sent.map(({ endpoint, message }) => [
      endpoint.split("/").at(-1),
      "content" in message && message.content,
    ]);
    expect(Object.fromEntries(contents)).toEqual({ Ana: { title: "A title", line: "" }, Bo: null });
  });

  test("begins with what waits and nobody took up, and not with what was there before the subscription", async () => {
    await anEntry();
    clock.advance(1_000);
    await subscribe("phone");
    const entry = await anEntry();
    const { sent } = await listening(aProcess());
    expect(sent.map(({ message }) => "entryId" in message && message.entryId)).toEqual([entry]);
  });
});

describe("a process that dies", () => {
  const points = [1, 2, 3, 4].flatMap((write) => [
    { moment: "before" as const, write },
    { moment: "after" as const, write },
  ]);

  test.each(points)(
    "$moment write $write leaves each entry pushed at most once, and unsent ones claimed or taken up",
    async (point) => {
      await subscribe("one");
      await subscribe("other");
      const crashing = crashingDatabase(database, point);
      const first = aProcess({ database: crashing.database });
      await until(() => first.listeners.size > 0, "it listens");
      const entry = await anEntry();
      first.tell("approval.requested", entry);
      await Promise.race([crashing.died, first.sender.idle()]);
      // It is dead, not stopped: nothing of it goes on.
      senders.splice(senders.indexOf(first.sender), 1);
      const second = await listening(aProcess());
      second.tell("approval.requested", entry);
      await second.sender.idle();
      const all = [...first.sent, ...second.sent].map((one) => one.endpoint);
      expect(new Set(all).size).toBe(all.length);
      const { rows } = await database.query("SELECT subscription_id FROM pushes WHERE entry_id = $1", [entry]);
      expect(rows).toHaveLength(2);
      // Where nothing was committed before the death, nothing is lost by it.
      if (point.write === 1 && point.moment === "before") expect(all).toHaveLength(2);
    },
  );
});
