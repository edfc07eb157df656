import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseSettings } from "@bureau/engine";
import {
  api,
  applyEvent,
  createClient,
  EMPTY_VIEW,
  type Endpoint,
  isDelta,
  openEventStream,
  type View,
} from "@bureau/protocol";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ModelServer, startModelServer } from "../../engine/src/testing/model-server.ts";
import { testDatabase, type TestDatabase } from "../../engine/src/testing/test-database.ts";
import { type Config, readConfig } from "./config.ts";
import { type RunningServer, startServer } from "./main.ts";
import { writeHaltFile } from "./halt-file.ts";
import { readServerFile } from "./server-file.ts";

let database: TestDatabase;
let models: ModelServer;
let workspace = "";
const running: RunningServer[] = [];

beforeAll(async () => {
  models = await startModelServer({ script: () => "Done." });
});
afterAll(() => models.close());

beforeEach(async () => {
  database = await testDatabase();
  workspace = await realpath(await mkdtemp(join(tmpdir(), "bureau-main-")));
  await writeFile(join(workspace, "AGENTS.md"), `# Writer in ${workspace}\n`);
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  await database.drop();
  await rm(workspace, { recursive: true, force: true });
});

function configOf(part: Partial<Config> = {}): Config {
  const environment = {
    BUREAU_WORKSPACE: workspace,
    BUREAU_PORT: "0",
    DATABASE_URL: database.url,
    BUREAU_MODEL: "openai/test",
    OPENAI_API_KEY: "test",
    OPENAI_BASE_URL: models.openaiUrl,
  };
  return { ...readConfig({}, parseSettings(""), environment), ...part };
}

async function start(part: Partial<Config> = {}, log: string[] = []): Promise<RunningServer> {
  const server = await startServer(configOf(part), (_level, message) => log.push(message));
  running.push(server);
  return server;
}

function clientOf({ url, token }: RunningServer) {
  return createClient({ baseUrl: url, token });
}

/** The view that the events build, once a run in it is over. */
async function viewAfterRun({ url, token }: RunningServer, runId: string): Promise<View> {
  let view = EMPTY_VIEW;
  for await (const message of openEventStream({ baseUrl: url, token, after: 0 })) {
    if (isDelta(message)) continue;
    view = applyEvent(view, message);
    const status = view.runs[runId]?.status;
    if (status === "completed" || status === "failed" || status === "canceled") break;
  }
  return view;
}

