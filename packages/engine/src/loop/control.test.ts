import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Goal, InboxEntry, Run, ToolCall } from "@bureau/protocol";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../clock.ts";
import { answerInboxEntry } from "../commands/answer-question.ts";
import { cancelRun } from "../commands/cancel-run.ts";
import { createGoal } from "../commands/create-goal.ts";
import { decideInboxEntry } from "../commands/decide-entry.ts";
import { editGoal } from "../commands/edit-goal.ts";
import { pauseGoal } from "../commands/pause-goal.ts";
import { resumeGoal } from "../commands/resume-goal.ts";
import { startRun } from "../commands/start-run.ts";
import { steerRun } from "../commands/steer-run.ts";
import { stopGoal } from "../commands/stop-goal.ts";
import { getGoal, listEvidence } from "../queries/goals.ts";
import { listInbox } from "../queries/inbox.ts";
import { getRun, listRuns, listSteps, listToolCalls } from "../queries/runs.ts";
import { createSandbox } from "../sandbox/create-sandbox.ts";
import { owner } from "../testing/factories.ts";
import type { ModelReply, ModelScript } from "../testing/model-server.ts";
import { expectWellFormed, systemOf, testWorld, until, type World, type WorldOptions } from "../testing/test-world.ts";

/** How soon a command holds, whatever is at work. */
const ENDED_WITHIN_MS = 1_000;
/** Long enough for a call that should not begin to begin. */
const SETTLE_MS = 150;

let world: World;
afterEach(() => world.close());

async function open(script: ModelScript, options: WorldOptions = {}): Promise<void> {
  world = await testWorld(script, options);
}

async function aGoal(checks: NonNullable<Goal["checks"]> = [{ file: { path: "report.md" } }]): Promise<Goal> {
  return await createGoal(world.commands, { agent: "writer", spec: { brief: "Write report.md", checks } });
}

const goalNow = (goal: Goal) => getGoal(world.database, goal.id);
const runOf = async (goal: Goal): Promise<Run> =>
  (await listRuns(world.database, { goal: goal.id, limit: 1 })).runs[0]!;
const callsOf = async (run: Run): Promise<ToolCall[]> =>
  (await listToolCalls(world.database, run.id, { after: 0, limit: 100 })).toolCalls;
const waiting = async (): Promise<InboxEntry[]> =>
  (await listInbox(world.database, { status: ["pending"], limit: 10 })).entries;

const write: ModelReply = { toolCalls: [{ name: "write_file", arguments: { path: "report.md", content: "Done." } }] };
const check: ModelReply = { toolCalls: [{ name: "request_check", arguments: {} }] };
/** Takes about ten seconds. */
const slowly = (reply: ModelReply): ModelReply => ({ ...reply, eventDelayMs: 200, deltas: 50 });
const FINISH: readonly ModelReply[] = [write, check];
/** The first answer, and from then on what finishes the goal. */
const first =
  (reply: ModelReply, rest: readonly ModelReply[] = FINISH): ModelScript =>
  ({ index }) =>
    index === 0 ? reply : rest[index - 1]!;

/** Gives a command while something is at work; it must have ended soon after, and nothing may begin for a while. */
async function command(driving: Promise<void>, give: () => Promise<unknown>): Promise<void> {
  await give();
  const given = Date.now();
  await driving;
  expect(Date.now() - given).toBeLessThan(ENDED_WITHIN_MS);
  await expectQuiet(given);
}

/** No model or tool call began since `moment`. */
async function expectQuiet(moment: number): Promise<void> {
  await delay(SETTLE_MS);
  expect(world.model.requests.filter((request) => request.at > moment)).toEqual([]);
  const { rows } = await world.database.query("SELECT kind, name FROM steps WHERE started_at > $1", [new Date(moment)]);
  expect(rows).toEqual([]);
}

async function expectFinished(goal: Goal): Promise<void> {
  await world.driveAll();
  expect(await goalNow(goal)).toMatchObject({ status: "done" });
  for (const request of world.model.requests) expectWellFormed(request);
  const { rows } = await world.database.query("SELECT 1 FROM steps WHERE status = 'running'");
  expect(rows).toEqual([]);
}

