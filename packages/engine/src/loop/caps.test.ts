import { createGoal } from "../commands/create-goal.ts";
import { decideInboxEntry } from "../commands/decide-entry.ts";
import { cancelRun } from "../commands/cancel-run.ts";
import { startRun } from "../commands/start-run.ts";
import { localDay, nextLocalDay, type Clock } from "../clock.ts";
import { type Caps, NO_CAPS } from "../domain/caps.ts";
import { listInbox } from "../queries/inbox.ts";
import { getRun, listRuns } from "../queries/runs.ts";
import { owner } from "../testing/factories.ts";
import { crashingDatabase } from "../testing/crash-points.ts";
import type { ModelReply, ModelScript } from "../testing/model-server.ts";
import { driveAll, fastClock, gate, testWorld, until, type World } from "../testing/test-world.ts";
import type { CapsSource } from "../workspace/watch-caps.ts";
import { afterEach, describe, expect, test } from "vitest";
import { driveRun } from "./drive-run.ts";
import { JournalWriter } from "./journal-writer.ts";

const RUNS = 100;
const usage = { inputTokens: 900, outputTokens: 100 };
/** Longest answer of the scripted model, so that many calls fit under a cap at once. */
const MAX_OUTPUT = 400;
/** Above what the prompt and the tools are estimated at. */
const PRICE = { input: 1_000_000, cachedInput: 1_000_000, output: 1_000_000 };

let world: World;
afterEach(() => world.close());

/** Caps that a test can change, as a person changes the file. */
function capsSource(
  first: Partial<Caps["workspace"]>,
  agents: Caps["agents"] = {},
): CapsSource & { raise(to: Caps): void } {
  let caps: Caps = { workspace: { day: {}, total: {}, ...first }, agents };
  let file = caps;
  return {
    current: () => caps,
    reload: async () => (caps = file),
    raise: (to) => void (file = to),
  };
}

interface Setting {
  caps: CapsSource;
  clock?: Clock;
  price?: boolean;
}

async function open(script: ModelScript, { caps, clock = fastClock(), price = true }: Setting): Promise<void> {
  world = await testWorld(script, {
    clock,
    parts: { caps },
    models: () => ({
      limits: { "test/scripted": { contextTokens: 100_000, maxOutputTokens: MAX_OUTPUT } },
      ...(price ? { prices: { "test/scripted": PRICE } } : {}),
    }),
  });
}

const start = () => startRun(world.commands, { text: "Go on", agent: "writer" });
const go: ModelReply = { toolCalls: [{ name: "list_files", arguments: {} }], usage };
/** Two model calls a run. */
const work: ModelScript = ({ toolTurns }) => (toolTurns === 0 ? go : { text: "Done.", usage });

async function spent(scope = "workspace", day: string | null = null) {
  const { rows } = await world.database.query(
    `SELECT tokens, micros, calls, runs, reserved_tokens AS reserved, reserved_micros FROM spending
     WHERE scope = $1 AND day = COALESCE($2::date, 'infinity')`,
    [scope, day],
  );
  return rows[0] ?? null;
}

const budgetEntries = async () =>
  (await listInbox(world.database, { status: ["pending"], kind: ["budget"], limit: 10 })).entries;

/** Drives what can be driven now, without waiting for another day. */
async function driveToday(parts = world.parts, isMine: (runId: string) => boolean = () => true): Promise<void> {
  for (let round = 0; round < 100; round += 1) {
    const { rows: all } = await world.database.query(
      `SELECT id, dispatch FROM runs WHERE status IN ('queued', 'running')
         OR (status = 'waiting' AND wait_reason = 'timer' AND wait_until < $1)`,
      [new Date(nextLocalDay(world.parts.clock.now()))],
    );
    const rows = all.filter((run) => isMine(run.id));
    if (rows.length === 0) return;
    await Promise.all(rows.map((run) => driveRun(parts, run.id, run.dispatch)));
  }
}