describe("startServer", () => {
  test("a run that is asked for over HTTP is done, and its events build what the API tells", async () => {
    models.setScript([
      { toolCalls: [{ name: "write_file", arguments: { path: "note.txt", content: "hello\n" } }] },
      "I wrote note.txt.",
    ]);
    const server = await start();
    const client = clientOf(server);
    const { id } = await client.startRun({ body: { text: "Write a note" } });
    const view = await viewAfterRun(server, id);
    expect(await readFile(join(workspace, "note.txt"), "utf8")).toBe("hello\n");
    const run = await client.getRun({ params: { runId: id } });
    expect(run.status).toBe("completed");
    const { status, outcome, usage, sentence } = run;
    expect(view.runs[id]).toMatchObject({ status, outcome, usage, sentence });
    const { items } = await client.listItems({ params: { threadId: run.threadId } });
    expect(view.items[run.threadId]?.map((item) => item.content)).toEqual(items.map((item) => item.content));
    const { toolCalls } = await client.listToolCalls({ params: { runId: id } });
    expect(toolCalls).toMatchObject([{ name: "write_file", status: "completed" }]);
    expect(Object.values(view.toolCalls)).toMatchObject([{ id: toolCalls[0]?.id, status: "completed" }]);
    expect(await client.listSteps({ params: { runId: id } })).toMatchObject({
      steps: [{ kind: "model_call" }, { kind: "tool_call" }, { kind: "model_call" }],
    });
  });

  test("comes up stopped when everything was stopped while nothing was up, and stays so over a restart", async () => {
    await mkdir(join(workspace, ".bureau"), { recursive: true });
    await writeHaltFile(join(workspace, ".bureau"), { at: "2026-01-01T00:00:00.000Z", by: "owner" });
    models.setScript(() => "Done.");
    const before = models.count();
    const log: string[] = [];
    const server = await start({}, log);
    const client = clientOf(server);
    expect(log.join()).toContain("Everything is stopped, by owner");
    const { id } = await client.startRun({ body: { text: "Go on" } });
    await expect.poll(async () => (await client.getRun({ params: { runId: id } })).status).toBe("waiting");
    await server.stop();
    const again = clientOf(await start());
    expect(await again.getStatus()).toMatchObject({ halted: { by: "owner" } });
    expect(models.count()).toBe(before);
    expect(await again.resumeAll()).toMatchObject({ runs: 1 });
    await expect.poll(async () => (await again.getRun({ params: { runId: id } })).status).toBe("completed");
    expect(await again.getStatus()).toMatchObject({ halted: null });
  });

  test("says where it is while it runs, refuses a second one, and keeps its token", async () => {
    const server = await start();
    const file = await readServerFile(join(workspace, ".bureau"));
    expect(file?.url).toBe(server.url);
    expect((await readFile(file?.tokenFile ?? "", "utf8")).trim()).toBe(server.token);
    await expect(start()).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining(server.url) });
    expect((await clientOf(server).getStatus()).workspace).toBe(workspace);
    await server.stop();
    await server.stop();
    expect(await readServerFile(join(workspace, ".bureau"))).toBeNull();
    expect((await start()).token).toBe(server.token);
  });

  test("answers from a recording, and says so", async () => {
    models.setScript(() => "Recorded words.");
    const first = await start();
    const { id } = await clientOf(first).startRun({ body: { text: "Say something" } });
    await viewAfterRun(first, id);
    const { lines } = await clientOf(first).getRecording({ params: { runId: id } });
    await first.stop();
    const path = join(workspace, "recording.jsonl");
    await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    models.setScript([]);
    const second = await start({ rehearsal: path });
    const status = await clientOf(second).getStatus();
    expect(status.rehearsal).toBe(true);
    expect(status.sentence).toMatch(/rehearsal/i);
    const again = await clientOf(second).startRun({ body: { text: "Say something" } });
    const view = await viewAfterRun(second, again.id);
    expect(view.runs[again.id]).toMatchObject({ status: "completed", rehearsal: true });
    expect(JSON.stringify(view.items[again.threadId])).toContain("Recorded words.");
  });

  test("leaves nothing running when a part cannot start", async () => {
    await expect(start({ rehearsal: "/nowhere/recording" })).rejects.toMatchObject({ code: "not_found" });
    await expect(start({ workspace: "/nowhere" })).rejects.toThrow("The workspace /nowhere is not there.");
    await expect(start({ databaseUrl: "postgres://x@127.0.0.1:1/x" })).rejects.toMatchObject({ code: "unavailable" });
    expect(await readServerFile(join(workspace, ".bureau"))).toBeNull();
    expect((await clientOf(await start()).getStatus()).version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test("no request to any endpoint makes a fault of ours", async () => {
    models.setScript(() => "Done.");
    const log: string[] = [];
    const server = await start({}, log);
    const client = clientOf(server);
    const goal = await client.createGoal({ body: { text: "Keep the notes tidy", draft: true } });
    const run = await client.startRun({ body: { text: "Begin" } });
    await viewAfterRun(server, run.id);
    const endpoints = Object.values<Endpoint>(api).filter((endpoint) => endpoint.reply !== "events");
    const known = [goal.id, goal.name, run.id, run.threadId, run.agentId, "goal_x", "%00", "🙂", "a/b", " ", "null"];
    const requests = fc.record({
      endpoint: fc.constantFrom(...endpoints),
      reference: fc.oneof(fc.constantFrom(...known), fc.string({ unit: "binary", maxLength: 20 })),
      query: fc.dictionary(
        fc.constantFrom(...QUERY_NAMES),
        fc.oneof(fc.constantFrom(...QUERY_VALUES, ...known), fc.string()),
        {
          maxKeys: 2,
        },
      ),
      body: someBody([...known, workspace, "/", join(workspace, "AGENTS.md")]),
    });
    await fc.assert(
      fc.asyncProperty(requests, async ({ endpoint, reference, query, body }) => {
        const path = endpoint.path.replace(
          /:[A-Za-z]+/g,
          encodeURIComponent(reference.toWellFormed()).replaceAll(".", "%2e"),
        );
        const response = await fetch(`${server.url}${path}?${new URLSearchParams(query).toString()}`, {
          method: endpoint.method,
          headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
          ...(endpoint.method === "GET" ? {} : { body: JSON.stringify(body) }),
        });
        const text = await response.text();
        expect(
          response.status,
          `${endpoint.method} ${path} ${JSON.stringify(body)}: ${text} ${log.join("\n")}`,
        ).toBeLessThan(500);
      }),
      { numRuns: 600 },
    );
  });
});

const QUERY_NAMES = [
  "limit",
  "cursor",
  "status",
  "after",
  "by",
  "since",
  "until",
  "agent",
  "goal",
  "thread",
  "kind",
  "parent",
];
const QUERY_VALUES = [
  "0",
  "1",
  "500",
  "2147483647",
  "9007199254740991",
  "queued",
  "day",
  "2026-01-01",
  "9999-12-31",
  "e30",
  "W10",
];

/** Bodies that are near to what endpoints take. */
function someBody(references: string[]) {
  const reference = fc.constantFrom(...references);
  const text = fc.oneof(reference, fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }));
  const budget = fc.dictionary(
    fc.constantFrom("tokens", "micros", "timeMs", "turns"),
    fc.constantFrom(1, 2 ** 31, 2 ** 53 - 1, 1e300),
  );
  const spec = fc.record(
    {
      title: text,
      brief: text,
      done: fc.option(text),
      budget,
      checks: fc.array(fc.record({ command: text })),
      cadence: text,
      on: text,
    },
    { requiredKeys: [] },
  );
  const fields = fc.record(
    {
      text,
      spec,
      name: text,
      folder: reference,
      file: reference,
      agent: reference,
      goal: fc.oneof(reference, spec),
      thread: reference,
      parent: reference,
      title: text,
      instructions: text,
      draft: fc.boolean(),
      limits: budget,
      version: fc.constantFrom(1, 2, 2 ** 31 - 1),
      decision: fc.constantFrom("approve", "deny", "dismiss"),
      note: text,
      choice: fc.constantFrom(1, 100),
      entries: fc.array(reference, { minLength: 1, maxLength: 3 }),
      arguments: fc.dictionary(fc.string(), fc.jsonValue()),
    },
    { requiredKeys: [] },
  );
  const shapes = [
    ["text"],
    ["text", "agent"],
    ["text", "folder"],
    ["text", "thread"],
    ["text", "goal"],
    ["text", "limits"],
    ["spec", "draft"],
    ["spec", "version"],
    ["file", "agent"],
    ["text", "name", "parent"],
    ["name", "instructions"],
    ["folder", "name"],
    ["title", "agent", "goal"],
    ["title", "parent"],
    ["decision", "note"],
    ["choice"],
    ["text", "entries"],
    ["arguments"],
  ] as const;
  return fc
    .tuple(fields, fc.constantFrom(...shapes), fc.boolean())
    .map(([values, shape, isExact]) =>
      isExact
        ? Object.fromEntries(Object.entries(values).filter(([key]) => shape.some((name) => name === key)))
        : values,
    );
}

