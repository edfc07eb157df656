import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { parseSettings } from "@bureau/engine";
import { api, createClient, type Endpoint, isDelta, openEventStream } from "@bureau/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ModelServer, type ScriptRequest, startModelServer } from "../../engine/src/testing/model-server.ts";
import { noSandboxReason } from "../../engine/src/sandbox/test-sandbox.ts";
import { readConfig } from "./config.ts";
import { withDatabase } from "./local-database.ts";

const BUREAU = new URL("../../cli/bin/bureau.mjs", import.meta.url).pathname;
const TEST_MS = 120_000;
const GOAL_MS = 60_000;
const FAIL = "Let no model answer this";
const CANARIES = [
  "vault",
  "header",
  "environment",
  "token",
  "userinfo",
  "literalHeader",
  "printed",
  "echoed",
  "fetched",
] as const;
type Canary = (typeof CANARIES)[number];

const canary = Object.fromEntries(
  CANARIES.map((name) => [name, `${name}-7-${randomBytes(18).toString("base64url")}`]),
) as Record<Canary, string>;

/** Files in which a person put a secret themselves, and Bureau's own places for them. */
const LEGITIMATE = [
  "workspace/bureau.yaml",
  "workspace/agents/worker/person.conf",
  "workspace/.bureau/vault/key",
  "workspace/.bureau/token",
  "workspace/.bureau/server-token",
];

interface Started {
  url: string;
  token: string;
  child: ChildProcess;
}

let base = "";
let workspace = "";
let model: ModelServer;
let web: Server;
let webUrl = "";
const log: string[] = [];
const answers: string[] = [];
const events: string[] = [];
let backupFile = "";
let crash: (() => void) | null = null;

/** Every text by which a canary is recognised; the first is the value as it is. */
function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  return [
    value,
    bytes.toString("base64").replace(/=+$/, ""),
    bytes.toString("base64url"),
    bytes.toString("hex"),
    encodeURIComponent(value),
    value.slice(0, 30),
  ];
}

/** Where in a text which canaries are. */
function leaks(text: string, where: string): string[] {
  return CANARIES.filter((name) => formsOf(canary[name]).some((form) => text.includes(form))).map(
    (name) => `${name} in ${where}: ${text.slice(Math.max(0, text.indexOf(canary[name]) - 80)).slice(0, 200)}`,
  );
}

function environment(): Record<string, string | undefined> {
  return {
    PATH: process.env["PATH"],
    HOME: process.env["HOME"],
    BUREAU_DATA: join(base, "data"),
    BUREAU_TOKEN: canary.token,
    BUREAU_RECORD: join(base, "recording.jsonl"),
    BAD_KEY: canary.environment,
    GIVEN_SECRET: canary.vault,
  };
}

async function bureau(args: string[], input = ""): Promise<string> {
  const child = execFile(process.execPath, [BUREAU, ...args, "--workspace", workspace], { env: environment() });
  child.stdin?.end(input);
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text: string) => said.push(text));
  await once(child, "close");
  log.push(...said);
  return said.join("");
}

