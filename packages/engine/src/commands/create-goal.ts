import {
  AppError,
  newId,
  NO_USAGE,
  type Budget,
  type CreateGoal,
  type Goal,
  type GoalSpec,
  type Run,
} from "@bureau/protocol";
import { join } from "node:path";
import { goalKind, parseGoalFile, writeGoalFile } from "../goals/goal-file.ts";
import { goalFromRow, runFromRow, type AgentRow, type GoalRow } from "../store/rows.ts";
import { addItems, change, type Change, type NewItem } from "./change.ts";
import {
  absolutePath,
  chooseGoalName,
  createGoalFile,
  hashOf,
  lockGoalFile,
  nameOfFile,
  readGoalFile,
  resolveGoalFile,
  storedPath,
} from "./goal-files.ts";
import { isOver } from "./goal-writes.ts";
import { agentFor, findAgent, findGoal, findThread } from "../queries/lookup.ts";
import type { CommandParts } from "./parts.ts";
import { insertRun, insertThread } from "./run-writes.ts";
import { attachedItems } from "./upload-file.ts";

/** A longer brief is not repeated in the thread: it stands in the goal's file and in every model call. */
const MAX_BRIEF_IN_THREAD = 2_000;

/** Writes a goal down, as a row and as a file, and starts on it unless it is a draft. */
export async function createGoal(parts: CommandParts, input: CreateGoal): Promise<Goal> {
  return (await createGoalAndRun(parts, input)).goal;
}

export async function createGoalAndRun(
  parts: CommandParts,
  input: CreateGoal,
  limits?: Budget,
): Promise<{ goal: Goal; run: Run | null; warnings: string[] }> {
  const path = input.file === undefined ? null : await resolveGoalFile(parts, input.file);
  return await change(parts, async (change) => {
    const draft = path === null ? readInput(input) : await readFileInput(change, path);
    const agent = await agentOfGoal(parts, change, input.agent ?? draft.agent ?? undefined, path);
    const parent = input.parent === undefined ? null : await openParent(change, input.parent);
    const place = path === null ? await writeNewFile(change, agent, input, draft) : await takeUpFile(change, path);
    const goal = await insertGoal(parts, change, { input, draft, agent, parent, place });
    // In the thread before the opening message, also of a draft: its first run reads the whole thread.
    const attached = await attachedItems(change, agent.id, input.attachments ?? [], { runId: null, turn: 0 });
    if (input.draft === true) await addItems(change, goal.thread_id, attached);
    const run = input.draft === true ? null : await startGoal(change, goal, { agent, limits, attached });
    return { goal: goalFromRow(goal), run, warnings: draft.warnings };
  });
}

/** The run with which a goal begins. */
async function startGoal(
  change: Change,
  goal: GoalRow,
  { agent, limits, attached }: { agent: AgentRow; limits: Budget | undefined; attached: readonly NewItem[] },
): Promise<Run> {
  const row = await insertRun(change, {
    threadId: goal.thread_id,
    agent,
    goal,
    trigger: "goal",
    message: { role: "person", text: openingMessage(goal.spec) },
    before: attached,
    ...(limits && { limits }),
  });
  return runFromRow(row);
}

/** What a person is taken to have said when a goal begins. */
export function openingMessage(spec: GoalSpec): string {
  if (spec.brief.trim() === "") return spec.title;
  if (spec.brief.length <= MAX_BRIEF_IN_THREAD) return spec.brief;
  return `${spec.title}\n\nThe whole brief stands in the goal.`;
}

interface GoalDraft {
  /** The goal's file as it is or as it will be written. */
  text: string;
  spec: GoalSpec;
  agent: string | null;
  warnings: string[];
}

function readInput(input: CreateGoal): GoalDraft {
  const patch = Object.fromEntries(Object.entries(input.spec ?? {}).filter(([, value]) => value !== undefined));
  const text = input.text ?? writeGoalFile(null, patch);
  const parsed = parseGoalFile(text, { name: input.name ?? "goal" });
  if (parsed.spec.brief.trim() === "" && parsed.spec.done === null) {
    throw new AppError("invalid", "The goal says neither what to do nor what done looks like.", {
      hint: 'Write the brief in plain words, such as `bureau goal add "Write report.md with three risks"`.',
    });
  }
  return { text, ...parsed };
}

async function readFileInput(change: Change, path: string): Promise<GoalDraft & { hash: string }> {
  await lockGoalFile(change, path);
  const file = await readGoalFile(path);
  if (file === null) throw new AppError("not_found", `There is no goal file ${path}.`);
  return { ...file, ...parseGoalFile(file.text, { name: nameOfFile(path) }) };
}