describe("a goal file", () => {
  test("that is dropped in becomes a goal; an edit, its removal and a new folder are taken up", async () => {
    models.setScript(() => "I have done nothing yet.");
    const server = await start();
    const client = clientOf(server);
    const path = join(workspace, "goals", "spring.md");
    await mkdir(join(workspace, "goals"), { recursive: true });
    await writeFile(path, "---\nchecks:\n  - file: { path: report.md }\n---\nWrite the spring report.\n");
    await expect.poll(async () => (await client.listGoals({ query: {} })).goals.length, { timeout: 8_000 }).toBe(1);
    const { goals } = await client.listGoals({ query: {} });
    expect(goals[0]).toMatchObject({ name: "spring", brief: "Write the spring report.", file: "goals/spring.md" });
    await writeFile(path, "---\nchecks:\n  - file: { path: report.md }\n---\nWrite the summer report.\n");
    const brief = async () => (await client.getGoal({ params: { goal: goals[0]!.id } })).brief;
    await expect.poll(brief, { timeout: 8_000 }).toBe("Write the summer report.");
    await rm(join(workspace, "goals"), { recursive: true });
    const file = async () => (await client.getGoal({ params: { goal: goals[0]!.id } })).file;
    await expect.poll(file, { timeout: 8_000 }).toBeNull();
    await mkdir(join(workspace, "goals"));
    await writeFile(join(workspace, "goals", "autumn.md"), "Write the autumn report.\n");
    await expect.poll(async () => (await client.listGoals({ query: {} })).goals.length, { timeout: 8_000 }).toBe(2);
  });
});
