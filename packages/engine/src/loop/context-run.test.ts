import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { createGoal } from "../commands/create-goal.ts";
import { postMessage, startRun } from "../commands/start-run.ts";
import type { ModelReply, ModelScript } from "../testing/model-server.ts";
import { driveAll, fastClock, gate, systemOf, testWorld, until, type World } from "../testing/test-world.ts";
import { driveRun } from "./drive-run.ts";

const MAX_FIXED_BYTES = 8 * 1024;

let world: World;
afterEach(() => world.close());

async function open(script: ModelScript): Promise<void> {
  world = await testWorld(script, { clock: fastClock() });
}

const ask = (text = "Hello") => startRun(world.commands, { agent: "writer", text });
const list: ModelReply = { toolCalls: [{ name: "list_files", arguments: {} }] };
const company = (text: string) => writeFile(join(world.workspace, "AGENTS.md"), text);
const own = (text: string) => writeFile(join(world.folder, "AGENTS.md"), text);
const systems = () => world.model.requests.map((request) => systemOf(request));

describe("context files", () => {
  test("reach the first call from the workspace down to the agent's folder, each once", async () => {
    await open(["Hello."]);
    await company("The company sells bicycles.\n");
    await own("You write the newsletter.\n");
    await ask();
    await world.driveAll();
    const [system] = systems();
    expect(system!.split("The company sells bicycles.")).toHaveLength(2);
    expect(system!.split("You write the newsletter.")).toHaveLength(2);
    expect(system!.indexOf("bicycles")).toBeLessThan(system!.indexOf("newsletter"));
  });

  test("rewritten in mid-run leave the run's prefix as it was; the next run has the new text", async () => {
    const second = gate<ModelReply>();
    await open(({ index }) => (index === 0 ? list : index === 1 ? second.passed : index === 2 ? list : "Bye."));
    await own("You write poems.\n");
    const run = await ask();
    const driving = world.driveAll();
    await until(() => world.model.count() === 2, "the run is at work");
    await own("You write novels.\n");
    second.open(list);
    await driving;
    const [first, ...later] = systems();
    expect(first).toContain("You write poems.");
    expect(later).toHaveLength(3);
    for (const system of later) expect(system).toBe(first);
    await postMessage(world.commands, run.threadId, "And now?");
    await world.driveAll();
    expect(systems().at(-1)).toContain("You write novels.");
    expect(systems().at(-1)).not.toContain("You write poems.");
  });

  test("rewritten while a run was down are read as they were when it began", async () => {
    await open(({ index }) => (index === 1 ? new Promise(() => undefined) : index === 0 ? list : "Bye."));
    await own("You write poems.\n");
    const run = await ask();
    const dead = world.restarted({ executorId: "dead" });
    void driveRun(dead, run.id, 1).catch(() => undefined);
    await until(() => world.model.count() === 2, "the run is at work");
    await own("You write novels.\n");
    await driveAll(world.restarted({ executorId: "next" }));
    expect(systems()).toHaveLength(3);
    for (const system of systems()) expect(system).toBe(systems()[0]);
    dead.signals.stop();
  });

  test("that are too large or hold bad text are used as far as they go, and the thread says so once", async () => {
    await open(["Hello.", "Hello again."]);
    await own(`${"You write poems.\n".repeat(4_000)}`);
    const run = await ask();
    await world.driveAll();
    const { rows } = await world.database.query(
      "SELECT content->>'text' AS text FROM items WHERE thread_id = $1 AND type = 'notice'",
      [run.threadId],
    );
    expect(rows).toEqual([{ text: expect.stringContaining("AGENTS.md") }]);
    expect(systems()[0]).toContain("You write poems.");
  });

  test("that are missing are no hindrance", async () => {
    await open(["Hello."]);
    await own("");
    await ask();
    await world.driveAll();
    expect(systems()[0]).not.toContain("# Context");
  });
});

describe("what a call costs before anything is said", () => {
  test.each([false, true])("system prompt and tools are under 8 kB with an empty context (goal: %s)", async (goal) => {
    await open(({ index }) => (index === 0 ? "Hello." : "Nothing more."));
    await own("");
    if (goal)
      await createGoal(world.commands, {
        agent: "writer",
        spec: { brief: "Say hello", checks: [{ command: "true" }] },
      });
    else await ask();
    await world.driveAll();
    const body = JSON.parse(world.model.requests[0]!.raw);
    const bytes = Buffer.byteLength(systemOf(world.model.requests[0]!)) + Buffer.byteLength(JSON.stringify(body.tools));
    expect(bytes).toBeLessThan(MAX_FIXED_BYTES);
  });
});
