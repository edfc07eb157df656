import { AppError } from "@bureau/protocol";
import type { ArtifactRow, ArtifactVersionRow } from "../store/artifacts.ts";
import type { Queryable } from "../store/database.ts";
import type { AgentRow, GoalRow, InboxRow, RunRow, TaskRow, ThreadRow } from "../store/rows.ts";

/** What waits between two statements: `share` keeps others from changing it, `update` from reading it to change it. */
type Lock = "none" | "share" | "update";

const LOCK_CLAUSES: Record<Lock, string> = { none: "", share: "FOR SHARE", update: "FOR NO KEY UPDATE" };

/** The agent of an id or a name. */
export async function findAgent(database: Queryable, reference: string, lock: Lock = "none"): Promise<AgentRow> {
  const { rows } = await database.query<AgentRow>(
    `SELECT * FROM agents WHERE id = $1 OR name = $1 ORDER BY (id = $1) DESC LIMIT 1 ${LOCK_CLAUSES[lock]}`,
    [reference],
  );
  return rows[0] ?? missing("agent", reference);
}

export async function findAgentByFolder(database: Queryable, folder: string): Promise<AgentRow | null> {
  const { rows } = await database.query<AgentRow>("SELECT * FROM agents WHERE folder = $1", [folder]);
  return rows[0] ?? null;
}

/** Locks the agent against being paused until commit; without a reference, the workspace's own agent. */
export async function agentFor(
  database: Queryable,
  workspace: { folder: string },
  reference: string | undefined,
): Promise<AgentRow> {
  if (reference !== undefined) return await findAgent(database, reference, "share");
  const own = await findAgentByFolder(database, workspace.folder);
  if (own === null) {
    throw new AppError("not_found", `The workspace ${workspace.folder} has no agent of its own yet.`, {
      hint: "Name an agent, or restart Bureau so that it takes up the workspace's folder.",
    });
  }
  return await findAgent(database, own.id, "share");
}

/** The goal of an id or a name. */
export async function findGoal(database: Queryable, reference: string, lock: Lock = "none"): Promise<GoalRow> {
  const { rows } = await database.query<GoalRow>(
    `SELECT * FROM goals WHERE id = $1 OR name = $1 ORDER BY (id = $1) DESC LIMIT 1 ${LOCK_CLAUSES[lock]}`,
    [reference],
  );
  return rows[0] ?? missing("goal", reference);
}

export async function findThread(database: Queryable, id: string, lock: Lock = "none"): Promise<ThreadRow> {
  const { rows } = await database.query<ThreadRow>(`SELECT * FROM threads WHERE id = $1 ${LOCK_CLAUSES[lock]}`, [id]);
  return rows[0] ?? missing("thread", id);
}

export async function findRun(database: Queryable, id: string, lock: Lock = "none"): Promise<RunRow> {
  const { rows } = await database.query<RunRow>(`SELECT * FROM runs WHERE id = $1 ${LOCK_CLAUSES[lock]}`, [id]);
  return rows[0] ?? missing("run", id);
}

export async function findTask(database: Queryable, id: string, lock: Lock = "none"): Promise<TaskRow> {
  const { rows } = await database.query<TaskRow>(`SELECT * FROM tasks WHERE id = $1 ${LOCK_CLAUSES[lock]}`, [id]);
  return rows[0] ?? missing("task", id);
}

export async function findInboxEntry(database: Queryable, id: string, lock: Lock = "none"): Promise<InboxRow> {
  const { rows } = await database.query<InboxRow>(`SELECT * FROM inbox WHERE id = $1 ${LOCK_CLAUSES[lock]}`, [id]);
  return rows[0] ?? missing("entry in the inbox", id);
}

/** The artifact of an id or a name. */
export async function findArtifact(database: Queryable, reference: string, lock: Lock = "none"): Promise<ArtifactRow> {
  const { rows } = await database.query<ArtifactRow>(
    `SELECT * FROM artifacts WHERE id = $1 OR name = $1 ORDER BY (id = $1) DESC LIMIT 1 ${LOCK_CLAUSES[lock]}`,
    [reference],
  );
  return rows[0] ?? missing("artifact", reference);
}

/** A version by its number, or the newest. */
export async function findArtifactVersion(
  database: Queryable,
  artifact: Pick<ArtifactRow, "id" | "version">,
  number: string | number,
): Promise<ArtifactVersionRow> {
  const wanted = number === "newest" ? artifact.version : /^\d{1,9}$/.test(`${number}`) ? Number(number) : 0;
  const { rows } = await database.query<ArtifactVersionRow>(
    "SELECT * FROM artifact_versions WHERE artifact_id = $1 AND number = $2",
    [artifact.id, wanted],
  );
  if (rows[0] !== undefined) return rows[0];
  throw new AppError("not_found", `The artifact ${artifact.id} has no version "${number}".`, {
    hint: `Its versions are 1 to ${artifact.version}, and \`newest\`.`,
  });
}

/** Locks a run and then the goal that it works for, which is the order of every transaction. */
export async function lockRun(database: Queryable, id: string): Promise<{ run: RunRow; goal: GoalRow | null }> {
  const run = await findRun(database, id, "update");
  return { run, goal: run.goal_id === null ? null : await findGoal(database, run.goal_id, "update") };
}

const LIST_COMMANDS: Record<string, string> = {
  agent: "`bureau agent list` shows the agents.",
  goal: "`bureau goal list` shows the goals.",
  thread: "`bureau thread list` shows the threads.",
  run: "`bureau run list` shows the runs.",
  task: "`bureau task list` shows the tasks.",
  artifact: "`bureau artifact list` shows the artifacts.",
  "entry in the inbox": "`bureau inbox list` shows what waits.",
};

function missing(noun: string, reference: string): never {
  const hint = LIST_COMMANDS[noun];
  throw new AppError("not_found", `There is no ${noun} "${reference}".`, hint === undefined ? {} : { hint });
}
