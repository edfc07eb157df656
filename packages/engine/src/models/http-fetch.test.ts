import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createHttpFetch, type HttpFetchOptions } from "./http-fetch.ts";

const CLEANUP: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of CLEANUP.splice(0)) await clean();
});

async function serve(listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  CLEANUP.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, url: `http://127.0.0.1:${(server.address() as { port: number }).port}/` };
}

function open(options: HttpFetchOptions = {}): typeof globalThis.fetch {
  const http = createHttpFetch(options);
  CLEANUP.push(() => http.close());
  return http.fetch;
}

describe("fetch for model calls", () => {
  test("sends headers and body and answers with a standard response", async () => {
    const { url } = await serve((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += String(chunk)));
      request.on("end", () => {
        response.writeHead(201, { "x-seen": `${request.method} ${String(request.headers["x-key"])} ${body}` });
        response.end("grüße");
      });
    });
    const response = await open()(url, { method: "POST", headers: { "x-key": "1" }, body: "a" });
    expect(response).toBeInstanceOf(Response);
    expect(response.status).toBe(201);
    expect(response.headers.get("x-seen")).toBe("POST 1 a");
    expect(await response.text()).toBe("grüße");
  });

  test("gives an answer piece by piece, as it comes", async () => {
    const { url } = await serve((_request, response) => {
      response.write("one");
      response.on("close", () => undefined);
      setTimeout(() => response.end("two"), 30);
    });
    const response = await open()(url);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("one");
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("two");
    expect((await reader.read()).done).toBe(true);
  });

  test("a slow reader slows the sender", async () => {
    const CHUNK = Buffer.alloc(1024 * 1024);
    let sent = 0;
    const { url } = await serve((_request, response) => {
      const write = () => {
        while (sent < 64 && response.write(CHUNK)) sent += 1;
        if (sent < 64) response.once("drain", write);
        else response.end();
      };
      write();
    });
    const response = await open()(url);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(sent).toBeLessThan(32);
    await reader.cancel();
  });

  test("an answer that may have no body has none", async () => {
    const { url } = await serve((_request, response) => response.writeHead(204).end());
    const response = await open()(url);
    expect(response.status).toBe(204);
    expect(await response.text()).toBe("");
  });

  test("does not follow a redirect, so that a key goes to no other host", async () => {
    const { url } = await serve((_request, response) =>
      response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
    );
    expect((await open()(url)).status).toBe(302);
  });

  test("silence before the first byte and within the answer end the call, each with its code", async () => {
    const silent = await serve(() => undefined);
    await expect(open({ firstByteMs: 40 })(silent.url)).rejects.toMatchObject({ code: "FIRST_BYTE_TIMEOUT" });
    const stalling = await serve((_request, response) => response.write("half"));
    const response = await open({ stallMs: 40 })(stalling.url);
    await expect(response.text()).rejects.toMatchObject({ code: "STALLED" });
  });

  test("pieces that keep coming are no silence", async () => {
    const { url } = await serve((_request, response) => {
      let left = 8;
      const timer = setInterval(() => {
        response.write("x");
        left -= 1;
        if (left > 0) return;
        clearInterval(timer);
        response.end();
      }, 60);
    });
    expect(await (await open({ stallMs: 300 })(url)).text()).toBe("xxxxxxxx");
  });

  test("a broken connection is cut, and a refused one keeps its own code", async () => {
    const { url } = await serve((_request, response) => response.write("half", () => response.socket?.destroy()));
    const response = await open()(url);
    await expect(response.text()).rejects.toMatchObject({ code: "CUT" });
    const tcp = createTcpServer();
    await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
    const { port } = tcp.address() as { port: number };
    await new Promise((resolve) => tcp.close(resolve));
    await expect(open()(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  test("an abort ends a call before, during and after the head of the answer", async () => {
    const fetch = open();
    await expect(fetch("http://127.0.0.1:9/", { signal: AbortSignal.abort(new Error("early")) })).rejects.toThrow(
      "early",
    );
    const silent = await serve(() => undefined);
    const before = new AbortController();
    const waiting = fetch(silent.url, { signal: before.signal });
    setTimeout(() => before.abort(new Error("enough")), 20);
    await expect(waiting).rejects.toThrow("enough");
    const stalling = await serve((_request, response) => response.write("half"));
    const during = new AbortController();
    const response = await fetch(stalling.url, { signal: during.signal });
    setTimeout(() => during.abort(new Error("enough")), 20);
    await expect(response.text()).rejects.toThrow("enough");
  });

  test("a reader that leaves closes the connection", async () => {
    let closed: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (closed = resolve));
    const { url } = await serve((request, response) => {
      response.write("half");
      request.socket.on("close", () => closed());
    });
    const response = await open()(url);
    await response.body?.cancel();
    await expect(gone).resolves.toBeUndefined();
  });
});
