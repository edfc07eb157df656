import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connectionTo } from "../../packages/cli/src/connect.ts";
import { endOfGoal, follow } from "../../packages/cli/src/follow.ts";
import type { Terminal } from "../../packages/cli/src/terminal.ts";
import { testDatabase, type TestDatabase } from "../../packages/engine/src/testing/test-database.ts";
import { readConfig, readSettings, type RunningServer, startServer } from "../../packages/server/src/index.ts";
import { makeSample, SAMPLE_AGENT, SAMPLE_GOAL, SAMPLE_REHEARSAL, sampleGoal } from "./make-sample.ts";

const RUN_MS = 20_000;

let folder: string;
let database: TestDatabase;
let server: RunningServer;
let warnings: string[];

const terminal: Terminal = {
  argv: [],
  environment: {},
  folder: "/",
  out: () => undefined,
  err: () => undefined,
  readSecret: async () => "",
  columns: null,
  color: false,
  now: () => 0,
  onInterrupt: () => () => undefined,
};

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "bureau-sample-")));
  await makeSample(folder);
  database = await testDatabase();
  warnings = [];
  const config = readConfig({ workspace: folder, port: 0 }, await readSettings(folder), {}, folder);
  server = await startServer(
    { ...config, databaseUrl: database.url, rehearsal: SAMPLE_REHEARSAL },
    (level, message) => {
      if (level !== "info") warnings.push(message);
    },
  );
});

afterEach(async () => {
  await server.stop();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

test("without a sandbox the goal has no command check, and is rehearsed to its end without drift", async () => {
  const connection = connectionTo(server.workspace, server.url, server.token);
  const text = await sampleGoal(false);
  expect(text).not.toContain("command:");
  const goal = await connection.client.createGoal({ body: { text, agent: SAMPLE_AGENT, name: SAMPLE_GOAL } });
  const end = endOfGoal(goal.id);
  const seen: string[] = [];
  const { exitCode } = await follow({
    call: { terminal, options: {} },
    connection,
    filter: {},
    after: 0,
    end: (event, view) => {
      seen.push(event.type);
      return end(event, view);
    },
    signal: AbortSignal.timeout(RUN_MS),
  });
  expect(exitCode).toBe(0);
  const { evidence } = await connection.client.listEvidence({ params: { goal: goal.id } });
  expect(evidence.slice(0, 2).map((one) => one.status)).toEqual(["verified", "verified"]);
  expect(seen).toContain("evidence.added");
  expect(seen).not.toContain("rehearsal.drifted");
  expect(warnings).toEqual([]);
});
