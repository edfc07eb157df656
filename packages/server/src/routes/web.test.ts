import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { BASE_URL, testApp } from "../testing/test-app.ts";
import { createWebBuild } from "../web-build.ts";
import { accepts } from "../web-files.ts";

const HTML = { accept: "text/html,application/xhtml+xml" };
const SCRIPT = "console.log('the app');\n".repeat(50);

let root = "";
let folder = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "bureau-web-"));
  folder = join(root, "dist");
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function build(index = "<!doctype html><title>Bureau</title>"): Promise<void> {
  await mkdir(join(folder, "assets"), { recursive: true });
  await writeFile(join(folder, "index.html"), index);
  await writeFile(join(folder, "sw.js"), "self");
  await writeFile(join(folder, "build.json"), "{}");
  await writeFile(join(folder, "assets", "app-Ab12Cd34.js"), SCRIPT);
  await writeFile(join(folder, "assets", "app-Ab12Cd34.js.br"), brotliCompressSync(SCRIPT));
  await writeFile(join(folder, "assets", "app-Ab12Cd34.js.gz"), gzipSync(SCRIPT));
}

const get = (app: ReturnType<typeof testApp>, path: string, headers: Record<string, string> = {}) =>
  app.app.request(`${BASE_URL}${path}`, { headers });

