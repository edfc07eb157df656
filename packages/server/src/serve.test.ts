import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:net";
import { createSecretGuard, systemClock } from "@bureau/engine";
import { ErrorBody } from "@bureau/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Served, serve, type ServeOptions } from "./serve.ts";
import { ownFolder, readServerFile, readToken, removeServerFile, writeServerFile } from "./server-file.ts";
import { createMemoryEngine } from "./testing/memory-engine.ts";

let webFolder = "";
beforeEach(async () => {
  webFolder = await mkdtemp(join(tmpdir(), "bureau-web-"));
  await writeFile(join(webFolder, "index.html"), "<!doctype html><title>Bureau</title>Bureau is running");
  await writeFile(join(webFolder, "style.css"), "body {}");
});
afterEach(() => rm(webFolder, { recursive: true, force: true }));

function serveOn(port: number, host = "127.0.0.1", serverLimits: ServeOptions["serverLimits"] = {}): Promise<Served> {
  const parts = {
    engine: createMemoryEngine(),
    guard: createSecretGuard(),
    clock: systemClock,
    token: "t",
    version: "1",
    hosts: [],
    trustedProxies: [],
    onFault: () => undefined,
  };
  return serve({ ...parts, webFolder, host, port, serverLimits });
}

describe("serve", () => {
  test("listens on a free port and says where", async () => {
    const served = await serveOn(0);
    expect(served.url).toBe(`http://127.0.0.1:${served.port}`);
    expect(await (await fetch(`${served.url}/healthz`)).json()).toEqual({ ok: true });
    await served.stop();
    await expect(fetch(`${served.url}/healthz`)).rejects.toThrow("fetch failed");
  });

  test("says which port is taken and what to use instead", async () => {
    const served = await serveOn(0);
    await expect(serveOn(served.port)).rejects.toMatchObject({
      code: "conflict",
      message: `Port ${served.port} is taken by another program.`,
      hint: expect.stringContaining(`--port ${served.port + 1}`),
    });
    await served.stop();
  });

  test("refuses a host that is not of this machine", async () => {
    await expect(serveOn(0, "203.0.113.7")).rejects.toMatchObject({ code: "invalid" });
  });

  test("shows a page at its address, and no other file of the machine", async () => {
    const served = await serveOn(0);
    const page = await fetch(`${served.url}/`);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await page.text()).toContain("Bureau is running");
    expect((await fetch(`${served.url}/style.css`)).status).toBe(200);
    for (const path of ["/..%2fpackage.json", "/%2e%2e/package.json", "/index.ts", "/etc/passwd", "//etc/passwd"]) {
      expect((await fetch(`${served.url}${path}`)).status).toBe(404);
    }
    await served.stop();
  });
});

/** What a socket is answered until it is closed. */
async function answerTo(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(text);
  let answer = "";
  for await (const bytes of socket) answer += String(bytes);
  return answer;
}

describe("a connection", () => {
  test("that sends no HTTP, or too much of it, is answered in the shape of every error and closed", async () => {
    const served = await serveOn(0);
    const cases = [
      ["nonsense\r\n\r\n", "400", "invalid"],
      [`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, "413", "too_large"],
      [`GET /${"x".repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, "413", "too_large"],
      ["GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n", "400", "invalid"],
      ["GET http://[ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "400", "invalid"],
      ["TRACE /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "405", "method_not_allowed"],
    ] as const;
    for (const [text, status, code] of cases) {
      const answer = await answerTo(served.port, text);
      expect(answer.split("\r\n")[0]).toContain(` ${status} `);
      const body = ErrorBody.parse(JSON.parse(answer.slice(answer.indexOf("{"), answer.lastIndexOf("}") + 1)));
      expect(body.error.code).toBe(code);
    }
    await served.stop();
  });

  test("that takes its time over a request is closed", async () => {
    const served = await serveOn(0, "127.0.0.1", {
      headersTimeout: 50,
      requestTimeout: 100,
      connectionsCheckingInterval: 25,
    });
    const slowHead = await answerTo(served.port, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n");
    expect(slowHead).toContain("did not come in time");
    const head = "POST /api/goals HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer t\r\n";
    const slowBody = await answerTo(
      served.port,
      `${head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    );
    expect(slowBody).not.toContain("200 OK");
    await served.stop();
  });
});

describe("the files of a running server", () => {
  let workspace = "";
  beforeEach(async () => {
    workspace = await mkdtemp(join(tmpdir(), "bureau-server-"));
  });
  afterEach(() => rm(workspace, { recursive: true, force: true }));

  test("the token is made once, for its owner alone, however many ask at once", async () => {
    const folder = await ownFolder(workspace);
    const tokens = await Promise.all(Array.from({ length: 40 }, () => readToken(folder, null)));
    expect(new Set([...tokens, await readToken(folder, null)]).size).toBe(1);
    expect(tokens[0]?.length).toBeGreaterThanOrEqual(32);
    expect((await stat(join(folder, "token"))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect(await readdir(folder)).toEqual(["token"]);
  });

  test("an empty token file, left by a process that died, is filled", async () => {
    const folder = await ownFolder(workspace);
    await writeFile(join(folder, "token"), "");
    const token = await readToken(folder, null);
    expect(token.length).toBeGreaterThanOrEqual(32);
    expect(await readToken(folder, null)).toBe(token);
  });

  test("a given token is used and the made one is left alone", async () => {
    const folder = await ownFolder(workspace);
    const made = await readToken(folder, null);
    expect(await readToken(folder, "given")).toBe("given");
    await writeServerFile(folder, "http://127.0.0.1:1", "given", true);
    const file = await readServerFile(folder);
    expect(await readFile(file?.tokenFile ?? "", "utf8")).toBe("given\n");
    expect(await readToken(folder, null)).toBe(made);
  });

  test("the server says where it is until it stops", async () => {
    const folder = await ownFolder(workspace);
    await writeServerFile(folder, "http://127.0.0.1:4747", "t", false);
    const file = { url: "http://127.0.0.1:4747", pid: process.pid, tokenFile: join(folder, "token") };
    expect(await readServerFile(folder)).toEqual(file);
    expect((await stat(join(folder, "server.json"))).mode & 0o777).toBe(0o600);
    await removeServerFile(folder);
    expect(await readServerFile(folder)).toBeNull();
  });

  test("the file of another server is left alone, and a broken one counts as none", async () => {
    const folder = await ownFolder(workspace);
    const other = { url: "http://127.0.0.1:1", pid: process.pid + 1, tokenFile: "x" };
    await writeFile(join(folder, "server.json"), JSON.stringify(other));
    await removeServerFile(folder);
    expect(await readServerFile(folder)).toEqual(other);
    await writeFile(join(folder, "server.json"), "{");
    expect(await readServerFile(folder)).toBeNull();
  });

  test("a workspace that is not there is named", async () => {
    await expect(ownFolder(join(workspace, "a", "b"))).rejects.toThrow(join(workspace, "a", "b"));
  });
});
