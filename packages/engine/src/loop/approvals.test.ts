import type { InboxEntry, Run, ToolCall } from "@bureau/protocol";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { answerInboxEntry } from "../commands/answer-question.ts";
import { createGoal } from "../commands/create-goal.ts";
import { decideInboxEntry } from "../commands/decide-entry.ts";
import { editGoal } from "../commands/edit-goal.ts";
import { expireEntries } from "../commands/expire-entries.ts";
import { pauseGoal } from "../commands/pause-goal.ts";
import { resumeGoal } from "../commands/resume-goal.ts";
import { startRun } from "../commands/start-run.ts";
import { steerRun } from "../commands/steer-run.ts";
import { DENIALS_QUESTION } from "../domain/denials.ts";
import { listInbox } from "../queries/inbox.ts";
import { listRuns, listToolCalls } from "../queries/runs.ts";
import { owner } from "../testing/factories.ts";
import type { ModelReply, ModelScript } from "../testing/model-server.ts";
import { expectWellFormed, testWorld, type World, type WorldOptions } from "../testing/test-world.ts";
import { builtInTools } from "../tools/registry.ts";
import { defineTool, type Tool } from "../tools/tool.ts";

const OWNER = owner();
const DAY_MS = 24 * 60 * 60_000;

let world: World;
let sent: string[];
afterEach(() => world.close());

const send = defineTool({
  name: "send_note",
  description: "Sends a note.",
  parameters: z.strictObject({ to: z.string(), text: z.string() }),
  effect: "write_workspace",
  idempotent: false,
  needsApproval: async () => "It leaves the house.",
  describe: ({ to, text }) => ({ targets: [to], content: [text], title: `Send a note to ${to}` }),
  execute: async ({ to }) => {
    sent.push(to);
    return { text: `Sent to ${to}.` };
  },
}) as Tool;

async function open(script: ModelScript, options: WorldOptions = {}): Promise<void> {
  sent = [];
  world = await testWorld(script, { tools: [...builtInTools(), send], ...options });
}

const note = (to: string): NonNullable<ModelReply["toolCalls"]>[number] => ({
  name: "send_note",
  arguments: { to, text: "Hello" },
});
const notes = (...to: string[]): ModelReply => ({ toolCalls: to.map(note) });
/** Answers with these in order, and with words from then on. */
const inOrder =
  (...replies: ModelReply[]): ModelScript =>
  ({ index }) =>
    replies[index] ?? "That is all.";

const waiting = async (): Promise<InboxEntry[]> =>
  (await listInbox(world.database, { status: ["pending"], limit: 50 })).entries;
const callsOf = async (run: Pick<Run, "id">): Promise<ToolCall[]> =>
  (await listToolCalls(world.database, run.id, { after: 0, limit: 100 })).toolCalls;
const runNow = async (): Promise<Run> => (await listRuns(world.database, { limit: 1 })).runs[0]!;
const approve = (entry: InboxEntry) => decideInboxEntry(world.commands, entry.id, { decision: "approve", by: OWNER });
const deny = (entry: InboxEntry, note?: string) =>
  decideInboxEntry(world.commands, entry.id, { decision: "deny", by: OWNER, ...(note === undefined ? {} : { note }) });

async function started(): Promise<Run> {
  const run = await startRun(world.commands, { agent: "writer", text: "Send the notes." });
  await world.driveAll();
  return run;
}

describe("an approved call", () => {
  test("does not run when the goal is edited before it began, though its run was taken up already", async () => {
    let onTakenUp: (() => Promise<unknown>) | null = null;
    await open(inOrder(notes("ana")));
    const { loadContext } = world.parts;
    world.parts.loadContext = async (folder) => {
      const edit = onTakenUp;
      onTakenUp = null;
      await edit?.();
      return await loadContext(folder);
    };
    const goal = await createGoal(world.commands, {
      agent: "writer",
      spec: { brief: "Tell Ana", checks: [{ file: { path: "never.md" } }] },
    });
    await world.driveAll();
    // The journal is read again from the database, its context from the files: as after a crash before the first write.
    await world.database.query("UPDATE runs SET context_hash = NULL");
    const [card] = await waiting();
    await approve(card!);
    onTakenUp = () => editGoal(world.commands, goal.id, { spec: { brief: "Tell Ben" } });
    await world.driveAll();
    expect(onTakenUp).toBeNull();
    const [call] = await callsOf(await runNow());
    expect(call).toMatchObject({ status: "canceled", result: expect.stringContaining("the goal was changed") });
    expect(sent).toEqual([]);
    for (const request of world.model.requests) expectWellFormed(request);
  });

  test("does not run when its arguments are other ones by then", async () => {
    await open(inOrder(notes("ana")));
    const run = await started();
    await approve((await waiting())[0]!);
    await world.database.query(`UPDATE tool_calls SET arguments = '{"to": "eve", "text": "Hello"}' WHERE run_id = $1`, [
      run.id,
    ]);
    await world.driveAll();
    expect(sent).toEqual([]);
    expect((await callsOf(run))[0]).toMatchObject({
      status: "failed",
      result: expect.stringContaining("other arguments"),
    });
  });

  test("of a goal that was paused and resumed meanwhile still waits, and its yes holds", async () => {
    await open(inOrder(notes("ana")));
    const goal = await createGoal(world.commands, {
      agent: "writer",
      spec: { brief: "Tell Ana", checks: [{ file: { path: "never.md" } }] },
    });
    await world.driveAll();
    await pauseGoal(world.commands, goal.id);
    await resumeGoal(world.commands, goal.id);
    const [card] = await waiting();
    await approve(card!);
    await world.driveAll();
    expect(sent).toEqual(["ana"]);
  });
});