describe("the web app", () => {
  test("has one page at each of its addresses, and none where programs ask or a file is named", async () => {
    await build();
    const app = testApp({ webFolder: folder });
    for (const path of ["/", "/index.html", "/inbox", "/goals/goal_1/runs", "/threads/thr_1?item=3"]) {
      const response = await get(app, path, HTML);
      expect([path, response.status]).toEqual([path, 200]);
      expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
      expect(response.headers.get("cache-control")).toBe("no-cache");
    }
    for (const path of [
      "/missing.js",
      "/goals/x.png",
      "/api/nothing",
      "/mcp",
      "/hooks/x",
      "/assets/gone-1.js",
      "/build.json",
    ]) {
      expect([path, (await get(app, path, HTML)).status]).toEqual([path, 404]);
    }
    expect((await get(app, "/inbox", { accept: "application/json" })).status).toBe(404);
    expect((await app.app.request(`${BASE_URL}/inbox`, { method: "POST", headers: HTML })).status).toBe(404);
  });

  test("has assets that a browser keeps for a year, and a worker for the whole app that it asks for each time", async () => {
    await build();
    const app = testApp({ webFolder: folder });
    const asset = await get(app, "/assets/app-Ab12Cd34.js");
    expect(asset.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    const worker = await get(app, "/sw.js");
    expect(worker.headers.get("service-worker-allowed")).toBe("/");
    expect(worker.headers.get("cache-control")).toBe("no-cache");
    expect(worker.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  });

  test("is sent packed to who takes that, and as it is to all others", async () => {
    await build();
    const app = testApp({ webFolder: folder });
    const sent = async (encoding: string) => {
      const response = await get(app, "/assets/app-Ab12Cd34.js", { "accept-encoding": encoding });
      expect(response.headers.get("vary")).toBe("accept-encoding");
      return [response.headers.get("content-encoding"), (await response.arrayBuffer()).byteLength];
    };
    expect(await sent("gzip, deflate, br, zstd")).toEqual(["br", brotliCompressSync(SCRIPT).length]);
    expect(await sent("gzip, br;q=0")).toEqual(["gzip", gzipSync(SCRIPT).length]);
    expect(await sent("identity")).toEqual([null, SCRIPT.length]);
    expect((await get(app, "/assets/app-Ab12Cd34.js.br")).status).toBe(404);
  });

  test("is not sent again to who has it, in the same form", async () => {
    await build();
    const app = testApp({ webFolder: folder });
    const first = await get(app, "/", { "accept-encoding": "br" });
    const tag = first.headers.get("etag")!;
    const again = await get(app, "/", { "if-none-match": `"other", W/${tag}` });
    expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", tag]);
    const asset = (await get(app, "/assets/app-Ab12Cd34.js", { "accept-encoding": "br" })).headers.get("etag")!;
    expect((await get(app, "/assets/app-Ab12Cd34.js", { "if-none-match": asset })).status).toBe(200);
  });

  test("is the new one after it was built again, without a restart", async () => {
    await build("<!doctype html>first");
    const app = testApp({ webFolder: folder });
    expect(await (await get(app, "/", HTML)).text()).toContain("first");
    await rm(folder, { recursive: true });
    await build("<!doctype html>second");
    await writeFile(join(folder, "assets", "new-Ef56Gh78.js"), "new");
    await utimes(join(folder, "index.html"), 1, 1);
    expect(await (await get(app, "/", HTML)).text()).toContain("second");
    expect(await (await get(app, "/assets/new-Ef56Gh78.js")).text()).toBe("new");
  });

  test("keeps the browser within this site, and lets it listen to a person and draw its own pictures", async () => {
    await build();
    const { headers } = await get(testApp({ webFolder: folder }), "/", HTML);
    const policy = headers.get("content-security-policy")!;
    for (const rule of [
      "script-src 'self';",
      "style-src 'self';",
      "img-src 'self' data: blob:;",
      "worker-src 'self';",
    ]) {
      expect(policy).toContain(rule);
    }
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(headers.get("permissions-policy")).toMatch(/camera=\(\).*microphone=\(self\)/);
  });
});

describe("a web app that is not built", () => {
  function building(script: string) {
    const log: string[] = [];
    const stopping = new AbortController();
    const webBuild = createWebBuild({
      root,
      folder,
      sources: [join(root, "src")],
      command: [process.execPath, "-e", script],
      byHand: "npm run build:web",
      searchPath: "/usr/bin:/bin",
      home: undefined,
      log: (message) => void log.push(message),
      signal: stopping.signal,
    });
    return { log, stopping, app: testApp({ webFolder: folder, webBuild }) };
  }

  test("is built once in the background, while a calm page loads itself anew", async () => {
    const script = `
      const fs = require("fs");
      fs.mkdirSync("dist", { recursive: true });
      fs.appendFileSync("runs.txt", "x");
      fs.writeFileSync("dist/index.html", "<!doctype html>built " + fs.readFileSync("runs.txt") + Object.keys(process.env).join());`;
    const { app } = building(script);
    const pages = await Promise.all([get(app, "/", HTML), get(app, "/inbox", HTML)]);
    for (const page of pages) {
      expect(page.status).toBe(503);
      expect(page.headers.get("cache-control")).toBe("no-store");
      const text = await page.text();
      expect(text).toContain("The app is being prepared");
      expect(text).toContain('http-equiv="refresh"');
      expect(text).not.toMatch(/<script|<style|style=/);
    }
    expect((await get(app, "/preparing.css")).headers.get("content-type")).toBe("text/css; charset=utf-8");
    expect((await get(app, "/healthz")).status).toBe(200);
    await expect.poll(async () => (await get(app, "/", HTML)).status, { timeout: 10_000 }).toBe(200);
    expect(await (await get(app, "/", HTML)).text()).toBe("<!doctype html>built xPATH");
  });

  test("is built anew where a source is newer than it, and shown as it is where that fails", async () => {
    await build("<!doctype html>old");
    await mkdir(join(root, "src"));
    await writeFile(join(root, "src", "main.ts"), "new");
    await utimes(join(folder, "build.json"), 1, 1);
    const { app, log } = building("process.exit(1)");
    expect((await get(app, "/", HTML)).status).toBe(503);
    await expect.poll(async () => await (await get(app, "/", HTML)).text(), { timeout: 10_000 }).toContain("old");
    expect(log).toHaveLength(1);
    await utimes(join(root, "src", "main.ts"), 1, 1);
    const fresh = building("process.exit(1)");
    expect(await (await get(fresh.app, "/", HTML)).text()).toContain("old");
    expect(fresh.log).toEqual([]);
  });

  test("says what to run when it cannot be built, and loads itself no more", async () => {
    const { app, log } = building("console.error('no compiler <here>'); process.exit(3)");
    expect((await get(app, "/", HTML)).status).toBe(503);
    const text = async () => await (await get(app, "/", HTML)).text();
    await expect.poll(text, { timeout: 10_000 }).toContain("could not be prepared");
    expect(await text()).toContain(`<code>npm run build:web</code> in <code>${root}</code>`);
    expect(await text()).not.toMatch(/http-equiv="refresh"|no compiler/);
    expect(log.join()).toContain("no compiler <here>");
    await build("<!doctype html>by hand");
    expect(await text()).toContain("by hand");
  });
});

describe("accepts", () => {
  test.each([
    [undefined, false],
    ["", false],
    ["br", true],
    ["gzip, BR", true],
    ["br;q=0", false],
    ["br;q=0.1", true],
    ["*", true],
    ["*;q=0", false],
    ["br;q=0, *", false],
    ["brotli", false],
  ])("%j: %s", (header, taken) => {
    expect(accepts(header, "br")).toBe(taken);
  });
});
