import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createModels, createSecretGuard, openVault, type PushOptions, systemClock } from "@bureau/engine";
import { ERROR_CODES, ErrorBody, OWNER_ID } from "@bureau/protocol";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ModelReply } from "../../engine/src/testing/model-reply.ts";
import type { ScriptRequest } from "../../engine/src/testing/model-server.ts";
import { testEngine, type TestEngine } from "../../engine/src/testing/test-engine.ts";
import { testEngineApi, type TestEngineApi } from "../../engine/src/testing/test-engine-api.ts";
import type { Fault } from "./app-parts.ts";
import { createPushTransport } from "./push-transport.ts";
import { type Served, serve } from "./serve.ts";
import { type ApiDocument, type RandomRequest, randomRequests } from "./testing/random-requests.ts";
import { type RawAnswer, sendRaw } from "./testing/raw-http.ts";

const REQUESTS = 5_000;
const SEED = 20_260_301;
const AT_ONCE = 6;
const TIME_LIMIT_MS = 60_000;
const MAX_IDS = 100;

const OWNER = "the-owners-token-is-a-secret";
const PLANTED = "planted-secret-4711";
const VAULTED = "vaulted-secret-4712";
const faults: Fault[] = [];
const started = Date.now();
let sent = 0;
// A second passes with each request, so that limits on strangers are met and pass.
const clock = { ...systemClock, now: () => started + sent * 1_000 };

let engine: TestEngine;
let engineApi: TestEngineApi;
let models: ReturnType<typeof createModels>;
let served: Served;
let document: ApiDocument;
const tokens: Record<string, string> = {};
let secrets: string[] = [];

beforeAll(async () => {
  engine = await testEngine({ script });
  const provider = { kind: "openai-compatible" as const, baseUrl: engine.model.openaiUrl, apiKey: PLANTED };
  // It learns the vault's secrets alone: the others must not get as far as that last line.
  const guard = createSecretGuard();
  const vault = openVault({
    folder: join(engine.workspace, ".bureau", "vault"),
    key: { type: "own" },
    clock,
    onRead: (kept) => guard.learn(kept),
  });
  models = createModels({ default: "test/scripted", providers: { test: provider } });
  // Made-up addresses are none of the internet: nothing is sent.
  const transport = createPushTransport({ vault, guard, subject: "mailto:ana@bureau-of-ana.eu", allowHosts: [] });
  const push: PushOptions = { transport, actions: "approvals", ownerKey: async () => "key" };
  engineApi = await testEngineApi({ ...engine, parts: { ...engine.parts, models } }, { clock, vault, push });
  await engineApi.api.setSecret("PLANTED", VAULTED);
  await writeFile(join(engine.workspace, ".env"), `KEY=${PLANTED}\n`);
  await writeFile(join(engine.workspace, ".bureau-token"), `${OWNER}\n`);
  const options = { guard, token: OWNER, version: "1", hosts: [], trustedProxies: [], webFolder: null };
  const onFault = (fault: Fault) => faults.push(fault);
  served = await serve({ engine: engineApi.api, clock, ...options, onFault, host: "127.0.0.1", port: 0 });
  document = JSON.parse((await send("GET", "/api/openapi.json", [])).body) as ApiDocument;
  for (const scope of ["read", "inbox"] as const) {
    const added = await engineApi.api.addDevice({ name: `Device ${scope}`, scope, personId: OWNER_ID, by: "owner" });
    tokens[scope] = added.token;
  }
  await begin();
  const { secret } = await engineApi.api.openSession({ ownerKey: "key" });
  secrets = [OWNER, PLANTED, VAULTED, ...Object.values(tokens), secret, new URL(engine.database.url).password].filter(
    Boolean,
  );
});
afterAll(async () => {
  await served.stop();
  await engineApi.close();
  models.close();
  await engine.close();
});

/** Something of each kind to ask for: goals, tasks, runs that are over, and one that asks a person. */
async function begin(): Promise<void> {
  const { api } = engineApi;
  for (const text of ["Say something", "Ask a question", "Publish a report"]) {
    await api.startRun({ text, agent: "writer" });
    await api.createTask({ title: text, agent: "writer" });
  }
  await engine.runUntilIdle();
  for (const name of ["one", "two", "three"]) {
    await api.createGoal({ text: name, agent: "writer" });
  }
  for (const path of ["goals", "tasks", "runs", "threads", "agents", "devices", "inbox", "artifacts"]) {
    harvest((await send("GET", `/api/${path}`, [["Authorization", `Bearer ${OWNER}`]])).body);
  }
}

function script({ messages, toolTurns }: ScriptRequest): ModelReply | string {
  if (toolTurns === 0 && messages.some(({ text }) => text.includes("Publish")))
    return { toolCalls: [{ name: "publish_artifact", arguments: { title: "Report", content: "# One\n" } }] };
  if (toolTurns > 0 || !messages.some(({ text }) => text.includes("question"))) return "Done.";
  return { toolCalls: [{ name: "ask_person", arguments: { question: "Which?", choices: ["this", "that"] } }] };
}

