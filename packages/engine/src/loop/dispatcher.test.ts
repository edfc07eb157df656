import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../clock.ts";
import { testDatabase, type TestDatabase } from "../testing/test-database.ts";
import { type RunDispatcher, startDispatcher } from "./dispatcher.ts";

/** Far below the queue's own poll: what starts within it was kicked. */
const SOON_MS = 1_000;

let database: TestDatabase;
let dispatcher: RunDispatcher;
const driven: { run: string; at: number }[] = [];

beforeAll(async () => {
  database = await testDatabase();
  dispatcher = await startDispatcher({
    databaseUrl: database.url,
    clock: systemClock,
    executorId: "slot-0",
    concurrency: 10,
    drive: async (runId, dispatch) => void driven.push({ run: `${runId}:${dispatch}`, at: Date.now() }),
    log: () => undefined,
  });
});
afterAll(async () => {
  await dispatcher.stop();
  await database.drop();
});

const startOf = (run: string) => driven.find((entry) => entry.run === run)?.at;
async function isDriven(run: string, timeout: number): Promise<void> {
  await expect.poll(() => startOf(run), { timeout, interval: 10 }).toBeDefined();
}

describe("the dispatcher", () => {
  test("drives a run once its transaction is committed and it is told so", async () => {
    await database.transaction((transaction) =>
      dispatcher.enqueue(transaction, { id: "run_1", dispatch: 1, priority: 10 }),
    );
    dispatcher.kick();
    await isDriven("run_1:1", SOON_MS);
    expect(driven.filter((entry) => entry.run === "run_1:1")).toHaveLength(1);
  });

  test("never drives a run whose transaction is rolled back", async () => {
    const lost = database.transaction(async (transaction) => {
      await dispatcher.enqueue(transaction, { id: "run_2", dispatch: 1, priority: 10 });
      throw new Error("rolled back");
    });
    await expect(lost).rejects.toThrow("rolled back");
    await database.transaction((transaction) =>
      dispatcher.enqueue(transaction, { id: "run_3", dispatch: 1, priority: 10 }),
    );
    dispatcher.kick();
    await isDriven("run_3:1", SOON_MS);
    expect(startOf("run_2:1")).toBeUndefined();
  });

  test("drives a delayed run when its time has come, and not before", async () => {
    const delayUntil = Date.now() + 700;
    const run = { id: "run_4", dispatch: 2, priority: 10, delayUntil };
    await database.transaction((transaction) => dispatcher.enqueue(transaction, run));
    dispatcher.kick();
    await isDriven("run_4:2", 700 + SOON_MS);
    expect(startOf("run_4:2")).toBeGreaterThanOrEqual(delayUntil);
  });

  test("drives a delayed run also where its timer was set late in a long turn of the event loop", async () => {
    const delayUntil = Date.now() + 150;
    await database.transaction(async (transaction) => {
      const blockedUntil = Date.now() + 60;
      while (Date.now() < blockedUntil);
      await dispatcher.enqueue(transaction, { id: "run_5", dispatch: 1, priority: 10, delayUntil });
    });
    await isDriven("run_5:1", SOON_MS);
    expect(startOf("run_5:1")).toBeGreaterThanOrEqual(delayUntil);
  });

  test("drives several runs of one transaction, the smaller priority first", async () => {
    const runs = [50, 10, 30].map((priority) => ({ id: `run_p${priority}`, dispatch: 1, priority }));
    await database.transaction((transaction) => dispatcher.enqueue(transaction, ...runs));
    dispatcher.kick();
    await isDriven("run_p50:1", SOON_MS);
    const order = driven.map((entry) => entry.run).filter((run) => run.startsWith("run_p"));
    expect(order).toEqual(["run_p10:1", "run_p30:1", "run_p50:1"]);
  });
});
