import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { createGoal } from "../commands/create-goal.ts";
import { decideInboxEntry } from "../commands/decide-entry.ts";
import { startRun } from "../commands/start-run.ts";
import { listInbox } from "../queries/inbox.ts";
import { getGoal, listEvidence } from "../queries/goals.ts";
import { getRun, listSteps, listToolCalls } from "../queries/runs.ts";
import { listItems } from "../queries/threads.ts";
import { owner } from "../testing/factories.ts";
import { testEngine, type TestEngine } from "../testing/test-engine.ts";
import type { ModelScript } from "../testing/model-server.ts";

let engine: TestEngine;
afterEach(() => engine.close());

async function open(script: ModelScript): Promise<TestEngine> {
  engine = await testEngine({ script });
  return engine;
}

describe("a run", () => {
  test("reads a file by a tool and answers", async () => {
    const { folder, commands, database, runUntilIdle, model } = await open([
      { toolCalls: [{ name: "read_file", arguments: { path: "notes.md" } }] },
      "The notes say hello.",
    ]);
    await writeFile(join(folder, "notes.md"), "hello\n");
    const run = await startRun(commands, { agent: "writer", text: "What do the notes say?" });
    await runUntilIdle();
    expect(await getRun(database, run.id)).toMatchObject({ status: "completed", outcome: "answered", turn: 1 });
    const { items } = await listItems(database, run.threadId, { after: 0, limit: 100 });
    expect(items.map((item) => item.content.type)).toEqual(["message", "tool_call", "tool_result", "message"]);
    expect(model.requests.at(-1)!.raw).toContain("hello");
    const { steps } = await listSteps(database, run.id, { after: 0, limit: 100 });
    expect(steps.map((step) => [step.kind, step.status])).toEqual([
      ["model_call", "completed"],
      ["tool_call", "completed"],
      ["model_call", "completed"],
    ]);
  });

  test("that says nothing and does nothing ends as such", async () => {
    const { commands, database, runUntilIdle } = await open([{ text: "" }]);
    const run = await startRun(commands, { agent: "writer", text: "Hello" });
    await runUntilIdle();
    expect(await getRun(database, run.id)).toMatchObject({ status: "completed", outcome: "nothing_done" });
  });

  test("answers a call with malformed arguments so that the model mends it", async () => {
    const { commands, database, runUntilIdle } = await open([
      { toolCalls: [{ name: "write_file", arguments: "{broken" }] },
      { toolCalls: [{ name: "write_file", arguments: { path: "a.md", content: "a" } }] },
      "Written.",
    ]);
    const run = await startRun(commands, { agent: "writer", text: "Write a" });
    await runUntilIdle();
    const { toolCalls } = await listToolCalls(database, run.id, { after: 0, limit: 10 });
    expect(toolCalls.map((call) => call.status)).toEqual(["failed", "completed"]);
    expect(await readFile(join(engine.folder, "a.md"), "utf8")).toBe("a");
  });
});

describe("a goal", () => {
  test("is done only when the runtime's checks pass", async () => {
    const { commands, database, runUntilIdle } = await open([
      "I am done.",
      { toolCalls: [{ name: "write_file", arguments: { path: "report.md", content: "## Risks\n" } }] },
      { toolCalls: [{ name: "request_check", arguments: {} }] },
    ]);
    const goal = await createGoal(commands, {
      agent: "writer",
      spec: {
        brief: "Write report.md",
        checks: [{ command: "test -s report.md" }, { file: { path: "report.md", contains: "## Risks" } }],
      },
    });
    await runUntilIdle();
    expect(await getGoal(database, goal.id)).toMatchObject({ status: "done" });
    const { evidence } = await listEvidence(database, goal.id, { limit: 10 });
    expect(evidence.map((found) => found.status)).toEqual(["verified", "verified", "unverified", "unverified"]);
  });

  test("that only waits for a sign-off asks no model until a person decides or speaks", async () => {
    const { commands, database, runUntilIdle, model } = await open(({ toolTurns }) =>
      toolTurns === 0
        ? { toolCalls: [{ name: "write_file", arguments: { path: "report.md", content: "Done.\n" } }] }
        : { toolCalls: [{ name: "request_check", arguments: {} }] },
    );
    const goal = await createGoal(commands, {
      agent: "writer",
      spec: { brief: "Write report.md", checks: [{ file: { path: "report.md" } }, { person: "owner" }] },
    });
    await runUntilIdle();
    expect(await getGoal(database, goal.id)).toMatchObject({ status: "waiting" });
    expect(model.count()).toBe(2);
    const { entries } = await listInbox(database, { status: ["pending"], limit: 10 });
    expect(entries).toMatchObject([{ kind: "sign_off" }]);
    await decideInboxEntry(commands, entries[0]!.id, { decision: "approve", by: owner("owner") });
    await runUntilIdle();
    expect(await getGoal(database, goal.id)).toMatchObject({ status: "done" });
    expect(model.count()).toBe(2);
  });

  test("whose worker claims done again and again is stopped without being done", async () => {
    const { commands, database, runUntilIdle, model } = await open(() => "It is done.");
    const goal = await createGoal(commands, {
      agent: "writer",
      spec: { brief: "Write report.md", checks: [{ command: "test -s report.md" }] },
    });
    await runUntilIdle();
    expect(await getGoal(database, goal.id)).toMatchObject({ status: "paused" });
    expect(model.count()).toBeLessThanOrEqual(5);
  });
});