describe("a cap of a day", () => {
  test("is never passed by 100 runs of two processes at once, and each ends or waits with a sentence", async () => {
    const cap = 60_000;
    let highest = 0;
    await open(
      async (request) => {
        const now = await spent();
        highest = Math.max(highest, now.tokens + now.reserved);
        return (work as (asked: typeof request) => ModelReply)(request);
      },
      { caps: capsSource({ day: { tokens: cap } }) },
    );
    const runs = await Promise.all(Array.from({ length: RUNS }, start));
    const other = world.restarted({ executorId: "other", caps: world.parts.caps! });
    const first = new Set(runs.slice(0, RUNS / 2).map((run) => run.id as string));
    await Promise.all([driveToday(world.parts, (id) => first.has(id)), driveToday(other, (id) => !first.has(id))]);
    const day = localDay(world.parts.clock.now());
    expect(highest).toBeLessThanOrEqual(cap);
    expect(await spent()).toMatchObject({ tokens: world.model.count() * 1_000, reserved: 0 });
    expect(world.model.count() * 1_000).toBeGreaterThan(cap / 2);
    const ended = await Promise.all(runs.map((run) => getRun(world.database, run.id)));
    for (const run of ended.filter(({ status }) => status !== "completed")) {
      expect(run).toMatchObject({
        status: "waiting",
        waitReason: "timer",
        sentence: expect.stringContaining("The cap of 60,000 tokens a day for the workspace"),
      });
    }
    expect(ended.some(({ status }) => status === "completed")).toBe(true);
    expect(ended.some(({ status }) => status === "waiting")).toBe(true);
    expect(await budgetEntries()).toMatchObject([
      { title: expect.stringContaining("caps.day.tokens"), detail: { limit: "tokens", cap, day } },
    ]);
  }, 60_000);

  test("lets the work go on in the next day, and closes its entry", async () => {
    const clock = fastClock();
    await open(work, { caps: capsSource({ day: { runs: 2 } }), clock });
    const runs = await Promise.all(Array.from({ length: 3 }, start));
    await driveToday();
    expect(await budgetEntries()).toMatchObject([{ detail: { limit: "runs", cap: 2, spent: 2 } }]);
    expect(world.model.count()).toBe(4);
    await world.driveAll();
    for (const run of runs) expect(await getRun(world.database, run.id)).toMatchObject({ status: "completed" });
    expect(await budgetEntries()).toEqual([]);
    expect(await spent()).toMatchObject({ runs: 3, calls: 6, tokens: 6_000 });
  });

  test("that a person raised holds at once after the entry was dismissed; one that was not asks no second time", async () => {
    const caps = capsSource({ day: { runs: 1 } });
    await open(work, { caps });
    const runs = [await start(), await start()];
    await driveToday();
    const [entry] = await budgetEntries();
    await decideInboxEntry(world.commands, entry!.id, { decision: "dismiss", by: owner() });
    await driveToday();
    expect(await budgetEntries()).toEqual([]);
    expect(
      (await Promise.all(runs.map((run) => getRun(world.database, run.id)))).map(({ status }) => status),
    ).toContain("waiting");
    caps.raise({ ...NO_CAPS, workspace: { day: { runs: 2 }, total: {} } });
    await world.database.query("UPDATE inbox SET status = 'pending' WHERE id = $1", [entry!.id]);
    await decideInboxEntry(world.commands, entry!.id, { decision: "dismiss", by: owner() });
    await driveToday();
    for (const run of runs) expect(await getRun(world.database, run.id)).toMatchObject({ status: "completed" });
  });
});

describe("a cap over all days", () => {
  test("of an agent stops its run with the failure budget", async () => {
    await open(() => go, { caps: capsSource({}, { writer: { day: {}, total: { micros: 9_000 } } }) });
    const run = await start();
    await world.driveAll();
    expect(await getRun(world.database, run.id)).toMatchObject({
      status: "failed",
      failure: "budget",
      sentence: expect.stringMatching(
        /The cap of \$0\.009000 in all for the agent writer.*caps\.agents\.writer\.money/,
      ),
    });
    expect((await spent()).micros).toBeLessThanOrEqual(9_000);
    expect((await spent()).micros).toBe(world.model.count() * 1_000);
  });

  test("is not passed by 100 goals below one at once", async () => {
    const cap = 50_000;
    await open(() => go, { caps: capsSource({ total: { tokens: cap } }) });
    const spec = { brief: "Write", checks: [{ file: { path: "never.md" } }] };
    const parent = await createGoal(world.commands, {
      agent: "writer",
      spec: { ...spec, budget: { tokens: 45_000 } },
      draft: true,
    });
    for (let child = 0; child < RUNS; child += 1) {
      await createGoal(world.commands, { agent: "writer", name: `child-${child}`, spec, parent: parent.id });
    }
    await driveToday();
    const tree = await world.database.query("SELECT sum((usage->>'tokens')::int)::int AS tokens FROM goals");
    expect(tree.rows[0].tokens).toBeLessThanOrEqual(45_000);
    expect(await spent()).toMatchObject({ tokens: tree.rows[0].tokens, reserved: 0 });
    const { runs } = await listRuns(world.database, { limit: 500 });
    expect(runs).toHaveLength(RUNS);
    for (const run of runs) expect(run).toMatchObject({ status: "failed", failure: "budget" });
    expect(runs[0]!.sentence).not.toBe("");
  }, 60_000);

  test("on money holds for a model without a price only beside a cap on tokens", async () => {
    await open(work, { caps: capsSource({ total: { micros: 1_000_000 } }), price: false });
    const refused = await start();
    await world.driveAll();
    expect(await getRun(world.database, refused.id)).toMatchObject({
      failure: "budget",
      sentence: expect.stringContaining("cannot hold for test/scripted, whose price is not known"),
    });
    expect(world.model.count()).toBe(0);
    world.parts.caps = capsSource({ total: { micros: 1_000_000, tokens: 100_000 } });
    const counted = await start();
    await world.driveAll();
    expect(await getRun(world.database, counted.id)).toMatchObject({ status: "completed" });
    expect(await spent()).toMatchObject({ tokens: 2_000, micros: 0 });
  });

  test("holds for the judge of a goal's checks", async () => {
    await open(
      (request) => (request.tools.length === 0 ? { text: '{"verdict":"met","reason":"Good."}', usage } : work2),
      {
        caps: capsSource({ total: { tokens: 100_000 } }),
      },
    );
    const spec = { brief: "Write it well", checks: [{ judge: "It is well written" }] };
    await createGoal(world.commands, { agent: "writer", spec });
    await world.driveAll();
    expect(await spent()).toMatchObject({ calls: 2, tokens: 2_000, reserved: 0 });
  });
});

