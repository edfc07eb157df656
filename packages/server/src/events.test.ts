import { createSecretGuard, systemClock } from "@bureau/engine";
import { isDelta, openEventStream, type StreamMessage } from "@bureau/protocol";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createEventStream, type EventStreamParts } from "./event-stream.ts";
import { type Served, serve } from "./serve.ts";
import { createMemoryEngine, type MemoryEngine } from "./testing/memory-engine.ts";
import { TOKEN } from "./testing/test-app.ts";

const DELTA = { type: "item.delta", runId: "run_1", stepId: "step_1", kind: "text", text: "Hi" } as const;
const ANY = { runId: null, threadId: null, goal: null, runs: new Set<string>(), deltas: null };

/** One reader of a stream, piece by piece, as a slow or quick connection would be. */
function openReader(engine: MemoryEngine, part: Partial<EventStreamParts> = {}) {
  const ends = { ended: 0, stalled: 0 };
  const stop = new AbortController();
  const stream = createEventStream({
    engine,
    after: 0,
    filter: ANY,
    signal: stop.signal,
    onStalled: () => (ends.stalled += 1),
    onEnd: () => (ends.ended += 1),
    ...part,
  });
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  async function read(): Promise<string | null> {
    const { done, value } = await reader.read();
    return done ? null : decoder.decode(value);
  }
  async function readUntil(text: string): Promise<string> {
    let all = "";
    while (!all.includes(text)) {
      const piece = await read();
      if (piece === null) throw new Error(`The stream ended without ${text}: ${all}`);
      all += piece;
    }
    return all;
  }
  return { read, readUntil, ends, stop, cancel: () => reader.cancel() };
}

/** Resolves once the readers have come to the end of the table. */
async function untilLive(engine: MemoryEngine): Promise<void> {
  await vi.waitFor(() => expect(engine.calls.length).toBeGreaterThan(0));
  await new Promise((resolve) => setImmediate(resolve));
}

const idsOf = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));

