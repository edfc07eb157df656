import { AppError } from "@bureau/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { appendEvents, eventsAfter, lastSequence } from "../store/events.ts";
import type { RunRow } from "../store/rows.ts";
import { aRun, aThread, aToolCall, anAgent, anEntry, testCommands, type TestCommands } from "../testing/factories.ts";
import { cancelRun } from "./cancel-run.ts";
import { pauseAgent, resumeAgent } from "./pause-agent.ts";
import { postMessage, startRun } from "./start-run.ts";
import { steerRun } from "./steer-run.ts";
import { getInboxEntry } from "../queries/inbox.ts";
import { listToolCalls } from "../queries/runs.ts";
import { getThread, listItems } from "../queries/threads.ts";

let world: TestCommands;

beforeAll(async () => {
  world = await testCommands();
});
afterAll(() => world.close());

async function row(id: string): Promise<RunRow> {
  const { rows } = await world.database.query<RunRow>("SELECT * FROM runs WHERE id = $1", [id]);
  return rows[0]!;
}

async function texts(threadId: string): Promise<string[]> {
  const { items } = await listItems(world.database, threadId, { after: 0, limit: 100 });
  expect(items.map((item) => item.position)).toEqual(items.map((_, index) => index + 1));
  return items.map(({ content }) => ("text" in content ? content.text : content.type));
}

async function failure(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AppError)) throw new Error(`expected an AppError, not ${String(error)}`);
  return error;
}

describe("starting a run", () => {
  test("writes thread, message and run, and hands the run over once", async () => {
    const before = await lastSequence(world.database);
    const run = await startRun(world.parts, { text: "Look at the launch plan\nand say what is missing" });
    expect(run).toMatchObject({ status: "queued", trigger: "person", goalId: null, agentId: world.agent.id });
    expect(await texts(run.threadId)).toEqual(["Look at the launch plan\nand say what is missing"]);
    expect((await getThread(world.database, run.threadId)).title).toBe("Look at the launch plan");
    expect(world.enqueued.filter((one) => one.id === run.id)).toEqual([{ id: run.id, dispatch: 1, priority: 10 }]);
    const events = await eventsAfter(world.database, before, 10);
    expect(events.map((event) => event.type)).toEqual(["thread.created", "item.added", "run.created"]);
    expect(events[1]?.data["item"]).toMatchObject({ position: 1, runId: run.id });
  });

  test("those that are asked for at once start together, and one that cannot fails alone", async () => {
    const before = await lastSequence(world.database);
    const asked = ["one", "nobody", "two", "no\u0000thing"].map((text) =>
      startRun(world.parts, { text, ...(text === "nobody" && { agent: "nobody" }) }),
    );
    const results = await Promise.allSettled(asked);
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled", "rejected"]);
    const runs = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    expect(world.enqueued.map((one) => one.id)).toEqual(expect.arrayContaining(runs.map((run) => run.id)));
    const events = await eventsAfter(world.database, before, 20);
    for (const [index, run] of runs.entries()) {
      expect(await texts(run.threadId)).toEqual([["one", "two"][index]]);
      const types = events.filter((event) => event.threadId === run.threadId).map((event) => event.type);
      expect(types).toEqual(["thread.created", "item.added", "run.created"]);
    }
  });

  test("of two at once in one thread one starts and the other is told that a run is at work", async () => {
    const thread = await aThread(world.database, { agent_id: world.agent.id });
    const results = await Promise.allSettled([
      startRun(world.parts, { thread: thread.id, text: "one" }),
      startRun(world.parts, { thread: thread.id, text: "two" }),
    ]);
    const failed = results.filter((result) => result.status === "rejected");
    expect(failed).toHaveLength(1);
    expect(failed[0]?.reason).toMatchObject({ code: "conflict", message: expect.stringContaining("still at work") });
    expect(await texts(thread.id)).toHaveLength(1);
  });

  test("many messages at once in one thread make one run and lose no message", async () => {
    const thread = await aThread(world.database, { agent_id: world.agent.id });
    const words = ["a", "b", "c", "d", "e", "f"];
    const replies = await Promise.all(words.map((word) => postMessage(world.parts, thread.id, word)));
    expect(new Set(replies.map((reply) => reply.run.id)).size).toBe(1);
    expect(replies.filter((reply) => !reply.steered)).toHaveLength(1);
    expect((await texts(thread.id)).toSorted()).toEqual(words);
  });

  test("an unknown agent, thread or folder is not found and leaves nothing", async () => {
    const before = await lastSequence(world.database);
    expect(await failure(startRun(world.parts, { text: "x", agent: "nobody" }))).toMatchObject({ code: "not_found" });
    expect(await failure(postMessage(world.parts, "thr_none", "x"))).toMatchObject({ code: "not_found" });
    expect(await failure(startRun(world.parts, { text: "x", folder: "/none/at/all" }))).toMatchObject({
      code: "not_found",
    });
    expect(await lastSequence(world.database)).toBe(before);
  });
});

