import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { initWorkspace, readConfig, readSettings, type RunningServer, startServer } from "@bureau/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ModelServer, startModelServer } from "../../../engine/src/testing/model-server.ts";
import { testDatabase, type TestDatabase } from "../../../engine/src/testing/test-database.ts";
import { type Outcome, runCommandLine } from "../testing/test-terminal.ts";

let folder: string;
let model: ModelServer;
let database: TestDatabase;
let server: RunningServer;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "bureau-insight-")));
  await initWorkspace(folder, "empty");
  model = await startModelServer({ script: () => "A quokka is a small \u001b[31m marsupial." });
  database = await testDatabase();
  const config = readConfig({ workspace: folder, port: 0 }, await readSettings(folder), {}, folder);
  const provider = { kind: "openai-compatible" as const, baseUrl: model.openaiUrl, apiKey: "none" };
  const models = { default: "test/scripted", providers: { test: provider } };
  server = await startServer({ ...config, databaseUrl: database.url, models }, () => undefined);
  await bureau("run", "What is a quokka?");
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

describe("the command line", () => {
  test("finds what was said, with nothing in it that steers a terminal", async () => {
    const { code, out } = await bureau("search", "MARSUP");
    expect(code).toBe(0);
    expect(out).toMatch(/^item {2}What is a quokka\?/);
    expect(out).toContain("marsupial");
    expect(out).not.toContain("\u001b");
    const [result] = (await bureau("search", "quokka", "--kinds", "thread", "--json")).lines();
    expect(result).toMatchObject({ hits: [{ kind: "thread", title: "What is a quokka?" }], index: { behind: 0 } });
    expect((await bureau("search", "&|!")).out).toBe("Nothing has these words.\n");
    expect((await bureau("search", "x", "--kinds", "cat")).code).toBe(2);
  });

  test("tells what happened", async () => {
    const { out } = await bureau("activity", "--kind", "run,agent");
    expect(out).toContain('ended a run, in "What is a quokka?"');
    expect(out).toContain("was added.");
  });

  test("explains a run", async () => {
    const [list] = (await bureau("run", "list", "--json")).lines();
    const [{ id }] = list!["runs"] as [{ id: string }];
    const { code, out } = await bureau("run", "show", id, "--explain");
    expect(code).toBe(0);
    expect(out).toContain('was asked "What is a quokka?"');
    expect(out).toMatch(/ {3}1 {2}Asked test\/scripted, which answered\. \(/);
    expect((await bureau("run", "show", id, "--explain", "--json")).lines()[0]).toMatchObject({
      runId: id,
      nextAfter: null,
    });
  });

  test("says what an agent may do", async () => {
    const [list] = (await bureau("agent", "list", "--json")).lines();
    const [{ name }] = list!["agents"] as [{ name: string }];
    const { out } = await bureau("agent", "show", name, "--abilities");
    expect(out).toContain(
      "By itself:\n  It reads, lists and searches the files in its folder. (by default, reading is allowed)",
    );
    expect(out).toContain("Never:\n");
  });
});