describe("createEventStream", () => {
  test("sends stored events, then live ones, each once", async () => {
    const engine = createMemoryEngine();
    engine.addSilently(450);
    const reader = openReader(engine);
    const stored = await reader.readUntil("id: 450\n");
    const waiting = reader.readUntil("id: 452\n");
    await vi.waitFor(() => expect(engine.calls.length).toBe(3));
    engine.addEvent();
    engine.addEvent();
    expect(idsOf(stored + (await waiting))).toEqual(Array.from({ length: 452 }, (_, index) => index + 1));
  });

  test("loses no event that is added while the table is read", async () => {
    const engine = createMemoryEngine();
    engine.addSilently(3);
    const slow = Object.assign(Object.create(engine) as MemoryEngine, {
      eventsAfter: async (seq: number, limit: number) => {
        const events = await engine.eventsAfter(seq, limit);
        if (engine.events.length < 6) engine.addEvent();
        return events;
      },
    });
    const reader = openReader(slow);
    expect(idsOf(await reader.readUntil("id: 6\n"))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("loses no event that is announced while an empty table is read", async () => {
    const engine = createMemoryEngine();
    const reader = openReader(engine);
    await reader.readUntil("connected");
    const waiting = reader.readUntil("id: 1\n");
    await vi.waitFor(() => expect(engine.calls.length).toBe(1));
    engine.addEvent();
    expect(idsOf(await waiting)).toEqual([1]);
  });

  test("reads the table again when a batch was never announced", async () => {
    const engine = createMemoryEngine();
    const reader = openReader(engine);
    await reader.readUntil("connected");
    const waiting = reader.readUntil("id: 4\n");
    await untilLive(engine);
    engine.addSilently(3);
    engine.addEvent();
    expect(idsOf(await waiting)).toEqual([1, 2, 3, 4]);
  });

  test("finds an event that nothing announced at the next heartbeat", async () => {
    const engine = createMemoryEngine();
    const reader = openReader(engine, { heartbeatMs: 20 });
    await reader.readUntil("connected");
    const waiting = reader.readUntil("data:");
    await vi.waitFor(() => expect(engine.calls.length).toBe(1));
    engine.addSilently(1);
    expect(await waiting).toContain("id: 1\n");
    await reader.cancel();
  });

  test("tells a filtered reader how far it has come", async () => {
    const engine = createMemoryEngine();
    engine.addEvent({ runId: "run_1" });
    engine.addEvent({ runId: "run_2" });
    const reader = openReader(engine, {
      heartbeatMs: 20,
      filter: { ...ANY, runId: "run_1", runs: new Set(["run_1"]) },
    });
    const text = await reader.readUntil("heartbeat");
    expect(text).not.toContain("run_2");
    expect(idsOf(text)).toEqual([1, 2]);
    await reader.cancel();
  });

  test("sends the deltas of the runs that are wanted", async () => {
    const engine = createMemoryEngine();
    const reader = openReader(engine, {
      filter: { ...ANY, goal: { id: "goal_1", threadId: "thr_1" }, runs: new Set() },
    });
    const waiting = reader.readUntil('"text":"mine"');
    await untilLive(engine);
    engine.emitDelta({ ...DELTA, runId: "run_9", text: "other" });
    engine.addEvent({ type: "run.created", runId: "run_1", goalId: "goal_1" });
    engine.addEvent({ type: "item.added", threadId: "thr_1", runId: "run_1" });
    engine.addEvent({ type: "item.added", threadId: "thr_2", runId: "run_2" });
    engine.emitDelta({ ...DELTA, text: "mine" });
    const text = await waiting;
    expect(idsOf(text)).toEqual([1, 2]);
    expect(text).toContain("event: delta\n");
    expect(text).not.toContain("other");
  });

  test("sends the deltas of one thread alone, beside every event", async () => {
    const engine = createMemoryEngine();
    const reader = openReader(engine, { filter: { ...ANY, deltas: { threadId: "thr_1", runs: new Set<string>() } } });
    const waiting = reader.readUntil('"text":"mine"');
    await untilLive(engine);
    engine.addEvent({ type: "run.created", threadId: "thr_2", runId: "run_2" });
    engine.addEvent({ type: "run.created", threadId: "thr_1", runId: "run_1" });
    engine.emitDelta({ ...DELTA, runId: "run_2", text: "other" });
    engine.emitDelta({ ...DELTA, text: "mine" });
    const text = await waiting;
    expect(idsOf(text)).toEqual([1, 2]);
    expect(text).not.toContain("other");
  });

  test("cuts off a reader that takes too little, and holds nothing for it", async () => {
    const engine = createMemoryEngine();
    const reader = openReader(engine);
    await reader.readUntil("connected");
    const last = reader.readUntil("too slow");
    await untilLive(engine);
    for (let i = 0; i < 50; i += 1) engine.emitDelta({ ...DELTA, text: "x".repeat(50_000) });
    expect(engine.listenerCount()).toBe(0);
    await last;
    expect(await reader.read()).toBeNull();
    expect(reader.ends).toEqual({ ended: 1, stalled: 0 });
  });

  test("ends a connection that takes nothing for two heartbeats", async () => {
    const engine = createMemoryEngine();
    const reader = openReader(engine, { heartbeatMs: 10 });
    await vi.waitFor(() => expect(reader.ends).toEqual({ ended: 1, stalled: 1 }));
    expect(engine.listenerCount()).toBe(0);
  });

  test("ends when the table cannot be read", async () => {
    const engine = createMemoryEngine();
    const away = Object.assign(Object.create(engine) as MemoryEngine, {
      eventsAfter: () => Promise.reject(new Error("away")),
    });
    const reader = openReader(away);
    await reader.readUntil("cannot be read now");
    expect(await reader.read()).toBeNull();
  });

  test("lets go of everything when the reader goes, however it goes", async () => {
    const engine = createMemoryEngine();
    const canceled = openReader(engine);
    const aborted = openReader(engine);
    expect(engine.listenerCount()).toBe(4);
    await canceled.cancel();
    aborted.stop.abort();
    expect(engine.listenerCount()).toBe(0);
    expect([canceled.ends.ended, aborted.ends.ended]).toEqual([1, 1]);
  });
});

describe("GET /api/events", () => {
  const servers: Served[] = [];
  afterEach(async () => {
    for (const served of servers.splice(0)) await served.stop();
  });

  async function serveEngine(engine: MemoryEngine, port = 0) {
    const onFault = ({ error }: { error: unknown }) => {
      throw error;
    };
    const parts = {
      engine,
      guard: createSecretGuard(),
      clock: systemClock,
      token: TOKEN,
      version: "1",
      hosts: [],
      trustedProxies: [],
      webFolder: null,
      onFault,
    };
    const served = await serve({ ...parts, host: "127.0.0.1", port });
    servers.push(served);
    return served;
  }

  test("a reader that lives through a restart of the server has every event once", async () => {
    const engine = createMemoryEngine();
    engine.addSilently(3);
    const first = await serveEngine(engine);
    const seen: StreamMessage[] = [];
    for await (const message of openEventStream({ baseUrl: first.url, token: TOKEN, after: 0, firstDelayMs: 5 })) {
      seen.push(message);
      if (seen.length === 3) {
        await first.stop();
        engine.addSilently(2);
        await serveEngine(engine, first.port);
      }
      if (seen.length === 5) break;
    }
    expect(seen.map((message) => (isDelta(message) ? 0 : message.seq))).toEqual([1, 2, 3, 4, 5]);
    await vi.waitFor(() => expect(engine.listenerCount()).toBe(0));
  });

  test("without a number only what is to come is sent", async () => {
    const engine = createMemoryEngine();
    engine.addSilently(3);
    const { url } = await serveEngine(engine);
    const stream = openEventStream({ baseUrl: url, token: TOKEN });
    const first = stream.next();
    await vi.waitFor(() => expect(engine.listenerCount()).toBe(2));
    engine.addEvent();
    expect((await first).value).toMatchObject({ seq: 4 });
    await stream.return();
  });

  test("Last-Event-ID says where to go on", async () => {
    const engine = createMemoryEngine();
    engine.addSilently(3);
    const { url } = await serveEngine(engine);
    const headers = { authorization: `Bearer ${TOKEN}`, "last-event-id": "2" };
    const response = await fetch(`${url}/api/events?after=0`, { headers });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("data:")) text += (await reader?.read())?.value ?? "";
    await reader?.cancel();
    expect(idsOf(text)).toEqual([3]);
  });

  test("a number that was never given is refused", async () => {
    const { url } = await serveEngine(createMemoryEngine());
    const stream = openEventStream({ baseUrl: url, token: TOKEN, after: 9 });
    await expect(stream.next()).rejects.toMatchObject({ code: "invalid", hint: expect.stringContaining("after=0") });
  });

  test("asking only for the head opens no stream", async () => {
    const engine = createMemoryEngine();
    const { url } = await serveEngine(engine);
    const response = await fetch(`${url}/api/events`, {
      method: "HEAD",
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(response.status).toBe(200);
    expect(engine.listenerCount()).toBe(0);
  });

  test("a reader that goes leaves nothing behind", async () => {
    const engine = createMemoryEngine();
    const { url } = await serveEngine(engine);
    const stop = new AbortController();
    const response = await fetch(`${url}/api/events`, {
      headers: { authorization: `Bearer ${TOKEN}` },
      signal: stop.signal,
    });
    await response.body?.getReader().read();
    expect(engine.listenerCount()).toBe(2);
    stop.abort();
    await vi.waitFor(() => expect(engine.listenerCount()).toBe(0));
  });
});