describe("a card", () => {
  test("says when it expires and when the person is reminded, as is set", async () => {
    await open(inOrder(notes("ana")), { parts: { approvals: { expireAfterMs: DAY_MS, remindAfterMs: DAY_MS / 4 } } });
    await started();
    const [card] = await waiting();
    const asked = Date.parse(card!.createdAt);
    expect(card).toMatchObject({
      onExpiry: "deny",
      remindedAt: null,
      remindAt: new Date(asked + DAY_MS / 4).toISOString(),
      expiresAt: new Date(asked + DAY_MS).toISOString(),
    });
  });

  test("that nobody decided in time does not run, and the agent is told and goes on", async () => {
    await open(inOrder(notes("ana")));
    const run = await started();
    const [card] = await waiting();
    const report = await expireEntries(world.commands, Date.parse(card!.expiresAt!));
    expect(report).toMatchObject({ expired: 1, nextAt: null });
    await world.driveAll();
    expect(sent).toEqual([]);
    expect((await callsOf(run))[0]).toMatchObject({
      status: "denied",
      result: expect.stringContaining("Nobody decided by"),
    });
    expect(await runNow()).toMatchObject({ status: "completed" });
  });
});

describe("a yes that reaches further", () => {
  const post = defineTool({
    ...send,
    name: "post_note",
    effect: "write_outside",
    needsApproval: async () => null,
  }) as Tool;
  const postTo = (to: string, text: string): ModelReply => ({
    toolCalls: [{ name: "post_note", arguments: { to, text } }],
  });

  test("lets later calls to the same target go, and asks for any other", async () => {
    await open(inOrder(postTo("ana", "One"), postTo("ana", "Two"), postTo("ben", "Three")), {
      tools: [...builtInTools(), post],
      rules: [],
    });
    await started();
    const [card] = await waiting();
    await decideInboxEntry(world.commands, card!.id, { decision: "approve", scope: "run", by: OWNER });
    await world.driveAll();
    expect(sent).toEqual(["ana", "ana"]);
    expect((await waiting()).map((entry) => entry.detail)).toMatchObject([{ targets: ["ben"] }]);
  });

  test("forbids later calls to the same target when it was a no", async () => {
    await open(inOrder(postTo("ana", "One"), postTo("ana", "Two")), { tools: [...builtInTools(), post], rules: [] });
    const run = await started();
    const [card] = await waiting();
    await decideInboxEntry(world.commands, card!.id, { decision: "deny", scope: "rule", by: OWNER });
    await world.driveAll();
    expect(sent).toEqual([]);
    expect((await callsOf(run)).map((call) => call.status)).toEqual(["denied", "denied"]);
    expect(await waiting()).toEqual([]);
  });
});

