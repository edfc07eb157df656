import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { initWorkspace, readConfig, readSettings, type RunningServer, startServer } from "@bureau/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ModelServer, startModelServer } from "../../../engine/src/testing/model-server.ts";
import { testDatabase, type TestDatabase } from "../../../engine/src/testing/test-database.ts";
import { type Outcome, runCommandLine } from "../testing/test-terminal.ts";

let folder: string;
let model: ModelServer;
let database: TestDatabase;
let server: RunningServer;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "bureau-artifacts-")));
  await initWorkspace(folder, "empty");
  model = await startModelServer({
    script: ({ toolTurns }) =>
      toolTurns > 0
        ? "All is written."
        : { toolCalls: [{ name: "publish_artifact", arguments: { title: "Launch plan", content: "one\ntwo\n" } }] },
  });
  database = await testDatabase();
  const config = readConfig({ workspace: folder, port: 0 }, await readSettings(folder), {}, folder);
  const provider = { kind: "openai-compatible" as const, baseUrl: model.openaiUrl, apiKey: "none" };
  const models = { default: "test/scripted", providers: { test: provider } };
  server = await startServer({ ...config, databaseUrl: database.url, models }, () => undefined);
});
afterAll(async () => {
  await server.stop();
  await model.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

function bureau(...argv: string[]): Promise<Outcome> {
  return runCommandLine(argv, { folder });
}

test("an artifact is listed, shown, opened where it lies, compared and commented on", async () => {
  expect((await bureau("artifact", "list")).out).toBe("Nothing was published.\n");
  const run = await bureau("run", "Publish the plan");
  expect(run.code).toBe(0);
  expect(run.err).toContain("published Launch plan (artifacts/launch-plan/Launch plan.md)");
  expect((await bureau("artifact", "list")).out).toContain("launch-plan");
  const opened = await bureau("artifact", "open", "launch");
  const path = join(folder, "artifacts/launch-plan/Launch plan.md");
  expect(opened.out).toBe(`${path}\n`);
  expect(await readFile(path, "utf8")).toBe("one\ntwo\n");
  await writeFile(path, "one\ntwo and a half\n");
  const diff = await bureau("artifact", "diff", "launch-plan");
  expect(diff.out).toBe("--- version 1\n+++ version 2\n@@ -1,2 +1,2 @@\n one\n-two\n+two and a half\n");
  const said = await bureau("artifact", "comment", "launch-plan", "Half?", "--lines", "2", "--json");
  expect(said.lines()[0]).toMatchObject({ comment: { version: 2, place: { lines: { from: 2, to: 2 } } } });
  const shown = await bureau("artifact", "show", "launch-plan");
  expect(shown.out).toMatch(/version 2 .* by hand\nversion 1 /);
  expect(shown.out).toMatch(/open {2}cmt_\w+ {2}owner on version 2, line 2/);
});

test("what cannot be asked is told, with an exit code of its own", async () => {
  expect((await bureau("artifact", "show", "none")).code).toBe(4);
  expect((await bureau("artifact", "diff", "launch-plan", "--from", "x")).code).toBe(2);
  expect((await bureau("artifact", "comment", "launch-plan", "x", "--lines", "9-4")).code).toBe(2);
});
