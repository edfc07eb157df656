import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startRun } from "../commands/start-run.ts";
import { getRun } from "../queries/runs.ts";
import { openDatabase } from "../store/database.ts";
import { cuttingProxy } from "../testing/cutting-proxy.ts";
import { type OutageWorld, partsOverProxy } from "../testing/outage-scenario.ts";
import { testEngine } from "../testing/test-engine.ts";
import { fastClock } from "../testing/test-world.ts";
import { watchTools } from "../testing/crash-points.ts";
import { builtInTools } from "../tools/registry.ts";
import { createSecretGuard } from "../vault/secret-guard.ts";
import { keepDriving } from "./keep-driving.ts";
import { DEFAULT_RUN_LIMITS, type LoopParts } from "./parts.ts";

const guard = createSecretGuard();
const lost = () => Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });

let world: OutageWorld;
const logged: string[] = [];

beforeAll(async () => {
  const watched = watchTools(builtInTools(), []);
  const script = ({ toolTurns }: { toolTurns: number }) =>
    toolTurns === 0 ? { toolCalls: [{ name: "list_files", arguments: {} }] } : "Done.";
  const engine = await testEngine({ script, tools: watched.tools });
  const proxy = await cuttingProxy(engine.database.url);
  const database = await openDatabase({ url: proxy.url, maxConnections: 3 });
  world = { engine, watched, proxy, database, clock: fastClock(), rules: [] };
});
afterAll(async () => {
  await world.database.close();
  await world.proxy.close();
  await world.engine.close();
});
beforeEach(() => {
  logged.length = 0;
  world.proxy.cut(null);
});

const log: LoopParts["log"] = (level, message) => void logged.push(`${level}: ${message}`);
const aRun = () => startRun(world.engine.commands, { agent: "writer", text: "Do it." });
const runNow = (id: string) => getRun(world.engine.database, id);

async function epochOf(id: string): Promise<number> {
  return (await world.engine.database.query("SELECT epoch FROM runs WHERE id = $1", [id])).rows[0].epoch;
}

describe("a run whose drive ends with an error", () => {
  test("of the connection is taken up again by the same process, and comes to its end", async () => {
    const { id } = await aRun();
    // Reads that wait for nothing, so that the first cut one ends the drive.
    const parts = partsOverProxy(world, { log, reads: world.database });
    world.proxy.cut(({ text }) => text.includes("policy_rules"));
    await keepDriving(parts, guard, id, 1);
    expect(world.proxy.cutAt).not.toBeNull();
    expect(await runNow(id)).toMatchObject({ status: "completed", outcome: "answered" });
    expect(await epochOf(id)).toBe(2);
    expect(logged).toEqual([expect.stringMatching(/^warn: run_\w+ is taken up again: Connection terminated/)]);
  });

  test("each time is a crash loop once its attempts are used up", async () => {
    const { id } = await aRun();
    let asked = 0;
    const view = { rules: [], hasFileLabels: false };
    // Each drive asks for its prompt first, and then for the call that its model wants.
    const policy = async () => ((asked += 1) % 2 === 1 ? view : Promise.reject(lost()));
    const parts = partsOverProxy(world, { log, policy });
    await keepDriving(parts, guard, id, 1);
    expect(await runNow(id)).toMatchObject({ status: "failed", failure: "crash_loop" });
    expect(logged).toHaveLength(DEFAULT_RUN_LIMITS.attempts);
  });

  test("each time before anything is decided fails in the end, and says why", async () => {
    const { id } = await aRun();
    const parts = partsOverProxy(world, { log, connectedTools: () => Promise.reject(lost()) });
    await keepDriving(parts, guard, id, 1);
    expect(await runNow(id)).toMatchObject({
      status: "failed",
      failure: "internal",
      sentence: expect.stringContaining("read ECONNRESET"),
    });
  });

  test("of ours fails at once, though the connection is lost while that is written", async () => {
    const { id } = await aRun();
    const parts = partsOverProxy(world, { log, connectedTools: () => Promise.reject(new Error("A fault.")) });
    world.proxy.cut(({ text }) => text.includes("failure = 'internal'"), "after", 1);
    await keepDriving(parts, guard, id, 1);
    expect(world.proxy.cutAt).not.toBeNull();
    expect(await runNow(id)).toMatchObject({ status: "failed", failure: "internal" });
    expect(await epochOf(id)).toBe(2);
  });

  test("is left as it is when the process is to end", async () => {
    const { id } = await aRun();
    const parts = partsOverProxy(world, { log });
    parts.policy = () => {
      parts.signals.stop();
      return Promise.reject(lost());
    };
    await expect(keepDriving(parts, guard, id, 1)).rejects.toThrow("ECONNRESET");
    expect(await runNow(id)).toMatchObject({ status: "running" });
  });
});