describe("denials", () => {
  test("of an action are given again at once when it is asked for again, with no new card", async () => {
    await open(inOrder(notes("ana"), notes("ana"), notes("ana", "ben")));
    const run = await started();
    await deny((await waiting())[0]!, "She is on leave.");
    await world.driveAll();
    const calls = await callsOf(run);
    expect(calls.map((call) => call.status)).toEqual(["denied", "denied", "denied", "awaiting_approval"]);
    expect(new Set(calls.slice(0, 3).map((call) => call.result)).size).toBe(1);
    expect(calls[2]!.result).toContain("She is on leave.");
    expect((await waiting()).map((entry) => entry.detail)).toMatchObject([{ arguments: { to: "ben" } }]);
    for (const request of world.model.requests) expectWellFormed(request);
  });

  test("may be asked about again once the person has spoken", async () => {
    await open(inOrder(notes("ana"), notes("ben"), notes("ana")));
    const run = await started();
    await deny((await waiting())[0]!);
    await world.driveAll();
    await steerRun(world.commands, run.id, "Ana is back, write to her.");
    await deny((await waiting())[0]!);
    await world.driveAll();
    expect((await waiting()).map((entry) => entry.detail)).toMatchObject([{ arguments: { to: "ana" } }]);
  });

  test("three in a row end the turn and ask the person, whose answer the agent reads", async () => {
    await open(inOrder(notes("a"), notes("b", "c"), notes("d")));
    const run = await started();
    await deny((await waiting())[0]!);
    await world.driveAll();
    const [second, third] = await waiting();
    await deny(second!);
    await world.driveAll();
    await deny(third!);
    await world.driveAll();
    expect(world.model.count()).toBe(2);
    expect(await runNow()).toMatchObject({ status: "waiting", waitReason: "question" });
    const [question, ...others] = await waiting();
    expect(others).toEqual([]);
    expect(question).toMatchObject({ kind: "question", title: DENIALS_QUESTION, runId: run.id, expiresAt: null });
    await answerInboxEntry(world.commands, question!.id, { text: "Write to d only.", by: OWNER });
    await world.driveAll();
    expect(JSON.stringify(world.model.requests.at(-1)!.raw)).toContain("Write to d only.");
    expect((await waiting()).map((entry) => entry.kind)).toEqual(["approval"]);
    for (const request of world.model.requests) expectWellFormed(request);
  });

  test("the question can be set aside or answered by a message, and asked again after three more", async () => {
    await open(inOrder(notes("a", "b", "c"), notes("d", "e", "f"), notes("g")));
    const run = await started();
    for (const entry of await waiting()) await deny(entry);
    await world.driveAll();
    const [question] = await waiting();
    await decideInboxEntry(world.commands, question!.id, { decision: "dismiss", by: OWNER });
    await world.driveAll();
    expect(world.model.count()).toBe(2);
    for (const entry of await waiting()) await deny(entry);
    await world.driveAll();
    expect((await waiting()).map((entry) => entry.title)).toEqual([DENIALS_QUESTION]);
    await steerRun(world.commands, run.id, "Go on without them.");
    await world.driveAll();
    expect(world.model.count()).toBe(3);
    expect((await waiting()).map((entry) => entry.kind)).toEqual(["approval"]);
  });

  test("with a yes in between are not in a row", async () => {
    await open(inOrder(notes("a"), notes("b"), notes("c"), notes("d"), notes("e")));
    await started();
    for (const decide of [deny, deny, approve, deny, deny]) {
      await decide((await waiting())[0]!);
      await world.driveAll();
    }
    expect(await runNow()).toMatchObject({ status: "completed" });
    expect(sent).toEqual(["c"]);
  });

  test("an edit of the goal takes the question back and the agent goes on with what was changed", async () => {
    await open(inOrder(notes("a", "b", "c"), notes("a")));
    const goal = await createGoal(world.commands, {
      agent: "writer",
      spec: { brief: "Tell all", checks: [{ file: { path: "never.md" } }] },
    });
    await world.driveAll();
    for (const entry of await waiting()) await deny(entry);
    await world.driveAll();
    expect((await waiting()).map((entry) => entry.kind)).toEqual(["question"]);
    await editGoal(world.commands, goal.id, { spec: { brief: "Tell only a" } });
    await world.driveAll();
    expect((await waiting())[0]).toMatchObject({ kind: "approval", detail: { arguments: { to: "a" } } });
  });

  test("a model that asks for a denied action for ever is stopped", async () => {
    await open(() => notes("ana"));
    await started();
    await deny((await waiting())[0]!);
    await world.driveAll();
    expect(await runNow()).toMatchObject({ status: "failed", failure: "repeated_call" });
    expect((await waiting()).map((entry) => entry.kind)).toEqual(["failed_run"]);
    expect(world.model.count()).toBeLessThan(30);
  });
});

describe("a question with an assumption and a time", () => {
  const ask = (more: object): ModelReply => ({
    toolCalls: [{ name: "ask_person", arguments: { question: "Which city?", ...more } }],
  });

  test("is answered with it when nobody did, and says so", async () => {
    await open(inOrder(ask({ assumption: "Lisbon", assume_after: "2h" })));
    const run = await started();
    const [question] = await waiting();
    const asked = Date.parse(question!.createdAt);
    expect(question).toMatchObject({
      onExpiry: "assume",
      expiresAt: new Date(asked + 2 * 60 * 60_000).toISOString(),
      remindAt: new Date(asked + 60 * 60_000).toISOString(),
    });
    await expireEntries(world.commands, asked + 2 * 60 * 60_000);
    await world.driveAll();
    const [call] = await callsOf(run);
    expect(call).toMatchObject({ status: "completed" });
    expect(call!.result).toMatch(/^Nobody answered by \d{4}-.*; going on with the assumption: Lisbon$/);
    expect(await runNow()).toMatchObject({ status: "completed" });
  });

  test.each([
    [{ assume_after: "2h" }, "assumption"],
    [{ assumption: "Lisbon", assume_after: "30s" }, "from 1m to 30d"],
    [{ assumption: "Lisbon", assume_after: "31d" }, "from 1m to 30d"],
    [{ assumption: "Lisbon", assume_after: "soon" }, "from 1m to 30d"],
  ])("is not asked with %j", async (more, message) => {
    await open(inOrder(ask(more)));
    const run = await started();
    expect((await callsOf(run))[0]).toMatchObject({ status: "failed", result: expect.stringContaining(message) });
    expect(await waiting()).toEqual([]);
  });

  test("waits for ever when it says no time", async () => {
    await open(inOrder(ask({ assumption: "Lisbon" })));
    await started();
    const [question] = await waiting();
    expect(question).toMatchObject({ expiresAt: null, remindAt: null, onExpiry: null });
    expect(await expireEntries(world.commands, Date.parse(question!.createdAt) + 400 * DAY_MS)).toMatchObject({
      expired: 0,
    });
  });
});
