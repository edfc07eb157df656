import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listAgents } from "../queries/agents.ts";
import type { RunRow, TaskRow } from "../store/rows.ts";
import { testCommands, type TestCommands } from "../testing/factories.ts";
import { addAgent, createAgent, discoverAgents } from "./add-agent.ts";
import { cancelTask } from "./cancel-task.ts";
import { createTask } from "./create-task.ts";
import { startRun } from "./start-run.ts";

let world: TestCommands;
let outside: string;

beforeAll(async () => {
  world = await testCommands();
  outside = await realpath(await mkdtemp(join(tmpdir(), "bureau-agents-")));
});
afterAll(async () => {
  await world.close();
  await rm(outside, { recursive: true, force: true });
});

async function folderWith(name: string, file: string | null): Promise<string> {
  const folder = join(outside, name);
  await mkdir(folder, { recursive: true });
  if (file !== null) await writeFile(join(folder, file), "You keep the shop.\n");
  return folder;
}

describe("adding a folder", () => {
  test("makes it an agent named by the folder, once, whichever way it is reached", async () => {
    const folder = await folderWith("shop", "CLAUDE.md");
    await symlink(folder, join(outside, "a-link"));
    const agents = await Promise.all(
      [folder, `${folder}/`, join(outside, "a-link")].map((path) => addAgent(world.parts, { folder: path })),
    );
    expect(new Set(agents.map((agent) => agent.id)).size).toBe(1);
    expect(agents[0]).toMatchObject({ name: "shop", folder, status: "enabled" });
  });

  test("gives folders of one name names of their own", async () => {
    const folder = join(outside, "other", "shop");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "AGENTS.md"), "Another shop.\n");
    expect(await addAgent(world.parts, { folder })).toMatchObject({ name: "shop-2" });
  });

  test("is refused without a context file, and says how to make one", async () => {
    const folder = await folderWith("bare", null);
    await expect(addAgent(world.parts, { folder })).rejects.toMatchObject({
      code: "invalid",
      hint: expect.stringContaining("AGENTS.md"),
    });
    await expect(addAgent(world.parts, { folder: join(outside, "nowhere") })).rejects.toMatchObject({
      code: "not_found",
    });
    await expect(addAgent(world.parts, { folder: "relative" })).rejects.toMatchObject({ code: "invalid" });
    const good = await folderWith("named", "AGENTS.md");
    await expect(addAgent(world.parts, { folder: good, name: "../up" })).rejects.toMatchObject({ code: "invalid" });
    await expect(addAgent(world.parts, { folder: good, name: "shop" })).rejects.toMatchObject({ code: "conflict" });
  });

  test("that a run is asked for in takes it up", async () => {
    const folder = await folderWith("garden", "AGENTS.md");
    const run = await startRun(world.parts, { text: "Water the plants", folder });
    expect((await addAgent(world.parts, { folder })).id).toBe(run.agentId);
  });
});

test("a new agent gets a folder with instructions, and none is written over", async () => {
  const agent = await createAgent(world.parts, { name: "scribe", instructions: "You write.\n" });
  expect(agent).toMatchObject({ name: "scribe", folder: join(world.folder, "agents", "scribe") });
  expect(await readFile(join(agent.folder, "AGENTS.md"), "utf8")).toBe("You write.\n");
  await expect(createAgent(world.parts, { name: "scribe", instructions: "Other\n" })).rejects.toMatchObject({
    code: "conflict",
  });
  expect(await readFile(join(agent.folder, "AGENTS.md"), "utf8")).toBe("You write.\n");
});

test("the workspace and the folders in agents/ that have a context file are found", async () => {
  const known = join(world.folder, "agents", "reader");
  await mkdir(known, { recursive: true });
  await mkdir(join(world.folder, "agents", "empty"), { recursive: true });
  await writeFile(join(known, "AGENTS.md"), "You read.\n");
  const found = await discoverAgents(world.parts);
  expect(found.map((agent) => agent.name)).toEqual(["home", "reader", "scribe"]);
  const { agents } = await listAgents(world.database, { limit: 100 });
  await discoverAgents(world.parts);
  expect((await listAgents(world.database, { limit: 100 })).agents).toEqual(agents);
});

describe("a task", () => {
  async function rows<Row>(table: "tasks" | "runs", id: string): Promise<Row> {
    return (await world.database.query(`SELECT * FROM ${table} WHERE id = $1`, [id])).rows[0] as Row;
  }

  test("starts a run on a thread of its own, and is canceled with the tasks below it", async () => {
    const { task, run } = await createTask(world.parts, {
      title: "Collect the figures",
      text: "From the three sheets",
    });
    expect(run).toMatchObject({ trigger: "task", taskId: task.id, status: "queued", threadId: task.threadId });
    const below = await createTask(world.parts, { title: "The second sheet", parent: task.id });
    expect(await cancelTask(world.parts, task.id)).toMatchObject({ status: "canceled" });
    expect(await cancelTask(world.parts, task.id)).toMatchObject({ status: "canceled" });
    expect(await rows<TaskRow>("tasks", below.task.id)).toMatchObject({ status: "canceled" });
    expect(await rows<RunRow>("runs", run.id)).toMatchObject({ status: "canceled" });
    expect(await rows<RunRow>("runs", below.run.id)).toMatchObject({ status: "canceled" });
    await expect(createTask(world.parts, { title: "x", parent: task.id })).rejects.toMatchObject({ code: "conflict" });
  });

  test("that is done cannot be canceled", async () => {
    const { task } = await createTask(world.parts, { title: "Done already" });
    await world.database.query("UPDATE tasks SET status = 'done' WHERE id = $1", [task.id]);
    await expect(cancelTask(world.parts, task.id)).rejects.toMatchObject({ code: "conflict" });
  });
});
