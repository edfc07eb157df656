import { AppError, type MessageReply, type Run, type StartRun } from "@bureau/protocol";
import type { Decider } from "../domain/decider.ts";
import { runFromRow } from "../store/rows.ts";
import { agentOfFolder } from "./add-agent.ts";
import { addItems, change, type Change } from "./change.ts";
import { createGoalAndRun } from "./create-goal.ts";
import { isAtWork } from "./goal-writes.ts";
import { findAgent, findGoal, findThread } from "../queries/lookup.ts";
import type { CommandParts } from "./parts.ts";
import { insertRun } from "./run-writes.ts";
import { startOnNewThread } from "./start-runs.ts";
import { runtimeItem, steerRun } from "./steer-run.ts";
import { attachedItems } from "./upload-file.ts";

/** Times that a message looks again for the run it steers, while runs of the thread begin and end. */
const MAX_TRIES = 5;

/** Starts a run on a new thread or a given one. Throws `conflict` when the thread's run is not over. */
export async function startRun(parts: CommandParts, input: StartRun): Promise<Run> {
  if (input.goal !== undefined) return await startRunOfNewGoal(parts, input);
  if (input.thread !== undefined) return await startRunOnThread(parts, input.thread, input);
  const folderAgent = input.folder === undefined ? null : await agentOfFolder(parts, input.folder);
  const agent = folderAgent?.id ?? input.agent;
  const { text, limits } = input;
  return await startOnNewThread(parts, { text, ...(agent !== undefined && { agent }), ...(limits && { limits }) });
}

/** What goes with a message. */
export interface MessageOptions {
  /** Who says it; whoever runs the program where absent. */
  by?: Decider | undefined;
  /** Ids of uploads that go with it. */
  attachments?: readonly string[] | undefined;
  /** Said by the runtime before it: what it is about. */
  about?: string;
  /** False: it is no answer to a question that the run waits with. */
  isAnswer?: boolean;
  /** More that is written in the message's transaction, with the run that will read it. */
  alongside?(change: Change, run: Run): Promise<void>;
}

/** Steers the thread's open run, or starts one. */
export async function postMessage(
  parts: CommandParts,
  threadId: string,
  text: string,
  options: MessageOptions = {},
): Promise<MessageReply> {
  for (let tries = 1; ; tries += 1) {
    const open = await openRunId(parts, threadId);
    try {
      if (open !== null) return { run: await steerRun(parts, open, text, options), steered: true };
      return { run: await startRunOnThread(parts, threadId, { text }, options), steered: false };
    } catch (error) {
      // The run ended, or another began, between the look and the write: look again.
      if (tries >= MAX_TRIES || !(error instanceof AppError) || error.code !== "conflict") throw error;
      if (open === (await openRunId(parts, threadId))) throw error;
    }
  }
}

async function startRunOnThread(
  parts: CommandParts,
  threadId: string,
  input: Pick<StartRun, "text" | "limits">,
  { about, alongside, attachments = [] }: MessageOptions = {},
): Promise<Run> {
  return await change(parts, async (change) => {
    const thread = await findThread(change.transaction, threadId);
    const agent = await findAgent(change.transaction, thread.agent_id, "share");
    const goal = thread.goal_id === null ? null : await findGoal(change.transaction, thread.goal_id, "update");
    if (about !== undefined) await addItems(change, thread.id, [runtimeItem(about, null, 0)]);
    const attached = await attachedItems(change, agent.id, attachments, { runId: null, turn: 0 });
    const row = await insertRun(change, {
      threadId: thread.id,
      agent,
      trigger: "message",
      before: attached,
      message: { role: "person", text: input.text },
      // A message on the thread of a goal at work works for that goal; otherwise it is a conversation about it.
      ...(goal !== null && isAtWork(goal) && { goal }),
      ...(input.limits && { limits: input.limits }),
    });
    await alongside?.(change, runFromRow(row));
    return runFromRow(row);
  });
}

async function startRunOfNewGoal(parts: CommandParts, input: StartRun): Promise<Run> {
  const folderAgent = input.folder === undefined ? null : await agentOfFolder(parts, input.folder);
  const agent = folderAgent?.id ?? input.agent;
  const { run } = await createGoalAndRun(
    parts,
    {
      spec: { ...input.goal, brief: input.text },
      ...(agent !== undefined && { agent }),
      ...(input.thread !== undefined && { thread: input.thread }),
    },
    input.limits,
  );
  if (run === null) throw new AppError("internal", "The goal was made without a run.");
  return run;
}

async function openRunId(parts: CommandParts, threadId: string): Promise<string | null> {
  const { rows } = await parts.database.query<{ id: string }>(
    "SELECT id FROM runs WHERE thread_id = $1 AND status IN ('queued', 'running', 'waiting')",
    [threadId],
  );
  if (rows[0] === undefined) await findThread(parts.database, threadId);
  return rows[0]?.id ?? null;
}
