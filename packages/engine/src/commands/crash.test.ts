import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GoalRow } from "../store/rows.ts";
import { crashingDatabase, type CrashPoint } from "../testing/crash-points.ts";
import { aToolCall, anEntry, testCommands, type TestCommands, owner } from "../testing/factories.ts";
import { createGoal } from "./create-goal.ts";
import { decideInboxEntry } from "./decide-entry.ts";
import { editGoal } from "./edit-goal.ts";
import { expireEntries } from "./expire-entries.ts";
import { clearUnfinishedGoalFiles, hashOf } from "./goal-files.ts";
import type { CommandParts } from "./parts.ts";
import { pauseGoal } from "./pause-goal.ts";
import { resumeGoal } from "./resume-goal.ts";
import { startRun } from "./start-run.ts";
import { stopGoal } from "./stop-goal.ts";
import { syncGoalFile } from "./sync-goal-file.ts";

const MAX_WRITES = 10;
/** A column that is no fact of its own, or tells the time. */
const UNTOLD = /(_at|_hash|^id|_id|^position|^commits|^name|^file|^created|^title)$/;

const ID = /\b[a-z]+_[0-9a-z]{26}\b/g;

let world: TestCommands;
let count = 0;

beforeAll(async () => {
  world = await testCommands();
});
afterAll(() => world.close());

const goalsFolder = () => join(world.folder, "goals");

/** A goal with its file and a queued run, as the engine knows it. */
async function givenGoal(): Promise<GoalRow> {
  const made = await createGoal(world.parts, { name: `given ${(count += 1)}`, spec: { brief: "Write." } });
  const { rows } = await world.database.query<GoalRow>("SELECT * FROM goals WHERE id = $1", [made.id]);
  return rows[0]!;
}

/** All that a goal consists of, so that "half" would show. */
async function told(goalId: string): Promise<unknown> {
  const tables = ["goals", "runs", "items", "inbox", "tool_calls", "policy_rules", "events"] as const;
  const keys = {
    goals: "id = $1",
    runs: "goal_id = $1",
    items: "thread_id = (SELECT thread_id FROM goals WHERE id = $1)",
    inbox: "goal_id = $1",
    tool_calls: "run_id IN (SELECT id FROM runs WHERE goal_id = $1)",
    policy_rules: "goal_id = $1",
    events: "goal_id = $1",
  };
  const state: Record<string, unknown[]> = {};
  for (const table of tables) {
    const order = table === "items" ? "position" : table === "events" ? "type" : "id";
    const columns = table === "events" ? "type" : "*";
    const { rows } = await world.database.query(
      `SELECT ${columns} FROM ${table} WHERE ${keys[table]} ORDER BY ${order}`,
      [goalId],
    );
    state[table] = rows.map((row) => Object.fromEntries(Object.entries(row).filter(([name]) => !UNTOLD.test(name))));
  }
  return JSON.parse(JSON.stringify(state).replace(ID, "<id>"));
}

/** Makes the command on a process that dies at the point. Returns whether it did. */
async function dieIn(point: CrashPoint, command: (parts: CommandParts) => Promise<unknown>): Promise<boolean> {
  const crash = crashingDatabase(world.database, point);
  await Promise.race([command({ ...world.parts, database: crash.database }), crash.died]);
  return crash.isDead();
}

/** What a process that starts does about files: it clears what dead ones left, then takes up what was written by hand. */
async function startAgain(): Promise<void> {
  await clearUnfinishedGoalFiles(world.parts);
  for (const name of await readdir(goalsFolder())) await syncGoalFile(world.parts, join(goalsFolder(), name));
}

/** Each file has its goal, each goal its file, with the text that the goal was read from, and nothing else is there. */
async function expectFilesAgree(): Promise<void> {
  const { rows } = await world.database.query<GoalRow>("SELECT * FROM goals WHERE file IS NOT NULL");
  const known = new Map(rows.map((row) => [row.file?.replace("goals/", "") ?? "", row.file_hash]));
  const names = await readdir(goalsFolder());
  expect(names.toSorted()).toEqual([...known.keys()].toSorted());
  for (const name of names) {
    expect({ name, hash: hashOf(await readFile(join(goalsFolder(), name), "utf8")) }).toEqual({
      name,
      hash: known.get(name),
    });
  }
}

function pointsOf(): CrashPoint[] {
  return (["before", "after"] as const).flatMap((moment) =>
    Array.from({ length: MAX_WRITES }, (_, index) => ({ moment, write: index + 1 })),
  );
}

/** The goal's run waits for a yes to a call, until then. */
async function givenApproval(goal: GoalRow, expires_at: Date | null): Promise<void> {
  const { rows } = await world.database.query("UPDATE runs SET status = 'waiting' WHERE goal_id = $1 RETURNING *", [
    goal.id,
  ]);
  const call = await aToolCall(world.database, rows[0], { status: "awaiting_approval" });
  await anEntry(
    world.database,
    { kind: "approval", expires_at, on_expiry: "deny", detail: { targets: ["ls"] } },
    { run: rows[0], call, goal },
  );
}

