import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { BureauEvent } from "./event.ts";
import { type EventStreamOptions, isDelta, openEventStream, type StreamMessage } from "./event-stream.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A real server that answers each connection by `answer`; `urls` are what it was asked. */
async function serverAnswering(answer: (response: ServerResponse, after: number, connection: number) => void) {
  const urls: string[] = [];
  const server = createServer((request, response) => {
    urls.push(request.url ?? "");
    response.on("error", () => undefined);
    answer(response, Number(new URL(request.url ?? "", "http://x").searchParams.get("after") ?? 0), urls.length);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, urls };
}

function frame(seq: number): string {
  const event: BureauEvent = {
    seq,
    type: "run.started",
    at: "2026-01-01T00:00:00.000Z",
    threadId: null,
    runId: "run_1",
    goalId: null,
    data: { run: { id: "run_1" } },
  };
  return `id: ${seq}\ndata: ${JSON.stringify(event)}\n\n`;
}

async function takeUntil(options: EventStreamOptions, isLast: (message: StreamMessage) => boolean) {
  const messages: StreamMessage[] = [];
  for await (const message of openEventStream({ firstDelayMs: 1, ...options })) {
    messages.push(message);
    if (isLast(message)) break;
  }
  return messages;
}

const seqOf = (message: StreamMessage) => (isDelta(message) ? -1 : message.seq);

describe("openEventStream", () => {
  test("gives every event once and in order, wherever connections break", async () => {
    const total = 12;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(900), { maxLength: 6 }), fc.nat(3), async (cuts, overlap) => {
        const { baseUrl } = await serverAnswering((response, after, connection) => {
          let text = ": connected\n\n";
          for (let seq = Math.max(1, after + 1 - overlap); seq <= total; seq += 1) text += frame(seq);
          response.writeHead(200, { "content-type": "text/event-stream" });
          const cut = cuts[connection - 1];
          if (cut === undefined) response.write(text);
          else response.write(text.slice(0, cut), () => response.destroy());
        });
        const messages = await takeUntil({ baseUrl, after: 0 }, (message) => seqOf(message) === total);
        expect(messages.map(seqOf)).toEqual(Array.from({ length: total }, (_, index) => index + 1));
      }),
      { numRuns: 25 },
    );
  });

  test("resumes after an id that came without an event", async () => {
    const { baseUrl, urls } = await serverAnswering((response, _after, connection) => {
      response.writeHead(200);
      if (connection === 1) response.end(": heartbeat\nid: 40\n\n");
      else response.write(frame(41));
    });
    await takeUntil({ baseUrl, after: 3, run: "run_1" }, () => true);
    expect(urls).toEqual(["/api/events?after=3&run=run_1", "/api/events?after=40&run=run_1"]);
  });

  test("gives deltas as they come", async () => {
    const delta = { type: "item.delta", runId: "run_1", stepId: "step_1", kind: "text", text: "Hel" };
    const { baseUrl } = await serverAnswering((response) => {
      response.writeHead(200);
      response.write(`event: delta\ndata: ${JSON.stringify(delta)}\n\n`);
    });
    expect(await takeUntil({ baseUrl }, isDelta)).toEqual([delta]);
  });

  test("passes over an event of a kind that it does not know", async () => {
    const { baseUrl } = await serverAnswering((response) => {
      response.writeHead(200);
      response.write(frame(1).replace("run.started", "run.teleported") + frame(2));
    });
    expect((await takeUntil({ baseUrl, after: 0 }, () => true)).map(seqOf)).toEqual([2]);
  });

  test("connects again when nothing is heard for too long", async () => {
    const { baseUrl } = await serverAnswering((response, _after, connection) => {
      response.writeHead(200);
      response.write(connection === 1 ? ": connected\n\n" : frame(1));
    });
    expect((await takeUntil({ baseUrl, after: 0, silenceMs: 50 }, () => true)).map(seqOf)).toEqual([1]);
  });

  test("throws at once when the server refuses", async () => {
    const { baseUrl, urls } = await serverAnswering((response) => {
      response.writeHead(401);
      response.end(JSON.stringify({ error: { code: "unauthenticated", message: "The token is not right." } }));
    });
    await expect(takeUntil({ baseUrl }, () => true)).rejects.toThrow("The token is not right.");
    expect(urls).toHaveLength(1);
  });

  test("gives up after connections in a row that brought nothing", async () => {
    const { baseUrl, urls } = await serverAnswering((response) => response.destroy());
    const states: boolean[] = [];
    const options = {
      baseUrl,
      maxFailures: 3,
      onConnection: (state: { connected: boolean }) => states.push(state.connected),
    };
    await expect(takeUntil(options, () => true)).rejects.toMatchObject({ code: "unavailable" });
    expect(urls).toHaveLength(3);
    expect(states).toEqual([false, false]);
  });

  test("ends without an error when it is aborted", async () => {
    const { baseUrl } = await serverAnswering((response) => {
      response.writeHead(200);
      response.write(frame(1));
    });
    const stop = new AbortController();
    const messages: StreamMessage[] = [];
    for await (const message of openEventStream({ baseUrl, after: 0, signal: stop.signal })) {
      messages.push(message);
      stop.abort();
    }
    expect(messages).toHaveLength(1);
  });
});