describe("steering a run", () => {
  test("adds the message and lets what is in flight go on", async () => {
    const run = await aRun(world.database, { agent_id: world.agent.id });
    await steerRun(world.parts, run.id, "rather in French");
    expect(await row(run.id)).toMatchObject({ status: "running", control: run.control + 1 });
    expect(world.interrupted).not.toContain(run.id);
    expect(await texts(run.thread_id)).toEqual(["rather in French"]);
  });

  test("wakes a run that waits for a time", async () => {
    const run = await aRun(world.database, { agent_id: world.agent.id, status: "waiting", wait_reason: "timer" });
    expect(await steerRun(world.parts, run.id, "go on")).toMatchObject({ status: "queued", waitReason: null });
    expect(world.enqueued.at(-1)).toMatchObject({ id: run.id, dispatch: 2 });
  });

  test("answers the free question that the run waits for", async () => {
    const run = await aRun(world.database, { agent_id: world.agent.id, status: "waiting", wait_reason: "question" });
    const call = await aToolCall(world.database, run, { status: "awaiting_approval", name: "ask_person" });
    const entry = await anEntry(world.database, { kind: "question", title: "Which city?" }, { run, call });
    expect(await steerRun(world.parts, run.id, "Lisbon")).toMatchObject({ status: "queued" });
    expect(await getInboxEntry(world.database, entry.id)).toMatchObject({ status: "answered", answer: "Lisbon" });
    expect(await texts(run.thread_id)).toEqual(["Lisbon"]);
    const { toolCalls } = await listToolCalls(world.database, run.id, { after: 0, limit: 10 });
    expect(toolCalls).toMatchObject([{ status: "completed", result: "Lisbon" }]);
  });

  test("does not take a message for the answer of somebody else, here or with a link", async () => {
    for (const assignee of ["Ben", "Bo (by link)"]) {
      const run = await aRun(world.database, { agent_id: world.agent.id, status: "waiting", wait_reason: "question" });
      const call = await aToolCall(world.database, run, { status: "awaiting_approval", name: "ask_person" });
      const entry = await anEntry(world.database, { kind: "question", assignee }, { run, call });
      const ana = { name: "Ana", scope: "full", role: "member", device: null } as const;
      expect(await steerRun(world.parts, run.id, "Lisbon", { by: ana })).toMatchObject({ status: "waiting" });
      expect(await getInboxEntry(world.database, entry.id)).toMatchObject({ status: "pending" });
      expect(await texts(run.thread_id)).toEqual(["Lisbon"]);
    }
  });

  test("does not take a message for an answer to a question with choices", async () => {
    const run = await aRun(world.database, { agent_id: world.agent.id, status: "waiting", wait_reason: "question" });
    const call = await aToolCall(world.database, run, { status: "awaiting_approval", name: "ask_person" });
    const entry = await anEntry(world.database, { kind: "question", choices: ["red", "blue"] }, { run, call });
    expect(await steerRun(world.parts, run.id, "what do you mean?")).toMatchObject({ status: "waiting" });
    expect(await getInboxEntry(world.database, entry.id)).toMatchObject({ status: "pending" });
  });

  test("a run that is being canceled takes no message that nobody would read", async () => {
    const run = await aRun(world.database, { agent_id: world.agent.id, cancel_requested: true });
    expect(await failure(postMessage(world.parts, run.thread_id, "rather do this"))).toMatchObject({
      code: "conflict",
    });
    expect(await texts(run.thread_id)).toEqual([]);
  });

  test("a run that has ended cannot be steered", async () => {
    const run = await aRun(world.database, { agent_id: world.agent.id, status: "completed" });
    expect(await failure(steerRun(world.parts, run.id, "x"))).toMatchObject({
      code: "conflict",
      hint: expect.any(String),
    });
  });
});