type Command = (parts: CommandParts, goal: GoalRow) => Promise<unknown>;
const COMMANDS: Record<string, { before?: (goal: GoalRow) => Promise<unknown>; command: Command }> = {
  "pausing a goal": { command: (parts, goal) => pauseGoal(parts, goal.id) },
  "resuming a goal": {
    before: (goal) => pauseGoal(world.parts, goal.id),
    command: (parts, goal) => resumeGoal(parts, goal.id),
  },
  "stopping a goal": { command: (parts, goal) => stopGoal(parts, goal.id) },
  "editing a goal": { command: (parts, goal) => editGoal(parts, goal.id, { spec: { done: "It is long." } }) },
  "a yes to a call, with a rule": {
    before: (goal) => givenApproval(goal, null),
    command: async (parts, goal) => {
      const { rows } = await world.database.query("SELECT id FROM inbox WHERE goal_id = $1", [goal.id]);
      return decideInboxEntry(parts, rows[0].id, { decision: "approve", scope: "goal", by: owner() });
    },
  },
  "an expiry": {
    before: (goal) => givenApproval(goal, new Date("2026-01-01T00:00:00Z")),
    command: (parts) => expireEntries(parts, world.parts.clock.now()),
  },
};

describe("a process that dies in a command", () => {
  for (const [name, { before, command }] of Object.entries(COMMANDS)) {
    test(`has done all of ${name} or nothing, and the file agrees`, async () => {
      const whole = await givenGoal();
      await before?.(whole);
      await command(world.parts, whole);
      const done = await told(whole.id);
      let died = 0;
      for (const point of pointsOf()) {
        const goal = await givenGoal();
        await before?.(goal);
        const undone = await told(goal.id);
        if (!(await dieIn(point, (parts) => command(parts, goal)))) continue;
        died += 1;
        const left = await told(goal.id);
        expect(left).toEqual(point.moment === "before" ? undone : done);
        await startAgain();
        await expectFilesAgree();
        // An edit's text was in its file: it is taken up from there. Anything else is done by asking again.
        const isEdit = name.startsWith("editing");
        if (point.moment === "before" && !isEdit) await command(world.parts, goal);
        expect(await told(goal.id)).toEqual(done);
      }
      expect(died).toBe(2);
    });
  }

  for (const draft of [false, true]) {
    test(`leaves no file without its goal when it makes a ${draft ? "draft" : "goal"}`, async () => {
      let died = 0;
      for (const point of pointsOf()) {
        const name = `made-${(count += 1)}`;
        const make = (parts: CommandParts) => createGoal(parts, { name, draft, spec: { brief: "Write." } });
        if (!(await dieIn(point, make))) continue;
        died += 1;
        await startAgain();
        await expectFilesAgree();
        const isThere = async () =>
          (await world.database.query("SELECT 1 FROM goals WHERE name = $1", [name])).rows.length;
        expect(await isThere()).toBe(point.moment === "before" ? 0 : 1);
        if (point.moment === "before") expect((await make(world.parts)).name).toBe(name);
        expect(await isThere()).toBe(1);
      }
      expect(died).toBe(2);
    });
  }

  test("has started a run with its message, event and hand-over, or none of it", async () => {
    for (const moment of ["before", "after"] as const) {
      const text = `Do it ${(count += 1)}.`;
      const enqueued = world.enqueued.length;
      const died = await dieIn({ moment, write: 1 }, (parts) => startRun(parts, { text }));
      expect([died, world.enqueued.length - enqueued]).toEqual([true, 1]);
      const { rows } = await world.database.query(
        `SELECT (SELECT count(*)::int FROM runs r WHERE r.thread_id = i.thread_id) AS runs,
           (SELECT count(*)::int FROM events e WHERE e.thread_id = i.thread_id AND e.type = 'run.created') AS told
         FROM items i WHERE i.content->>'text' = $1`,
        [text],
      );
      expect(rows).toEqual(moment === "before" ? [] : [{ runs: 1, told: 1 }]);
    }
  });

  test("keeps a file that was written by hand over what it left", async () => {
    const name = `made-${(count += 1)}`;
    const path = join(goalsFolder(), `${name}.md`);
    const point = { moment: "before", write: 1 } as const;
    expect(await dieIn(point, (parts) => createGoal(parts, { name, spec: { brief: "Write." } }))).toBe(true);
    await writeFile(path, "Write it by hand.\n");
    await startAgain();
    await expectFilesAgree();
    expect(await readFile(path, "utf8")).toBe("Write it by hand.\n");
  });
});
