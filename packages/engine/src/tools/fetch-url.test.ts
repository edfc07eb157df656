import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../clock.ts";
import type { Clock } from "../clock.ts";
import { createFetchUrl } from "./fetch-url.ts";
import { aContext, aFolder } from "./test-context.ts";

const ARTICLE = `<!doctype html><html><head><title>On lighthouses</title><style>p{color:red}</style></head><body>
<nav><a href="/home">Home</a><a href="/shop">Shop</a></nav>
<article><h1>On lighthouses</h1><p>${"A lighthouse warns ships of rocks, and its keeper lives by the light. ".repeat(8)}</p>
<p>${"Each tower has its own rhythm, by which a captain knows it at night. ".repeat(8)}See <a href="/list?a=1&b=2">the list</a>.</p>
<script>alert("no")</script></article><footer>Cookies</footer></body></html>`;

const pages: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
  "/article": (_request, response) => send(response, "text/html; charset=utf-8", ARTICLE),
  "/json": (_request, response) => send(response, "application/json", '{"a": [1, 2]}'),
  "/latin": (_request, response) => send(response, "text/plain; charset=iso-8859-1", Buffer.from("caf\xe9", "latin1")),
  "/missing": (_request, response) => {
    response.statusCode = 404;
    send(response, "text/plain", "no such page");
  },
  "/picture": (_request, response) => send(response, "image/png", Buffer.alloc(2500)),
  "/hidden-binary": (_request, response) => send(response, "text/plain", Buffer.from([65, 0, 66])),
  "/bomb": (_request, response) => {
    response.setHeader("content-encoding", "gzip");
    send(response, "text/plain", gzipSync(Buffer.alloc(60_000_000, "a")));
  },
  "/endless": (_request, response) => {
    response.setHeader("content-type", "text/plain");
    const more = () => {
      while (!response.destroyed && response.write("x".repeat(65_536)));
    };
    response.on("drain", more);
    more();
  },
  "/nested": (_request, response) => send(response, "text/html", `<p>top</p>${"<div>".repeat(150_000)}deep`),
  "/redirect": (_request, response) => redirect(response, "/json"),
  "/circle": (_request, response) => redirect(response, "/circle"),
  "/to-file": (_request, response) => redirect(response, "file:///etc/passwd"),
  "/to-metadata": (_request, response) => redirect(response, "http://169.254.169.254/latest/meta-data/"),
  "/to-other-port": (_request, response) => redirect(response, `http://127.0.0.1:${innerPort}/`),
  "/silent": () => undefined,
};

const folder = aFolder();
let reachedInside = 0;
const server = createServer((request, response) => {
  const page = pages[request.url ?? ""];
  if (page) page(request, response);
  else send(response, "text/plain", "home");
});
const inner = createServer((_request, response) => {
  reachedInside += 1;
  send(response, "text/plain", "inner secret");
});
inner.on("connection", () => {
  reachedInside += 1;
});
let origin = "";
let innerPort = 0;
let fetchUrl = createFetchUrl();

beforeAll(async () => {
  for (const each of [server, inner]) await new Promise<void>((resolve) => each.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  innerPort = (inner.address() as AddressInfo).port;
  origin = `http://127.0.0.1:${port}`;
  fetchUrl = createFetchUrl({ allowHosts: [`127.0.0.1:${port}`] });
});
afterAll(async () => {
  for (const each of [server, inner]) {
    each.closeAllConnections();
    await new Promise((resolve) => each.close(resolve));
  }
  folder.remove();
});

const get = (path: string, max_bytes?: number, changes = {}) =>
  fetchUrl.execute(
    { url: origin + path, ...(max_bytes === undefined ? {} : { max_bytes }) },
    aContext(folder.path, changes),
  );

describe("fetch_url", () => {
  test("gives the readable part of a page as Markdown with whole links", async () => {
    const output = await get("/article");
    expect(output.view).toEqual({ type: "page", url: `${origin}/article`, status: 200, title: "On lighthouses" });
    expect(output.text).toContain("A lighthouse warns ships");
    expect(output.text).toContain(`[the list](${origin}/list?a=1&b=2)`);
    expect(output.text).not.toMatch(/alert|color:red|Cookies/);
  });

  test("gives JSON and text as they are, in their encoding, and an error page with its status", async () => {
    expect((await get("/json")).text).toBe(`${origin}/json (HTTP 200)\n\n{"a": [1, 2]}`);
    expect((await get("/latin")).text).toContain("café");
    expect((await get("/missing")).text).toBe(`${origin}/missing (HTTP 404)\n\nno such page`);
  });

  test("follows redirects, up to a limit, and says where it ended", async () => {
    expect((await get("/redirect")).view).toMatchObject({ url: `${origin}/json` });
    await expect(get("/circle")).rejects.toThrow("redirects more than 5 times");
  });

  test("refuses what is not text with its kind and size", async () => {
    await expect(get("/picture")).rejects.toThrow("is not text but image/png (2.5 kB)");
    await expect(get("/hidden-binary")).rejects.toThrow("is not text but text/plain");
  });

  test("stops at its size, also of what grows in decompression or never ends", async () => {
    for (const path of ["/bomb", "/endless"]) {
      const { text } = await get(path, 100);
      expect(text).toContain(
        "Only the first 2 MB were fetched. 2 MB more are left out; fetch again with max_bytes=200000.",
      );
      expect(text.length).toBeLessThan(400);
    }
  });

  test("a page nested beyond reason still gives its text", async () => {
    const fast: Clock = { now: () => 0, sleep: (ms, signal) => systemClock.sleep(ms / 20, signal) };
    expect((await get("/nested", undefined, { clock: fast })).text).toMatch(/top[^]*deep/);
  });

  test("ends after its time, and at once when the run is stopped", async () => {
    const late: Clock = { now: () => 0, sleep: () => Promise.resolve() };
    await expect(get("/silent", undefined, { clock: late })).rejects.toThrow("took longer than 30 s");
    const stop = new AbortController();
    const running = get("/silent", undefined, { signal: stop.signal });
    stop.abort(new Error("stopped"));
    await expect(running).rejects.toThrow("stopped");
  });

  test.each(["/to-metadata", "/to-other-port"])(
    "a redirect %s into the machine's networks is refused",
    async (path) => {
      await expect(get(path)).rejects.toThrow("is not on the public internet");
      expect(reachedInside).toBe(0);
    },
  );

  test.each([
    "http://127.0.0.1:PORT/",
    "http://localhost:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f.1:PORT/",
    "http://0:PORT/",
  ])("%s is refused before anything is sent", async (url) => {
    const context = aContext(folder.path);
    await expect(fetchUrl.execute({ url: url.replace("PORT", String(innerPort)) }, context)).rejects.toThrow(
      /is not on the public internet/,
    );
    expect(reachedInside).toBe(0);
  });

  test("refuses other schemes, passwords and what is no URL", async () => {
    await expect(get("/to-file")).rejects.toThrow(
      'redirects to "file:///etc/passwd", which uses file; only http and https',
    );
    for (const [url, reason] of [
      ["ftp://example.com", "uses ftp"],
      ["http://me:secret@example.com/", "carries a user name or password"],
      ["example", "is not a URL"],
    ] as const) {
      await expect(fetchUrl.execute({ url }, aContext(folder.path))).rejects.toThrow(reason);
    }
  });
});

function send(response: ServerResponse, type: string, body: string | Buffer): void {
  response.setHeader("content-type", type);
  response.end(body);
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location }).end();
}
