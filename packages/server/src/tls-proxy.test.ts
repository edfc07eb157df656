import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { request as plainRequest } from "node:http";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createModels, createSecretGuard, openVault, systemClock } from "@bureau/engine";
import type { InboxEntry, PairingMade, SessionInfo } from "@bureau/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testEngine, type TestEngine } from "../../engine/src/testing/test-engine.ts";
import { testEngineApi, type TestEngineApi } from "../../engine/src/testing/test-engine-api.ts";
import { type Served, serve } from "./serve.ts";

const NAME = "bureau.test";
const TOKEN = "the-owners-token-for-this-test";
const clock = systemClock;

let engine: TestEngine;
let engineApi: TestEngineApi;
let models: ReturnType<typeof createModels>;
let served: Served;
let proxy: { port: number; certificate: string; seen: string[]; close(): Promise<void> };

beforeAll(async () => {
  engine = await testEngine({
    script: ({ index }) =>
      index === 0 ? { toolCalls: [{ name: "ask_person", arguments: { question: "Which tone?" } }] } : "Calm it is.",
  });
  const provider = { kind: "openai-compatible" as const, baseUrl: engine.model.openaiUrl, apiKey: "none" };
  models = createModels({ default: "test/scripted", providers: { test: provider } });
  const vault = openVault({ folder: join(engine.workspace, ".bureau", "vault"), key: { type: "own" }, clock });
  engineApi = await testEngineApi({ ...engine, parts: { ...engine.parts, models } }, { clock, vault });
  served = await serve({
    engine: engineApi.api,
    clock,
    guard: createSecretGuard(),
    token: TOKEN,
    version: "1",
    hosts: [NAME],
    trustedProxies: ["127.0.0.1"],
    webFolder: null,
    onFault: ({ error }) => {
      throw error;
    },
    host: "127.0.0.1",
    port: 0,
  });
  proxy = await startProxy(served.port);
});
afterAll(async () => {
  await proxy.close();
  await served.stop();
  await engineApi.close();
  models.close();
  await engine.close();
});

/** A proxy as `tailscale serve` or Caddy is one: it speaks TLS, and says for whom it asks. */
async function startProxy(target: number) {
  const folder = await mkdtemp(join(tmpdir(), "bureau-tls-"));
  const [keyFile, certificateFile] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  const what = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split(" ");
  const names = ["-subj", `/CN=${NAME}`, "-addext", `subjectAltName=DNS:${NAME}`];
  await promisify(execFile)("openssl", [...what, ...names, "-keyout", keyFile, "-out", certificateFile]);
  const [key, certificate] = [await readFile(keyFile, "utf8"), await readFile(certificateFile, "utf8")];
  await rm(folder, { recursive: true });
  const seen: string[] = [];
  const server = createServer({ key, cert: certificate }, (incoming, outgoing) => {
    seen.push(`${incoming.method} ${incoming.url}`);
    const { remoteAddress = "" } = incoming.socket;
    const headers = { ...incoming.headers, "x-forwarded-for": remoteAddress, "x-forwarded-proto": "https" };
    const { method, url: path } = incoming;
    const asked = plainRequest({ host: "127.0.0.1", port: target, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    asked.on("error", () => outgoing.destroy());
    outgoing.on("close", () => asked.destroy());
    incoming.pipe(asked);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port: (server.address() as AddressInfo).port, certificate, seen, close };
}

interface Answer {
  status: number;
  cookies: string[];
  text: string;
}

/** As the phone asks: over TLS, with the certificate checked. Reads until `until` has come, or to the end. */
function ask(
  method: string,
  path: string,
  options: { headers?: object; body?: unknown; until?: RegExp } = {},
): Promise<Answer> {
  const origin = `https://${NAME}:${proxy.port}`;
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: "127.0.0.1",
        port: proxy.port,
        servername: NAME,
        ca: proxy.certificate,
        method,
        path,
        headers: {
          host: `${NAME}:${proxy.port}`,
          ...(method === "GET" ? {} : { origin, "content-type": "application/json" }),
          ...options.headers,
        },
      },
      (answer) => {
        let text = "";
        const end = () =>
          resolve({ status: answer.statusCode ?? 0, cookies: answer.headers["set-cookie"] ?? [], text });
        answer.setEncoding("utf8");
        answer.on("data", (chunk: string) => {
          text += chunk;
          if (options.until?.test(text) !== true) return;
          end();
          asked.destroy();
        });
        answer.on("end", end);
      },
    );
    asked.on("error", reject);
    asked.end(options.body === undefined ? undefined : JSON.stringify(options.body));
  });
}

test("a phone is paired, listens and decides through a proxy that speaks TLS, with a cookie that only TLS carries", async () => {
  await engineApi.api.startRun({ text: "Write", agent: "writer" });
  await engine.runUntilIdle();
  const owner = { authorization: `Bearer ${TOKEN}` };
  const made = JSON.parse(
    (await ask("POST", "/api/pairings", { headers: owner, body: { name: "Phone", scope: "inbox" } })).text,
  ) as PairingMade;
  // Where the request came to, seen through the proxy; and the code is where no server sees it.
  expect(made.link).toBe(`https://${NAME}:${proxy.port}/pair#${made.code}`);
  expect(made.address.warning).toBeNull();

  const paired = await ask("POST", "/api/pairings/redeem", { body: { code: made.code } });
  expect(paired.status).toBe(200);
  expect(paired.cookies).toHaveLength(1);
  expect(paired.cookies[0]).toMatch(/^__Host-bureau_[0-9a-f]+=[\w-]{43};/);
  for (const part of ["HttpOnly", "Secure", "SameSite=Strict", "Path=/"]) expect(paired.cookies[0]).toContain(part);
  expect(paired.cookies[0]).not.toContain("Domain");
  const cookie = paired.cookies[0]?.split(";")[0] ?? "";
  expect(proxy.seen.join()).not.toContain(made.code);

  const session = JSON.parse((await ask("GET", "/api/session", { headers: { cookie } })).text) as SessionInfo;
  expect(session).toMatchObject({ name: "Phone", scope: "inbox", person: { name: "owner" } });
  const { entries } = JSON.parse((await ask("GET", "/api/inbox", { headers: { cookie } })).text) as {
    entries: InboxEntry[];
  };
  const events = ask("GET", "/api/events?after=0", { headers: { cookie }, until: /question\.answered/ });
  const path = `/api/inbox/${entries[0]?.id}/answer`;
  const unproven = await ask("POST", path, { headers: { cookie }, body: { text: "Loud" } });
  expect(unproven.status).toBe(403);
  const proof = { cookie, "x-bureau-csrf": session.csrf };
  const answered = await ask("POST", path, { headers: proof, body: { text: "Calm" } });
  expect(answered.status).toBe(200);
  expect(JSON.parse(answered.text)).toMatchObject({ status: "answered", decidedBy: "owner", decidedDevice: "Phone" });
  expect((await events).text).toContain("Which tone?");

  // The same cookie over plain HTTP, past the proxy, is none.
  const plain = await fetch(`http://127.0.0.1:${served.port}/api/status`, { headers: { cookie } });
  expect(plain.status).toBe(401);
});
