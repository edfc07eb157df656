import { newId, NO_USAGE } from "@bureau/protocol";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testDatabase, type TestDatabase } from "../testing/test-database.ts";
import { eventsAfter, lastSequence } from "./events.ts";
import { resolveWrite, type RunWrite, storableJson, writeJournal, writeOnce } from "./journal.ts";

const AT = "2026-03-01T10:00:00.000Z";

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await database.query("INSERT INTO agents (id, name, folder, status) VALUES ('agt_1', 'a', '/a', 'enabled')");
});
afterAll(() => database.drop());

interface Stored {
  epoch: number;
  control: number;
  commits: number;
  stepCount: number;
  items: string[];
}

async function aRun(): Promise<{ runId: string; threadId: string }> {
  const [runId, threadId] = [newId("run"), newId("thread")];
  await database.query("INSERT INTO threads (id, agent_id, title, status) VALUES ($1, 'agt_1', 't', 'open')", [
    threadId,
  ]);
  await database.query(
    `INSERT INTO runs (id, thread_id, agent_id, status, trigger, usage, epoch) VALUES ($1, $2, 'agt_1', 'running', 'person', $3, 1)`,
    [runId, threadId, JSON.stringify(NO_USAGE)],
  );
  return { runId, threadId };
}

async function stored(runId: string, threadId: string): Promise<Stored> {
  const { rows } = await database.query(
    `SELECT epoch, control, commits::int, step_count AS "stepCount",
       COALESCE((SELECT array_agg(content->>'text' ORDER BY position) FROM items WHERE thread_id = $2), '{}') AS items
     FROM runs WHERE id = $1`,
    [runId, threadId],
  );
  return rows[0] as Stored;
}

/** An outcome and an intent that each add one item, so that what was written can be told. */
function aWrite(
  runId: string,
  threadId: string,
  fence: { epoch: number; control: number; commits: number },
  n: number,
): RunWrite {
  const item = (text: string) => ({
    id: newId("item"),
    thread_id: threadId,
    step_id: null,
    turn: 1,
    content: { type: "notice" as const, text },
    created_at: AT,
  });
  const event = { type: "run.started" as const, threadId, data: { run: { id: runId } } };
  return {
    runId,
    goalId: null,
    ...fence,
    outcome: { run: { sentence: `outcome ${n}` }, items: [item(`outcome ${n}`)], events: [event] },
    intent: {
      run: { step_count: n },
      steps: [{ id: newId("step"), number: n, kind: "model_call", turn: 1, name: "m", started_at: AT }],
      items: [item(`intent ${n}`)],
      events: [event],
    },
  };
}

/** What may happen to a run between two writes of its driver. */
const anAction = fc.constantFrom("write", "write", "write", "command", "taken over", "repeat the last write");