function send(
  method: string,
  path: string,
  headers: [string, string][],
  body: string | null = null,
): Promise<RawAnswer> {
  sent += 1;
  const bytes = Buffer.from(body?.toWellFormed() ?? "");
  const has = (name: string) => headers.some(([key]) => key.toLowerCase() === name);
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `Host: localhost:${served.port}`,
    "Connection: close",
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body === null || has("content-length") || has("transfer-encoding") ? [] : [`Content-Length: ${bytes.length}`]),
  ];
  return sendRaw(served.port, Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "utf8"), bytes]));
}

/** Ids that answers had, by their prefix, for requests that come after them. */
const ids = new Map<string, string[]>();

function harvest(body: string): void {
  for (const [, id, prefix] of body.matchAll(/"id":"(([a-z]+)_[0-9a-z]{20,})"/g)) {
    if (id === undefined || prefix === undefined) continue;
    const same = ids.get(prefix) ?? [];
    if (!ids.has(prefix)) ids.set(prefix, same);
    if (same.includes(id)) continue;
    if (same.length < MAX_IDS) same.push(id);
    else same[sent % MAX_IDS] = id;
  }
}

/** `@7.goal` is the seventh goal that was seen, `@7` anything. */
function known(text: string): string {
  return text.replace(/(?:@|%40)(\d{1,3})(?:\.([a-z]+))?/g, (whole, number: string, prefix?: string) => {
    const choices = prefix === undefined ? [...ids.values()].flat() : (ids.get(prefix) ?? []);
    return choices[Number(number) % Math.max(1, choices.length)] ?? whole.replace(/^(?:@|%40)/, "");
  });
}

function headersOf(request: RandomRequest): [string, string][] {
  return request.headers.flatMap(([name, value]): [string, string][] => {
    if (name !== "Authorization") return [[name, value]];
    switch (value) {
      case "@owner":
        return [[name, `Bearer ${OWNER}`]];
      case "@none":
        return [];
      case "@cookie":
        return [["Cookie", "bureau_0123456789ab=x"]];
      case "@basic":
        return [[name, "Basic b3duZXI6b3duZXI="]];
      default:
        return [[name, `Bearer ${tokens[value.slice(1)] ?? `bureau_${"x".repeat(43)}`}`]];
    }
  });
}

/** What is wrong with an answer; null when nothing is. */
function wrongWith(request: RandomRequest, { status, headers, body }: RawAnswer): string | null {
  if (status === 0) return "no answer";
  if (status >= 500) return `status ${status}`;
  const leaked = secrets.find((secret) => body.includes(secret) || JSON.stringify(headers).includes(secret));
  if (leaked !== undefined) return `the secret ${leaked}`;
  if (request.declared !== null && !isDeclared(request, status)) return `status ${status}, which is not declared`;
  if (status < 400 || request.method === "HEAD") return null;
  const error = ErrorBody.safeParse(parse(body));
  if (!error.success) return "an error without the declared shape";
  const { code, requestId } = error.data.error;
  if (ERROR_CODES[code as keyof typeof ERROR_CODES]?.status !== status) return `the code ${code} with status ${status}`;
  return requestId === undefined ? "an error without an id" : null;
}

/** An address with dots or slashes in a segment is another one. */
function isDeclared({ path, declared }: RandomRequest, status: number): boolean {
  if ((status === 404 || status === 405) && /%2f|%2e|\/\.\.?(?:\/|\?|$)/i.test(path)) return true;
  return declared?.includes(String(status)) === true;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

describe("the API", () => {
  test(
    `answers ${REQUESTS} random requests of its own description without a fault, in its own shapes, and tells no secret`,
    { timeout: TIME_LIMIT_MS },
    async () => {
      const requests = fc.sample(randomRequests(document), { numRuns: REQUESTS, seed: SEED });
      const wrong: string[] = [];
      const statuses = new Map<number, number>();
      const next = requests[Symbol.iterator]();
      const work = async () => {
        for (const request of { [Symbol.iterator]: () => next }) {
          const body = request.body === null ? null : known(request.body);
          const answer = await send(request.method, known(request.path), headersOf(request), body);
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
          harvest(answer.body);
          const what = wrongWith(request, answer);
          if (what === null) continue;
          const headers = request.headers.slice(2).map((header) => header.join(": ").slice(0, 80));
          wrong.push(
            [
              what,
              request.method,
              request.path.slice(0, 200),
              headers.join(),
              body?.slice(0, 300),
              answer.body.slice(0, 300),
            ].join(" | "),
          );
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      expect(faults.map(({ method, path, error }) => `${method} ${path}: ${String(error)}`)).toEqual([]);
      expect(wrong.slice(0, 20)).toEqual([]);
      // Otherwise the requests have stopped at the door, and nothing was tried.
      expect(statuses.get(200)).toBeGreaterThan(REQUESTS / 10);
      for (const status of [400, 401, 403, 404, 405, 409])
        expect([status, statuses.get(status)]).not.toContain(undefined);
      const after = await send("GET", "/api/status", [["Authorization", `Bearer ${OWNER}`]]);
      expect(after.status).toBe(200);
    },
  );
});
