import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import type { Clock } from "../clock.ts";
import { supervise } from "./postgres-supervisor.ts";
import type { PostgresRestart, SupervisorParts } from "./postgres-supervisor.ts";

/** Higher than any that Linux gives out. */
const DEAD_PROCESS = 4_194_305;
const folder = await mkdtemp(join(tmpdir(), "bureau-supervisor-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("supervise", () => {
  test("tries again with growing waits up to half a minute, and reports each attempt", async () => {
    const world = worldOf({ failures: 12 });
    await world.until(() => world.reports.length === 13);
    expect(world.reports.slice(0, 12).map((report) => report.outcome)).toEqual(Array(12).fill("failed"));
    expect(world.reports[12]).toMatchObject({ outcome: "restarted", processId: process.pid });
    expect(world.waits.slice(1, 6)).toEqual([100, 200, 400, 800, 1_600]);
    expect(Math.max(...world.waits)).toBe(30_000);
    world.end();
  });

  test("leaves a server alone that lives", async () => {
    const world = worldOf({ processId: process.pid });
    await world.until(() => world.waits.length > 20);
    expect(world.reports).toEqual([]);
    world.end();
  });

  test("does not start a server again that was stopped on purpose", async () => {
    const world = worldOf({ isStopped: true });
    await world.until(() => true);
    expect(world.reports).toEqual([]);
    expect(world.waits).toEqual([]);
  });

  test("does nothing more once it was ended", async () => {
    const world = worldOf({ failures: 1_000 });
    await world.until(() => world.reports.length === 3);
    world.end();
    await world.until(() => true);
    const count = world.reports.length;
    for (let turn = 0; turn < 50; turn += 1) await setImmediate();
    expect(world.reports.length).toBe(count);
  });

  test("keeps the log under its limit while the server runs", async () => {
    const world = worldOf({ processId: process.pid });
    await writeFile(world.logFile, `${"old ".repeat(500_000)}newest`);
    await world.until(async () => (await stat(world.logFile)).size < 1_048_576);
    expect(await readFile(world.logFile, "utf8")).toMatch(/newest$/);
    world.end();
  });
});

interface WorldOptions {
  processId?: number;
  failures?: number;
  isStopped?: boolean;
}

/** A supervisor whose waits take no time. */
function worldOf(options: WorldOptions) {
  let now = 0;
  let failuresLeft = options.failures ?? 0;
  let processId = options.processId ?? DEAD_PROCESS;
  const waits: number[] = [];
  const reports: PostgresRestart[] = [];
  const clock: Clock = {
    now: () => now,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      waits.push(ms);
      now += ms;
      await setImmediate();
    },
  };
  const parts: SupervisorParts = {
    clock,
    log: () => undefined,
    logFile: join(folder, "postgres.log"),
    current: () => ({ processId }),
    isStopped: () => options.isStopped ?? false,
    restart: async () => {
      failuresLeft -= 1;
      if (failuresLeft >= 0) throw new Error("no room");
      processId = process.pid;
      return { processId };
    },
    onRestart: (report) => reports.push(report),
  };
  const end = supervise(parts);
  return { waits, reports, logFile: parts.logFile, end, until };
}

async function until(isReached: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 10_000; turn += 1) {
    if (await isReached()) return;
    await setImmediate();
  }
  throw new Error("The supervisor did not come to that point.");
}