describe("the journal", () => {
  test("writes all, the outcome alone, or nothing, by who owns the run and whether a command came in", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anAction, { minLength: 1, maxLength: 8 }), async (actions) => {
        const { runId, threadId } = await aRun();
        const driver = { epoch: 1, control: 0, commits: 0 };
        const model: Stored = { epoch: 1, control: 0, commits: 0, stepCount: 0, items: [] };
        let last: RunWrite | null = null;
        for (const [index, action] of actions.entries()) {
          if (action === "command") {
            await database.query("UPDATE runs SET control = control + 1 WHERE id = $1", [runId]);
            model.control += 1;
            continue;
          }
          if (action === "taken over") {
            await database.query("UPDATE runs SET epoch = epoch + 1 WHERE id = $1", [runId]);
            model.epoch += 1;
            continue;
          }
          const isRepeat = action === "repeat the last write" && last !== null;
          const write: RunWrite = isRepeat ? last! : aWrite(runId, threadId, driver, index + 1);
          const result = (await writeJournal(database, [write])).get(runId)!;
          const owned = write.epoch === model.epoch && write.commits === model.commits;
          const current = owned && write.control === model.control;
          expect([result.owned, result.owned && result.current]).toEqual([owned, current]);
          if (owned) {
            model.commits += 1;
            model.items.push((write.outcome.items![0]!.content as { text: string }).text);
            driver.commits += 1;
          }
          if (current) {
            model.stepCount = write.intent.run!.step_count!;
            model.items.push((write.intent.items![0]!.content as { text: string }).text);
          }
          if (owned && !current) driver.control = model.control;
          last = write;
          expect(await stored(runId, threadId)).toEqual(model);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("writes of many runs in one statement do not disturb each other", async () => {
    const runs = await Promise.all(Array.from({ length: 12 }, () => aRun()));
    const writes = runs.map(({ runId, threadId }, index) =>
      aWrite(runId, threadId, { epoch: index % 3 === 0 ? 7 : 1, control: index % 2, commits: 0 }, 1),
    );
    const results = await writeJournal(database, writes);
    for (const [index, { runId, threadId }] of runs.entries()) {
      const owned = index % 3 !== 0;
      const current = owned && index % 2 === 0;
      expect(results.get(runId)).toMatchObject({ owned });
      const { items } = await stored(runId, threadId);
      expect(items).toEqual([...(owned ? ["outcome 1"] : []), ...(current ? ["intent 1"] : [])]);
    }
  });

  test("a write whose answer was lost is recognised as made, with the places of its items", async () => {
    const { runId, threadId } = await aRun();
    const write = aWrite(runId, threadId, { epoch: 1, control: 0, commits: 0 }, 1);
    expect(await resolveWrite(database, write)).toBe("not_written");
    const result = (await writeJournal(database, [write])).get(runId);
    expect(await resolveWrite(database, write)).toEqual(result);
    await database.query("UPDATE runs SET epoch = 2 WHERE id = $1", [runId]);
    expect(await resolveWrite(database, write)).toMatchObject({ owned: false });
  });

  describe("a write that is made once", () => {
    const lost = () => Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
    const fence = { epoch: 1, control: 0, commits: 0 };
    const make = async (write: RunWrite) => (await writeJournal(database, [write])).get(write.runId)!;

    test("is not made again when only its answer was lost", async () => {
      const { runId, threadId } = await aRun();
      const write = aWrite(runId, threadId, fence, 1);
      let made = 0;
      const result = await writeOnce(database, write, async () => {
        made += 1;
        await make(write);
        throw lost();
      });
      expect([made, result.owned, result.current, Object.keys(result.positions).length]).toEqual([1, true, true, 2]);
      expect((await stored(runId, threadId)).items).toEqual(["outcome 1", "intent 1"]);
    });

    test("is made again when it was lost itself", async () => {
      const { runId, threadId } = await aRun();
      const write = aWrite(runId, threadId, fence, 1);
      let made = 0;
      const result = await writeOnce(database, write, () => {
        made += 1;
        return made < 3 ? Promise.reject(lost()) : make(write);
      });
      expect([made, result.owned, result.current]).toEqual([3, true, true]);
    });

    test("is known as made when it was on its way still while it was asked after", async () => {
      const { runId, threadId } = await aRun();
      const write = aWrite(runId, threadId, fence, 1);
      let made = 0;
      const result = await writeOnce(database, write, async () => {
        made += 1;
        if (made === 1) throw lost();
        await make(write);
        return await make(write);
      });
      expect([made, result.owned, result.current]).toEqual([2, true, true]);
      expect((await stored(runId, threadId)).items).toEqual(["outcome 1", "intent 1"]);
    });

    test("is given up when another process has the run since, and for any other error", async () => {
      const { runId, threadId } = await aRun();
      const write = aWrite(runId, threadId, fence, 1);
      await expect(writeOnce(database, write, () => Promise.reject(new Error("a fault")))).rejects.toThrow("a fault");
      await database.query("UPDATE runs SET epoch = 2 WHERE id = $1", [runId]);
      let made = 0;
      const result = await writeOnce(database, write, () => {
        made += 1;
        return Promise.reject(lost());
      });
      expect([made, result.owned]).toEqual([1, false]);
    });

    test("and lets a run wait is known as made, though a person woke the run since", async () => {
      const { runId, threadId } = await aRun();
      const write: RunWrite = { ...aWrite(runId, threadId, fence, 1), intent: { run: { status: "waiting" } } };
      const result = await writeOnce(database, write, async () => {
        await make(write);
        await database.query("UPDATE runs SET status = 'queued', control = control + 1 WHERE id = $1", [runId]);
        throw lost();
      });
      expect(result).toMatchObject({ owned: true, current: true });
    });
  });

  test("events of writes that went side by side are numbered once, without gaps", async () => {
    const before = await lastSequence(database);
    const runs = await Promise.all(Array.from({ length: 8 }, () => aRun()));
    await Promise.all([
      ...runs.map(({ runId, threadId }) =>
        writeJournal(database, [aWrite(runId, threadId, { epoch: 1, control: 0, commits: 0 }, 1)]),
      ),
      ...Array.from({ length: 4 }, () => lastSequence(database)),
    ]);
    const events = await eventsAfter(database, before, 100);
    expect(events.map((event) => event.seq)).toEqual(Array.from({ length: 16 }, (_, index) => before + index + 1));
  });

  test("text that the database cannot hold is stored with marks in its place", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), async (text) => {
        const { rows } = await database.query("SELECT $1::jsonb->>'text' AS text", [
          storableJson({ text: `${text}\u0000\\u0000\ud800` }),
        ]);
        expect(rows[0]?.text).toBe(`${text}\u0000\\u0000\ud800`.toWellFormed().replaceAll("\u0000", "\ufffd"));
      }),
      { numRuns: 60 },
    );
  });
});