describe("while a model call is streaming", () => {
  async function streaming(): Promise<{ goal: Goal; driving: Promise<void> }> {
    await open(first(slowly({ text: "Let me think about it for a long time. ".repeat(5), ...write })));
    const goal = await aGoal();
    const driving = world.driveAll();
    await until(() => world.model.count() === 1, "the model answers");
    await delay(50);
    return { goal, driving };
  }

  test("a pause ends it, nothing of it is used, and after the resume the goal is finished", async () => {
    const { goal, driving } = await streaming();
    await command(driving, () => pauseGoal(world.commands, goal.id));
    const run = await runOf(goal);
    expect(run).toMatchObject({ status: "waiting", waitReason: "paused" });
    expect(await callsOf(run)).toEqual([]);
    const { steps } = await listSteps(world.database, run.id, { after: 0, limit: 10 });
    expect(steps.map((step) => step.status)).toEqual(["interrupted"]);
    await resumeGoal(world.commands, goal.id);
    await expectFinished(goal);
  });

  test("a stop ends it for good", async () => {
    const { goal, driving } = await streaming();
    await command(driving, () => stopGoal(world.commands, goal.id));
    expect(await goalNow(goal)).toMatchObject({ status: "abandoned" });
    expect(await runOf(goal)).toMatchObject({ status: "canceled" });
    await expect(resumeGoal(world.commands, goal.id)).rejects.toMatchObject({ code: "conflict" });
  });

  test("a cancel of the run pauses its goal", async () => {
    const { goal, driving } = await streaming();
    const run = await runOf(goal);
    await command(driving, () => cancelRun(world.commands, run.id));
    expect(await goalNow(goal)).toMatchObject({ status: "paused" });
    await resumeGoal(world.commands, goal.id);
    await expectFinished(goal);
  });

  test("an edit ends it, and every later call has the goal as edited", async () => {
    const { goal, driving } = await streaming();
    await editGoal(world.commands, goal.id, { spec: { brief: "Write report.md in French" } });
    const edited = Date.now();
    await driving;
    const later = world.model.requests.filter((request) => request.at >= edited);
    expect(later).toHaveLength(2);
    for (const request of later) expect(systemOf(request)).toContain("in French");
    await expectFinished(goal);
  });

  test("a message lets it end, and is read by the next call", async () => {
    await open(first({ ...write, delayMs: 200 }));
    const goal = await aGoal();
    const driving = world.driveAll();
    await until(() => world.model.count() === 1, "the model answers");
    await steerRun(world.commands, (await runOf(goal)).id, "Mention the weather.");
    await driving;
    expect(world.model.count()).toBe(3);
    expect(world.model.requests[1]!.raw).toContain("Mention the weather.");
    expect((await callsOf(await runOf(goal))).map((call) => call.status)).toEqual([
      "completed",
      "completed",
      "completed",
    ]);
    await expectFinished(goal);
  });
});

describe("while a command is running", () => {
  const beating: ModelReply = {
    toolCalls: [{ name: "run_command", arguments: { command: "while true; do date >> beat; sleep 0.02; done" } }],
  };

  async function running(): Promise<{ goal: Goal; driving: Promise<void>; beat: () => Promise<number> }> {
    await open(first(beating));
    const goal = await aGoal();
    const beat = async () =>
      await stat(join(world.folder, "beat")).then(
        (found) => found.size,
        () => 0,
      );
    const driving = world.driveAll();
    await until(async () => (await beat()) > 0, "the command is at work");
    return { goal, driving, beat };
  }

  async function expectEnded(beat: () => Promise<number>): Promise<void> {
    const size = await beat();
    await delay(SETTLE_MS);
    expect(await beat()).toBe(size);
  }

  test("a pause really ends it, and the model is told after the resume", async () => {
    const { goal, driving, beat } = await running();
    await command(driving, () => pauseGoal(world.commands, goal.id));
    await expectEnded(beat);
    expect((await callsOf(await runOf(goal))).map((call) => call.status)).toEqual(["canceled"]);
    await resumeGoal(world.commands, goal.id);
    await expectFinished(goal);
    expect(world.model.requests[1]!.raw).toContain("Ended before it finished");
  });

  test("a stop really ends it", async () => {
    const { goal, driving, beat } = await running();
    await command(driving, () => stopGoal(world.commands, goal.id));
    await expectEnded(beat);
    expect(await runOf(goal)).toMatchObject({ status: "canceled" });
  });

  test("an edit ends it, and the work goes on with the goal as edited", async () => {
    const { goal, driving, beat } = await running();
    await editGoal(world.commands, goal.id, { spec: { constraints: ["never run commands"] } });
    const edited = Date.now();
    await driving;
    expect(Date.now() - edited).toBeLessThan(ENDED_WITHIN_MS + 1_000);
    await expectEnded(beat);
    for (const request of world.model.requests.slice(1)) expect(systemOf(request)).toContain("never run commands");
    await expectFinished(goal);
  });

  test("a message does not end it", async () => {
    await open(first({ toolCalls: [{ name: "run_command", arguments: { command: "sleep 0.3; echo slept" } }] }));
    const goal = await aGoal();
    const driving = world.driveAll();
    await until(async () => (await callsOf(await runOf(goal)))[0]?.status === "running", "the command runs");
    await steerRun(world.commands, (await runOf(goal)).id, "Hurry up.");
    await driving;
    expect(world.model.requests[1]!.raw).toContain("slept");
    expect(world.model.requests[1]!.raw).toContain("Hurry up.");
    await expectFinished(goal);
  });
});

