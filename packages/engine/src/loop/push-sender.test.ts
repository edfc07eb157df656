import { type BureauEvent, newId, type PushMessage } from "@bureau/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mayNotify, type MayNotify } from "../commands/may-notify.ts";
import { addSubscription } from "../commands/push-subscriptions.ts";
import type { PushManner, PushOutcome, PushTransport } from "../domain/push.ts";
import type { Database } from "../store/database.ts";
import { crashingDatabase } from "../testing/crash-points.ts";
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
function aProcess(
  options: { database?: Database; answer?: (sent: Sent, count: number) => PushOutcome; mayNotify?: MayNotify } = {},
) {
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
    mayNotify: options.mayNotify ?? mayNotify,
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

async function subscribe(name: string): Promise<string> {
  const endpoint = `https://${PUBLIC}/${name}`;
  const keys = { p256dh: P256DH, auth: "A".repeat(22) };
  const by = { name: "owner", scope: "full" as const, deviceId: null, sessionId: null };
  await addSubscription({ database, clock, allowHosts: [] }, { endpoint, keys, content: false, closing: true, by });
  return endpoint;
}

async function anEntry(part: { expiresInMs?: number } = {}): Promise<string> {
  const id = newId("approval");
  const expires = part.expiresInMs === undefined ? null : new Date(clock.now() + part.expiresInMs);
  await database.query(
    `INSERT INTO inbox (id, kind, status, title, action_hash, expires_at, created_at)
     VALUES ($1, 'approval', 'pending', 'A title', $2, $3, $4)`,
    [id, HASH, expires, new Date(clock.now() + 1)],
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

  test("tells a browser at most thirty things a minute, and asks who may hear of them", async () => {
    await subscribe("phone");
    const asked: string[] = [];
    const only: MayNotify = async ({ entry, subscribers }) => {
      asked.push(entry.id);
      return { subscribers, againAt: null };
    };
    const { tell, sent, sender } = await listening(aProcess({ mayNotify: only }));
    for (let number = 0; number < 40; number += 1) tell("approval.requested", await anEntry());
    await sender.idle();
    expect(sent).toHaveLength(30);
    expect(asked).toHaveLength(40);
  });

  test("waits for somebody's hours, and still tells them once", async () => {
    await subscribe("phone");
    await subscribe("tablet");
    const morning = clock.now() + 3_600_000;
    const hours: MayNotify = async ({ subscribers, now }) =>
      now >= morning ? { subscribers, againAt: null } : { subscribers: subscribers.slice(0, 1), againAt: morning };
    const { tell, sent, sender } = await listening(aProcess({ mayNotify: hours }));
    tell("approval.requested", await anEntry());
    await until(() => sent.length === 2, "the other is told in the morning");
    await sender.idle();
    expect(clock.slept).toHaveLength(1);
    expect(new Set(sent.map((one) => one.endpoint)).size).toBe(2);
  });

  test("says nothing to whom it may not", async () => {
    await subscribe("phone");
    const nobody: MayNotify = async () => ({ subscribers: [], againAt: null });
    const { tell, sent, sender } = await listening(aProcess({ mayNotify: nobody }));
    tell("approval.requested", await anEntry());
    await sender.idle();
    expect(sent).toEqual([]);
    expect(await count("pushes")).toBe(0);
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