/** The named agent, else the one whose folder holds the file most closely, else the workspace's own. */
async function agentOfGoal(
  parts: CommandParts,
  change: Change,
  reference: string | undefined,
  path: string | null,
): Promise<AgentRow> {
  if (reference !== undefined || path === null) return await agentFor(change.transaction, parts.workspace, reference);
  const { rows } = await change.transaction.query<{ id: string }>(
    "SELECT id FROM agents WHERE starts_with($1, folder || '/') ORDER BY length(folder) DESC LIMIT 1",
    [path],
  );
  return rows[0] === undefined
    ? await agentFor(change.transaction, parts.workspace, undefined)
    : await findAgent(change.transaction, rows[0].id, "share");
}

async function openParent(change: Change, reference: string): Promise<GoalRow> {
  // From now on the parent's budget is shared: its run must know before its next call.
  const { id } = await findGoal(change.transaction, reference);
  await change.transaction.query(
    `UPDATE runs SET control = control + 1 WHERE goal_id = $1 AND status IN ('queued', 'running', 'waiting')`,
    [id],
  );
  const parent = await findGoal(change.transaction, reference, "update");
  if (!isOver(parent) && parent.status !== "paused") return parent;
  throw new AppError(
    "conflict",
    `The parent goal "${parent.name}" is ${parent.status}; a goal cannot be added below it.`,
    isOver(parent) ? {} : { hint: `Resume it first with \`bureau goal resume ${parent.name}\`.` },
  );
}

interface GoalPlace {
  name: string;
  path: string;
}

async function writeNewFile(change: Change, agent: AgentRow, input: CreateGoal, draft: GoalDraft): Promise<GoalPlace> {
  const place = await chooseGoalName(change, input.name ?? draft.spec.title, join(agent.folder, "goals"));
  await createGoalFile(change, place.path, draft.text);
  return place;
}

async function takeUpFile(change: Change, path: string): Promise<GoalPlace> {
  const { name } = await chooseGoalName(change, nameOfFile(path), null);
  return { name, path };
}

async function insertGoal(
  parts: CommandParts,
  change: Change,
  from: { input: CreateGoal; draft: GoalDraft; agent: AgentRow; parent: GoalRow | null; place: GoalPlace },
): Promise<GoalRow> {
  const { input, draft, agent, parent, place } = from;
  const id = newId("goal");
  const file = storedPath(parts, place.path);
  await refuseSecond(parts, change, file, input.thread);
  const threadId =
    input.thread === undefined ? newId("thread") : (await findThread(change.transaction, input.thread)).id;
  const { rows } = await change.transaction.query<GoalRow>(
    `INSERT INTO goals (id, name, agent_id, thread_id, parent_id, kind, status, spec, sentence, file, file_hash, usage,
                        created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13) RETURNING *`,
    [
      id,
      place.name,
      agent.id,
      threadId,
      parent?.id ?? null,
      goalKind(draft.spec),
      input.draft === true ? "draft" : "active",
      JSON.stringify(draft.spec),
      input.draft === true ? "A draft: it starts when it is resumed." : "About to start.",
      file,
      hashOf(draft.text),
      JSON.stringify(NO_USAGE),
      change.now,
    ],
  );
  const row = rows[0]!;
  if (input.thread === undefined) {
    await insertThread(change, { id: threadId, agentId: agent.id, goalId: id, text: draft.spec.title });
  } else {
    await change.transaction.query("UPDATE threads SET goal_id = $2, updated_at = $3 WHERE id = $1", [
      threadId,
      id,
      change.now,
    ]);
  }
  change.addEvent({ type: "goal.created", threadId, goalId: id, data: { goal: goalFromRow(row) } });
  return row;
}

/** One unfinished goal for a thread, and one for a file. The thread's lock decides which of two is first. */
async function refuseSecond(
  parts: CommandParts,
  change: Change,
  file: string,
  threadId: string | undefined,
): Promise<void> {
  if (threadId !== undefined) await findThread(change.transaction, threadId, "update");
  const { rows } = await change.transaction.query<GoalRow>(
    `SELECT * FROM goals WHERE (thread_id = $1 OR file = $2) AND status NOT IN ('done', 'abandoned') LIMIT 1`,
    [threadId ?? null, file],
  );
  const first = rows[0];
  if (first === undefined) return;
  const what = first.file === file ? `The file ${absolutePath(parts, file)}` : `The thread ${first.thread_id}`;
  throw new AppError(
    "conflict",
    `${what} already has an unfinished goal, "${first.name}"; the first goal is unchanged.`,
    {
      hint: `Edit it with \`bureau goal edit ${first.name}\`, or stop it first.`,
    },
  );
}