describe("while the run waits for a person", () => {
  async function asking(): Promise<{ goal: Goal; entry: InboxEntry }> {
    await open(first({ toolCalls: [{ name: "ask_person", arguments: { question: "Which tone?" } }] }));
    const goal = await aGoal();
    await world.driveAll();
    expect(await goalNow(goal)).toMatchObject({ status: "waiting" });
    return { goal, entry: (await waiting())[0]! };
  }

  test("an answer given while it is paused is used after the resume, not before", async () => {
    const { goal, entry } = await asking();
    await pauseGoal(world.commands, goal.id);
    await answerInboxEntry(world.commands, entry.id, { text: "Calm", by: owner("person") });
    await world.driveAll();
    expect(world.model.count()).toBe(1);
    await resumeGoal(world.commands, goal.id);
    await expectFinished(goal);
    expect(world.model.requests[1]!.raw).toContain("Calm");
  });

  test("a resume alone does not end the wait", async () => {
    const { goal, entry } = await asking();
    await pauseGoal(world.commands, goal.id);
    await resumeGoal(world.commands, goal.id);
    await world.driveAll();
    expect(await goalNow(goal)).toMatchObject({ status: "waiting" });
    expect(world.model.count()).toBe(1);
    await answerInboxEntry(world.commands, entry.id, { text: "Calm", by: owner("person") });
    await expectFinished(goal);
  });

  test("a stop closes the question", async () => {
    const { goal } = await asking();
    await stopGoal(world.commands, goal.id);
    await world.driveAll();
    expect(await waiting()).toEqual([]);
    expect(world.model.count()).toBe(1);
  });

  test("an edit takes the question back and goes on", async () => {
    const { goal } = await asking();
    await editGoal(world.commands, goal.id, { spec: { constraints: ["a calm tone"] } });
    await expectFinished(goal);
    expect(await waiting()).toEqual([]);
    expect(systemOf(world.model.requests[1]!)).toContain("a calm tone");
  });

  test("a message is the answer", async () => {
    const { goal } = await asking();
    await steerRun(world.commands, (await runOf(goal)).id, "Cheerful");
    await expectFinished(goal);
    expect(world.model.requests[1]!.raw).toContain("Cheerful");
  });
});

describe("while the run is queued", () => {
  test("a pause keeps it from beginning until the resume", async () => {
    await open([...FINISH]);
    const goal = await aGoal();
    await pauseGoal(world.commands, goal.id);
    await world.driveAll();
    expect(world.model.count()).toBe(0);
    await resumeGoal(world.commands, goal.id);
    await expectFinished(goal);
  });

  test("a stop keeps it from ever beginning", async () => {
    await open([]);
    const goal = await aGoal();
    await stopGoal(world.commands, goal.id);
    await world.driveAll();
    expect(world.model.count()).toBe(0);
    expect(await runOf(goal)).toMatchObject({ status: "canceled" });
  });

  test("an edit and a message are in its first call", async () => {
    await open([...FINISH]);
    const goal = await aGoal();
    await editGoal(world.commands, goal.id, { spec: { done: "report.md rhymes" } });
    await steerRun(world.commands, (await runOf(goal)).id, "In English, please.");
    await expectFinished(goal);
    expect(systemOf(world.model.requests[0]!)).toContain("report.md rhymes");
    expect(world.model.requests[0]!.raw).toContain("In English, please.");
  });
});

