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
});