const work2: ModelReply = { text: "I am done.", usage };

describe("a call in flight when its process died", () => {
  async function dieInFlight() {
    const held = gate<ModelReply>();
    await open(({ index }) => (index === 0 ? held.passed : (work as (r: unknown) => ModelReply)({ toolTurns: 1 })), {
      caps: capsSource({ total: { tokens: 100_000 } }),
    });
    const run = await start();
    const driving = driveRun(world.parts, run.id, 1);
    await until(() => world.model.count() === 1, "the call is in flight");
    const { reserved } = await spent();
    expect(reserved).toBeGreaterThan(MAX_OUTPUT);
    return { run, driving, held, reserved: reserved as number };
  }

  test("counts as spent at what was set aside, once, when the run is taken up again", async () => {
    const { run, driving, held, reserved } = await dieInFlight();
    await driveAll(world.restarted({ executorId: "next", caps: world.parts.caps! }));
    expect(await getRun(world.database, run.id)).toMatchObject({ status: "completed" });
    const settled = { tokens: reserved + 1_000, calls: 2, runs: 1, reserved: 0 };
    expect(await spent()).toMatchObject(settled);
    // The old process wakes up and tries to write what it heard: it has lost the run.
    held.open(go);
    await driving;
    expect(await spent()).toMatchObject(settled);
  });

  test("counts as spent also when the run is canceled without being taken up", async () => {
    const { run, driving, held, reserved } = await dieInFlight();
    await world.database.query("UPDATE runs SET status = 'waiting', wait_reason = 'paused', epoch = epoch + 1");
    await cancelRun(world.commands, run.id);
    expect(await spent()).toMatchObject({ tokens: reserved, calls: 1, reserved: 0 });
    held.open(go);
    await driving;
  });
});

describe("a process that dies at any write", () => {
  test("leaves nothing set aside, and never counts less than was used", async () => {
    await open(work, { caps: capsSource({ day: { tokens: 1_000_000 } }) });
    for (let write = 1; ; write += 1) {
      for (const moment of ["before", "after"] as const) {
        await world.database.query("DELETE FROM spending");
        const asked = world.model.count();
        const run = await start();
        const crashing = crashingDatabase(world.database, { moment, write });
        const dying = world.restarted({
          executorId: "dying",
          caps: world.parts.caps!,
          reads: crashing.database,
          database: crashing.database,
          writer: new JournalWriter({ database: crashing.database, clock: world.parts.clock }),
        });
        await Promise.race([driveRun(dying, run.id, 1), crashing.died]);
        await driveAll(world.restarted({ caps: world.parts.caps! }));
        expect(await getRun(world.database, run.id)).toMatchObject({ status: "completed" });
        const now = await spent();
        expect(now).toMatchObject({ reserved: 0, reserved_micros: 0, runs: 1 });
        expect(now.tokens).toBeGreaterThanOrEqual((world.model.count() - asked) * 1_000);
        // The point is past the last write: every one has been tried.
        if (!crashing.isDead()) {
          expect(now.tokens).toBe(2_000);
          return;
        }
      }
    }
  }, 30_000);
});

describe("without caps", () => {
  test("nothing is counted and no call asks for leave", async () => {
    await open(work, { caps: { current: () => null, reload: async () => null } });
    await start();
    await world.driveAll();
    expect(await spent()).toBe(null);
    expect(world.model.count()).toBe(2);
  });
});
