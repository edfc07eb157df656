import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../clock.ts";
import { type CuttingProxy, cuttingProxy } from "../testing/cutting-proxy.ts";
import { anAgent, aRun } from "../testing/factories.ts";
import { gate } from "../testing/test-world.ts";
import { testDatabase, type TestDatabase } from "../testing/test-database.ts";
import { type RunDispatcher, startDispatcher } from "./dispatcher.ts";
import { Executor } from "./executors.ts";

const EXECUTOR = "slot-0";
/** Far below the time between two looks of itself. */
const SOON_MS = 10_000;

let database: TestDatabase;
let proxy: CuttingProxy;
let dispatcher: RunDispatcher;
let agentId: Awaited<ReturnType<typeof anAgent>>["id"];
let hold: Promise<void> = Promise.resolve();
const driven: string[] = [];

beforeAll(async () => {
  database = await testDatabase();
  agentId = (await anAgent(database)).id;
  proxy = await cuttingProxy(database.url);
  dispatcher = await startDispatcher({
    databaseUrl: proxy.url,
    clock: systemClock,
    executorId: EXECUTOR,
    concurrency: 10,
    drive: async (runId, dispatch) => {
      driven.push(`${runId}:${dispatch}`);
      await hold;
    },
    log: () => undefined,
  });
});
afterAll(async () => {
  await dispatcher.stop();
  await proxy.close();
  await database.drop();
});

/** A run that is handed over, as a command does it. */
async function handOver(): Promise<string> {
  const { id } = await aRun(database, { agent_id: agentId, status: "queued" });
  await database.transaction((transaction) => dispatcher.enqueue(transaction, { id, dispatch: 1, priority: 10 }));
  dispatcher.kick();
  return id;
}

async function isDriven(name: string): Promise<void> {
  await expect.poll(() => driven, { timeout: SOON_MS, interval: 10 }).toContain(name);
}

async function handOverOf(name: string): Promise<{ status: string; executor_id: string } | undefined> {
  const { rows } = await database.query(
    "SELECT status, executor_id FROM dbos.workflow_status WHERE workflow_uuid = $1",
    [name],
  );
  return rows[0];
}

/** As if a minute had passed since. */
async function age(name: string): Promise<void> {
  await database.query("UPDATE dbos.workflow_status SET updated_at = updated_at - 60000 WHERE workflow_uuid = $1", [
    name,
  ]);
}

describe("a run that was handed to this process", () => {
  test("with the answer lost is handed over again, and not before it is certain", async () => {
    // Other connections commit their own transactions meanwhile: those are not the claim's.
    let taker = 0;
    proxy.cut(({ text, connection }) => {
      if (text.includes("SET status = $1") && text.includes("owner_xid")) taker = connection;
      return connection === taker && text === "COMMIT";
    }, "after");
    const id = await handOver();
    const taken = { status: "PENDING", executor_id: EXECUTOR };
    await expect.poll(() => handOverOf(`${id}:1`), { timeout: SOON_MS, interval: 10 }).toEqual(taken);
    expect(await dispatcher.redispatch(database)).toBe(0);
    await age(`${id}:1`);
    expect(await dispatcher.redispatch(database)).toBe(1);
    await isDriven(`${id}:2`);
    expect(driven).not.toContain(`${id}:1`);
    await database.query("UPDATE runs SET status = 'completed' WHERE id = $1", [id]);
  });

  test("and is at work is left to its drive, however long that takes", async () => {
    const held = gate();
    hold = held.passed;
    const id = await handOver();
    await isDriven(`${id}:1`);
    await age(`${id}:1`);
    expect(await dispatcher.redispatch(database)).toBe(0);
    held.open();
    await expect
      .poll(() => handOverOf(`${id}:1`), { timeout: SOON_MS, interval: 10 })
      .toMatchObject({ status: "SUCCESS" });
    // Its drive ended, and its row says that it is at work: nobody is left who would go on with it.
    expect(await dispatcher.redispatch(database)).toBe(1);
    await isDriven(`${id}:2`);
  });
});

test("an executor looks for what was lost soon after an outage, and not a whole round later", async () => {
  const executor = await Executor.join({ database, clock: systemClock, log: () => undefined });
  let looks = 0;
  executor.sweep(async () => void (looks += 1));
  await expect.poll(() => looks, { timeout: SOON_MS, interval: 10 }).toBe(1);
  executor.afterOutage();
  await expect.poll(() => looks, { timeout: SOON_MS, interval: 10 }).toBe(2);
  await executor.leave();
});