describe("canceling a run", () => {
  test("tells a running one to stop, and is success when asked twice", async () => {
    const run = await aRun(world.database, { agent_id: world.agent.id });
    await cancelRun(world.parts, run.id);
    await cancelRun(world.parts, run.id);
    expect(await row(run.id)).toMatchObject({ status: "running", cancel_requested: true, control: run.control + 1 });
    expect(world.interrupted.filter((id) => id === run.id)).toHaveLength(1);
  });

  test("ends a waiting one at once, with a result for each open call and nothing left to decide", async () => {
    const run = await aRun(world.database, { agent_id: world.agent.id, status: "waiting", wait_reason: "approval" });
    const asked = await aToolCall(world.database, run, { status: "awaiting_approval" });
    await aToolCall(world.database, run, { status: "running", position: 2 });
    await aToolCall(world.database, run, { status: "completed", position: 3, result: "fine" });
    const entry = await anEntry(world.database, { kind: "approval" }, { run, call: asked });
    expect(await cancelRun(world.parts, run.id)).toMatchObject({ status: "canceled", endedAt: expect.any(String) });
    const { toolCalls } = await listToolCalls(world.database, run.id, { after: 0, limit: 10 });
    expect(toolCalls.map((call) => call.status)).toEqual(["canceled", "interrupted", "completed"]);
    expect(await texts(run.thread_id)).toHaveLength(2);
    expect(await getInboxEntry(world.database, entry.id)).toMatchObject({ status: "dismissed" });
    expect(await cancelRun(world.parts, run.id)).toMatchObject({ status: "canceled" });
  });

  test("is a conflict once the run has ended otherwise", async () => {
    const run = await aRun(world.database, { agent_id: world.agent.id, status: "failed" });
    expect(await failure(cancelRun(world.parts, run.id))).toMatchObject({ code: "conflict" });
  });
});

describe("pausing an agent", () => {
  test("holds queued, running and new runs, and resuming hands them over again", async () => {
    const agent = await anAgent(world.database);
    const queued = await aRun(world.database, { agent_id: agent.id, status: "queued" });
    const running = await aRun(world.database, { agent_id: agent.id });
    expect(await pauseAgent(world.parts, agent.name)).toMatchObject({ status: "paused" });
    const later = await startRun(world.parts, { agent: agent.name, text: "later" });
    expect(await row(queued.id)).toMatchObject({ status: "waiting", wait_reason: "paused", pause_requested: true });
    expect(await row(running.id)).toMatchObject({ status: "running", pause_requested: true });
    expect(world.interrupted).toContain(running.id);
    expect(later).toMatchObject({ status: "waiting", waitReason: "paused" });
    expect(world.enqueued.map((run) => run.id)).not.toContain(later.id);
    await resumeAgent(world.parts, agent.id);
    expect(await row(queued.id)).toMatchObject({ status: "queued", pause_requested: false, dispatch: 2 });
    expect(await row(running.id)).toMatchObject({ status: "running", pause_requested: false });
    expect(await row(later.id)).toMatchObject({ status: "queued", dispatch: 1 });
  });

  test("a run that starts at the same moment does not slip through", async () => {
    for (let round = 0; round < 8; round += 1) {
      const agent = await anAgent(world.database);
      const [run] = await Promise.all([
        startRun(world.parts, { agent: agent.name, text: "now" }),
        pauseAgent(world.parts, agent.id),
      ]);
      expect(await row(run.id)).toMatchObject({ status: "waiting", wait_reason: "paused" });
    }
  });
});

test("a transaction that fails leaves no row and no event", async () => {
  const before = await lastSequence(world.database);
  const broken = {
    ...world.parts,
    dispatcher: { ...world.parts.dispatcher, enqueue: async () => Promise.reject(new Error("the queue is away")) },
  };
  await expect(startRun(broken, { text: "lost" })).rejects.toThrow("the queue is away");
  expect(await lastSequence(world.database)).toBe(before);
  await appendEvents(world.database, [{ type: "inbox.closed", data: {} }]);
  expect(await lastSequence(world.database)).toBe(before + 1);
});