async function start(): Promise<Started> {
  const child = spawn(process.execPath, [BUREAU, "up", "--port", "0", "--workspace", workspace], {
    env: environment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stderr.on("data", (bytes: Buffer) => log.push(bytes.toString()));
  for await (const line of createInterface({ input: child.stdout })) {
    log.push(line);
    const url = /http:\/\/\S+?(?=,)/.exec(line)?.[0];
    if (url === undefined) continue;
    running = { url, token: canary.token, child };
    return running;
  }
  throw new Error(`The server did not start: ${log.join("\n")}`);
}

/** Goes through every way by which a secret may come in, and says each value that it was given. */
function script(request: ScriptRequest) {
  const call = (name: string, args: unknown) => ({ toolCalls: [{ name, arguments: args }] });
  const turns = [
    call("run_command", { command: "cat person.conf; base64 -w0 person.conf; xxd -p person.conf | tr -d '\\n'" }),
    call("run_command", { command: "cat person.conf >&2; exit 3" }),
    call("read_file", { path: "person.conf" }),
    call("search_files", { pattern: "printed" }),
    call("fetch_url", { url: `${webUrl}/page` }),
    call("fetch_url", { url: `${webUrl}/redirect` }),
    call("fetch_url", { url: `${webUrl.replace("//", `//me:${canary.fetched}@`)}/page` }),
    { text: `It is ${canary.echoed}, I say.`, deltas: 30, ...call("plan", { steps: [`Use ${canary.echoed}`] }) },
    {
      reasoning: `Think of ${canary.echoed}`,
      ...call("write_file", { path: "out.txt", content: `key=${canary.echoed}\n` }),
    },
    call("write_file", { path: "seen.txt", content: "key=${secret:PRINTED}\n" }),
    call("run_command", { command: `echo ${canary.echoed} ${canary.vault}` }),
    call("no_such_tool", { value: canary.echoed }),
    call("request_check", {}),
  ];
  if (request.messages.some(({ text }) => text.includes(FAIL))) return { status: 400 };
  if (request.toolTurns === 5) crash?.();
  if (!request.tools.includes("request_check")) return { text: `Judged: ${canary.echoed}` };
  return turns[request.toolTurns] ?? { text: `All is done with ${canary.echoed}.` };
}

function startWeb(): Promise<Server> {
  const server = createServer((request, response) => {
    const { authorization } = request.headers;
    if (request.url?.startsWith("/bad") === true) {
      response.writeHead(401, { "content-type": "application/json", "x-echo": String(authorization) });
      response.end(JSON.stringify({ error: { message: `Incorrect API key provided: ${authorization}`, code: "x" } }));
    } else if (request.url?.startsWith("/inner") === true) {
      response.writeHead(400, { "content-type": "application/json" });
      const said = Buffer.from(String(authorization).split(" ")[1] ?? "", "base64").toString();
      response.end(JSON.stringify({ error: { message: `Refused for ${authorization} which is ${said}` } }));
    } else if (request.url === "/redirect") {
      response.writeHead(302, { location: `/page?key=${canary.fetched}` }).end();
    } else {
      response.writeHead(200, { "content-type": "text/html" });
      const encoded = Buffer.from(`user:${canary.fetched}`).toString("base64");
      response.end(`<title>${canary.fetched}</title><p>Your key is ${canary.fetched} or ${encoded}.</p>`);
    }
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

async function makeWorkspace(): Promise<void> {
  base = await realpath(await mkdtemp(join(tmpdir(), "bureau-canary-")));
  // As root the database runs as another user, who has to pass through.
  await chmod(base, 0o755);
  workspace = join(base, "workspace");
  await mkdir(join(workspace, "agents", "worker"), { recursive: true });
  await writeFile(join(workspace, "agents", "worker", "AGENTS.md"), `You work. The key is ${canary.printed}.\n`);
  await writeFile(join(workspace, "agents", "worker", "person.conf"), `a=1\nprinted=${canary.printed}\n`);
  await writeFile(
    join(workspace, "bureau.yaml"),
    [
      "models: { default: inner/m, fallbacks: [good/scripted, bad/m] }",
      "providers:",
      `  bad: { baseUrl: "${webUrl}/bad", apiKeyEnv: BAD_KEY, headers: { x-auth-team: "${canary.literalHeader}" } }`,
      `  inner: { baseUrl: "${webUrl.replace("//", `//me:${canary.userinfo}@`)}/inner" }`,
      "  good:",
      `    baseUrl: "${model.openaiUrl}"`,
      "    apiKeySecret: GOOD_KEY",
      '    headers: { x-team: "team ${secret:TEAM_HEADER}" }',
      `fetch: { allowHosts: ["127.0.0.1:${(web.address() as AddressInfo).port}"] }`,
      "",
    ].join("\n"),
  );
}

/** Every GET address of the API, with what there is to name in its path. */
async function readAll(started: Started, ids: Record<string, string>): Promise<void> {
  for (const endpoint of Object.values<Endpoint>(api)) {
    if (endpoint.method !== "GET" || endpoint.reply === "events") continue;
    const path = endpoint.path.replace(/:([A-Za-z]+)/g, (_whole, name: string) => ids[name] ?? "missing");
    const headers = { authorization: `Bearer ${started.token}` };
    const reply = await fetch(`${started.url}${path}`, { headers });
    answers.push(`${path}: ${await reply.text()}`);
  }
  for (const path of ["/metrics", "/healthz", "/readyz", "/api/openapi.json", "/"])
    answers.push(`${path}: ${await (await fetch(`${started.url}${path}`)).text()}`);
}

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function clientOf({ url, token }: Started) {
  return createClient({ baseUrl: url, token });
}

async function kill({ child }: Started, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, "exit");
}

async function followGoal(started: Started, goalId: string, stopped?: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([AbortSignal.timeout(GOAL_MS), ...(stopped ? [stopped] : [])]);
  for await (const message of openEventStream({ baseUrl: started.url, token: started.token, after: 0, signal })) {
    events.push(JSON.stringify(message));
    if (!isDelta(message) && message.type === "approval.requested") await approve(started);
    if (isDelta(message) || message.type !== "goal.updated" || message.goalId !== goalId) continue;
    const { status } = message.data["goal"] as { status?: string };
    if (status === "done" || status === "blocked" || status === "paused") return;
  }
}

/** Says yes to all that waits: what a page said may not stop the work here. */
async function approve(started: Started): Promise<void> {
  const client = clientOf(started);
  const { entries } = await client.listInbox({ query: { status: ["pending"] } });
  for (const { id, kind } of entries) {
    if (kind !== "approval") continue;
    answers.push(JSON.stringify(await client.getInboxEntry({ params: { entryId: id } })));
    await client.decideInboxEntry({ params: { entryId: id }, body: { decision: "approve" } });
    approved += 1;
  }
}

/** Why a run failed for which every provider refused its key, and said it. */
async function failedRun(started: Started): Promise<string> {
  const client = clientOf(started);
  const { id } = await client.startRun({ body: { text: FAIL } });
  const signal = AbortSignal.timeout(GOAL_MS);
  for await (const message of openEventStream({ baseUrl: started.url, token: started.token, after: 0, signal })) {
    events.push(JSON.stringify(message));
    if (!isDelta(message) && message.type === "run.failed" && message.runId === id) break;
  }
  const run = await client.getRun({ params: { runId: id } });
  await readAll(started, { runId: id, threadId: run.threadId, thread: run.threadId });
  return run.sentence;
}

let running: Started | null = null;
let goalStatus = "";
let failure = "";
let approved = 0;
let listed = "";

beforeAll(async () => {
  model = await startModelServer({ script });
  web = await startWeb();
  webUrl = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  await makeWorkspace();
  await bureau(["secret", "set", "GOOD_KEY", "--from-env", "GIVEN_SECRET"]);
  await bureau(["secret", "set", "TEAM_HEADER"], `${canary.header}\n`);
  let started = await start();
  for (const name of ["printed", "echoed", "fetched"] as const)
    await bureau(["secret", "set", name.toUpperCase()], canary[name]);
  const crashed = new Promise<void>((resolve) => {
    const first = started;
    crash = () => {
      crash = null;
      void kill(first, "SIGKILL").then(resolve);
    };
  });
  const client = clientOf(started);
  const { agents } = await client.listAgents();
  const goal = await client.createGoal({
    body: {
      agent: agents.find((agent) => agent.name === "worker")!.id,

      spec: {
        brief: "Do what is wanted",
        checks: [
          { command: "cat person.conf" },
          { file: { path: "person.conf", contains: "printed" } },
          { http: { url: `${webUrl}/page`, status: 200 } },
        ],
      },
    },
  });
  const stop = new AbortController();
  const following = followGoal(started, goal.id, stop.signal).catch(() => undefined);
  await crashed;
  stop.abort();
  await following;
  started = await start();
  await followGoal(started, goal.id);
  failure = await failedRun(started);
  goalStatus = (await clientOf(started).getGoal({ params: { goal: goal.id } })).status;
  const { runs } = await clientOf(started).listRuns({ query: { goal: goal.id } });
  const { threadId, id: run } = runs[0]!;
  const { entries } = await clientOf(started).listInbox({ query: {} });
  const ids = { goal: goal.id, goalId: goal.id, agent: goal.agentId, runId: run, run, threadId, thread: threadId };
  await readAll(started, { ...ids, entryId: entries[0]?.id ?? "appr_x", name: "PRINTED" });
  listed = await bureau(["secret", "list"]);
  await bureau(["doctor"]);
  backupFile = join(base, "backup.tar");
  await bureau(["backup", backupFile]);
  await kill(started, "SIGTERM");
}, TEST_MS);

afterAll(async () => {
  if (running !== null) await kill(running, "SIGTERM");
  await model.close();
  web.close();
  await rm(base, { recursive: true, force: true });
});

describe.skipIf(noSandboxReason)(
  `no secret is found after a goal that met them everywhere ${noSandboxReason ?? ""}`,
  () => {
    test("which came to its end", () => {
      expect(goalStatus).toBe("done");
      expect(approved).toBeGreaterThan(0);
      expect(failure).toMatch(/Incorrect API key provided: Bearer \[.+\]/);
      expect(log.join("\n")).toMatch(
        /Refused for Basic \S*\[secret inner baseUrl\]\S* which is me:\[secret inner baseUrl\]/,
      );
      expect(listed).toContain("PRINTED");
      expect(model.requests.length).toBeGreaterThan(12);
    });

    test("in what was written to the log and by the command line", () => {
      expect(leaks(log.join("\n"), "the log")).toEqual([]);
    });

    test("in an answer of the API or an event", () => {
      expect(answers.length).toBeGreaterThan(20);
      expect(answers.flatMap((answer) => leaks(answer, answer.slice(0, 60)))).toEqual([]);
      // What was told live comes in pieces: together they would show it.
      const deltas = events.map((event) => (JSON.parse(event) as { text?: string }).text ?? "").join("");
      expect(deltas).toContain("[secret ECHOED]");
      expect([...leaks(deltas, "deltas"), ...events.flatMap((event) => leaks(event, "an event"))]).toEqual([]);
    });

    test("in what the model was sent, but for the headers that are meant for its server", () => {
      for (const { raw, headers } of model.requests) {
        expect(leaks(raw, "a prompt")).toEqual([]);
        const { authorization, "x-team": team, ...others } = headers;
        expect(authorization).toBe(`Bearer ${canary.vault}`);
        expect(team).toBe(`team ${canary.header}`);
        expect(leaks(JSON.stringify(others), "a header")).toEqual([]);
      }
      expect(model.requests.some(({ raw }) => raw.includes("[secret PRINTED]"))).toBe(true);
    });

    test("in any table of the database", async () => {
      const config = readConfig({ workspace }, parseSettings(""), environment());
      const found = await withDatabase(
        config,
        () => undefined,
        async (database) => {
          const { rows: tables } = await database.query<{ name: string }>(
            `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
           WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
          );
          const texts: string[] = [];
          for (const { name } of tables) {
            const { rows } = await database.query<{ text: string }>(`SELECT to_jsonb(t)::text AS text FROM ${name} t`);
            texts.push(...rows.map((row) => `${name}: ${row.text}`));
          }
          return texts;
        },
      );
      expect(found.length).toBeGreaterThan(100);
      expect(found.some((text) => text.includes("[secret PRINTED]"))).toBe(true);
      expect(found.flatMap((text) => leaks(text, text.slice(0, 60)))).toEqual([]);
    });

    test("in any file, but where a person put it and in Bureau's own places for it", async () => {
      const found: string[] = [];
      for (const path of await filesUnder(base)) {
        const place = relative(base, path);
        if (LEGITIMATE.includes(place) || place.endsWith("worker/AGENTS.md") || path === backupFile) continue;
        found.push(...leaks(await readFile(path, "latin1"), place));
      }
      expect(found).toEqual([]);
      expect(await readFile(join(base, "recording.jsonl"), "utf8")).toContain("[secret ECHOED]");
      await expect(readFile(join(workspace, "agents", "worker", "out.txt"))).rejects.toThrow("ENOENT");
    });

    test("in a backup, but in the person's own files, of which it warns", async () => {
      const folder = join(base, "unpacked");
      await mkdir(folder);
      await once(execFile("tar", ["-xf", backupFile, "-C", folder]), "close");
      const found: string[] = [];
      for (const path of await filesUnder(folder)) {
        const place = relative(folder, path);
        if (/files\/(bureau\.yaml|agents\/worker\/(person\.conf|AGENTS\.md))$/.test(place)) continue;
        found.push(...leaks(await readFile(path, "latin1"), place));
      }
      expect(found).toEqual([]);
      expect(await readdir(join(folder, "vault"))).toEqual(["secrets.age"]);
      expect(log.join("\n")).toContain("Holds the value of the secret PRINTED: agents/worker/person.conf");
    });
  },
);