describe("while checks are running", () => {
  const SLOW_CHECK = { command: "if [ -e fast ]; then test -s report.md; else sleep 20; fi" };

  async function checking(): Promise<{ goal: Goal; driving: Promise<void> }> {
    await open([write, check, check]);
    const goal = await aGoal([SLOW_CHECK]);
    const driving = world.driveAll();
    await until(async () => {
      const { rows } = await world.database.query("SELECT 1 FROM steps WHERE kind = 'check' AND status = 'running'");
      return rows.length > 0;
    }, "the checks run");
    await delay(100);
    return { goal, driving };
  }

  test("a pause ends them without a finding, and they run again after the resume", async () => {
    const { goal, driving } = await checking();
    await command(driving, () => pauseGoal(world.commands, goal.id));
    expect((await listEvidence(world.database, goal.id, { limit: 5 })).evidence).toEqual([]);
    await editGoal(world.commands, goal.id, { spec: { checks: [{ command: "test -s report.md" }] } });
    await resumeGoal(world.commands, goal.id);
    await expectFinished(goal);
  });

  test("a stop ends them, and the goal does not become done", async () => {
    const { goal, driving } = await checking();
    await command(driving, () => stopGoal(world.commands, goal.id));
    expect(await goalNow(goal)).toMatchObject({ status: "abandoned" });
    expect((await listEvidence(world.database, goal.id, { limit: 5 })).evidence).toEqual([]);
  });

  test("an edit ends them: what they found was about the goal as it was", async () => {
    const { goal, driving } = await checking();
    await editGoal(world.commands, goal.id, { spec: { checks: [{ file: { path: "report.md", contains: "Done" } }] } });
    await driving;
    await expectFinished(goal);
    const { evidence } = await listEvidence(world.database, goal.id, { limit: 5 });
    expect(evidence.map((found) => [found.goalVersion, found.kind])).toEqual([[2, "file"]]);
  });
});

describe("a command for which no sandbox can be had", () => {
  async function openUnsandboxed(script: ModelScript): Promise<Run> {
    await open(script);
    const stateFolder = join(world.workspace, ".bureau", "bare");
    const sandbox = createSandbox({ stateFolder, clock: systemClock, bubblewrap: "/nowhere/bwrap" });
    expect(await sandbox.state()).toMatchObject({ available: false });
    Object.assign(world.parts, { sandbox });
    const run = await startRun(world.commands, { agent: "writer", text: "Say hello" });
    await world.driveAll();
    return run;
  }
  const hello = { toolCalls: [{ name: "run_command", arguments: { command: "echo hello > hello.txt" } }] };

  test("waits for a yes that says why, and then runs", async () => {
    const run = await openUnsandboxed([hello, "Said."]);
    expect(await getRun(world.database, run.id)).toMatchObject({ status: "waiting", waitReason: "approval" });
    const [entry] = await waiting();
    expect(entry!.detail).toMatchObject({
      arguments: { command: "echo hello > hello.txt" },
      reason: expect.stringContaining("without isolation"),
    });
    await decideInboxEntry(world.commands, entry!.id, { decision: "approve", by: owner("person") });
    await world.driveAll();
    expect(await readFile(join(world.folder, "hello.txt"), "utf8")).toBe("hello\n");
    expect(await getRun(world.database, run.id)).toMatchObject({ status: "completed" });
    await world.parts.sandbox.close();
  });

  test("that is denied is not run, and the model reads the denial as its answer", async () => {
    const run = await openUnsandboxed([hello, "Then not."]);
    const [entry] = await waiting();
    await decideInboxEntry(world.commands, entry!.id, { decision: "deny", note: "Too loud", by: owner("person") });
    await world.driveAll();
    await expect(stat(join(world.folder, "hello.txt"))).rejects.toMatchObject({ code: "ENOENT" });
    expect((await callsOf(run)).map((call) => call.status)).toEqual(["denied"]);
    expectWellFormed(world.model.requests[1]!);
    expect(world.model.requests[1]!.raw).toContain("Denied by person");
    expect(world.model.requests[1]!.raw).toContain("Too loud");
    expect(await getRun(world.database, run.id)).toMatchObject({ status: "completed", outcome: "answered" });
    await world.parts.sandbox.close();
  });
});
