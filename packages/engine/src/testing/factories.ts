import {
  newId,
  NO_USAGE,
  type AgentId,
  type GoalSpec,
  type InboxEntry,
  type PersonId,
  type ToolCallStatus,
} from "@bureau/protocol";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../clock.ts";
import type { CommandParts, DispatchedRun } from "../commands/parts.ts";
import type { Decider } from "../domain/decider.ts";
import type { AgentRow, GoalRow, InboxRow, RunRow, ThreadRow, ToolCallRow } from "../store/rows.ts";
import type { Queryable } from "../store/database.ts";
import { actionHash } from "../tools/action-hash.ts";
import { builtInTools } from "../tools/registry.ts";
import type { Tool } from "../tools/tool.ts";
import { testDatabase, type TestDatabase } from "./test-database.ts";

/** Somebody of the workspace besides its owner. */
export async function aPerson(
  database: Queryable,
  name: string,
  role: "member" | "guest" = "member",
): Promise<PersonId> {
  const id = newId("person");
  await database.query(
    "INSERT INTO people (id, name, role, created_by, created_at) VALUES ($1, $2, $3, 'owner', now())",
    [id, name, role],
  );
  return id;
}

/** Somebody who may decide everything. */
export const owner = (name = "owner"): Decider => ({ name, scope: "full", role: "owner", device: null });

/** What the use cases stand on, with a dispatcher that only notes what it is given. */
export interface TestCommands {
  parts: CommandParts;
  database: TestDatabase;
  /** The workspace's folder. */
  folder: string;
  /** The workspace's own agent. */
  agent: AgentRow;
  /** What was handed to the dispatcher, also by transactions that failed later. */
  enqueued: DispatchedRun[];
  /** Runs whose step was told to end. */
  interrupted: string[];
  kicks: () => number;
  close(): Promise<void>;
}

/** A database and a workspace's folder of their own. `tools` are those by which changed arguments are checked. */
export async function testCommands(tools: readonly Tool[] = builtInTools()): Promise<TestCommands> {
  const database = await testDatabase();
  const folder = await realpath(await mkdtemp(join(tmpdir(), "bureau-commands-")));
  const enqueued: DispatchedRun[] = [];
  const interrupted: string[] = [];
  let kicks = 0;
  const parts: CommandParts = {
    database,
    clock: systemClock,
    workspace: { folder },
    dispatcher: {
      enqueue: async (_transaction, ...runs) => void enqueued.push(...runs),
      kick: () => void (kicks += 1),
    },
    signals: { interrupt: (runId) => void interrupted.push(runId) },
    toolNamed: async (name) => tools.find((tool) => tool.name === name) ?? null,
  };
  const agent = await anAgent(database, { folder, name: "home" });
  return {
    parts,
    database,
    folder,
    agent,
    enqueued,
    interrupted,
    kicks: () => kicks,
    close: async () => {
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function anAgent(database: Queryable, values: Partial<AgentRow> = {}): Promise<AgentRow> {
  const id = newId("agent");
  return await insert(database, "agents", {
    id,
    name: id.slice(-8),
    folder: `/nowhere/${id}`,
    status: "enabled",
    ...values,
  });
}

export async function aThread(
  database: Queryable,
  values: Partial<ThreadRow> & { agent_id: AgentId },
): Promise<ThreadRow> {
  return await insert(database, "threads", { id: newId("thread"), title: "A thread", status: "open", ...values });
}

export const A_SPEC: GoalSpec = {
  title: "Write the report",
  brief: "Write report.md with three risks.",
  done: null,
  checks: [],
  constraints: [],
  budget: {},
  cadence: null,
  on: null,
  effort: null,
};

/** A goal with a thread of its own and no file. */
export async function aGoal(database: Queryable, values: Partial<GoalRow> & { agent_id: AgentId }): Promise<GoalRow> {
  const thread = values.thread_id ?? (await aThread(database, { agent_id: values.agent_id })).id;
  const id = newId("goal");
  const goal = await insert<GoalRow>(database, "goals", {
    id,
    name: `goal-${id.slice(-8)}`,
    thread_id: thread,
    kind: "finish",
    status: "active",
    spec: A_SPEC,
    usage: NO_USAGE,
    ...values,
  });
  await database.query("UPDATE threads SET goal_id = $2 WHERE id = $1", [thread, id]);
  return goal;
}

/** A run of a goal, or of a thread of its own. */
export async function aRun(
  database: Queryable,
  values: Partial<RunRow> & { agent_id: AgentId },
  goal?: GoalRow,
): Promise<RunRow> {
  const thread = goal?.thread_id ?? values.thread_id ?? (await aThread(database, { agent_id: values.agent_id })).id;
  return await insert(database, "runs", {
    id: newId("run"),
    thread_id: thread,
    goal_id: goal?.id ?? null,
    goal_version: goal?.version ?? null,
    status: "running",
    trigger: goal === undefined ? "person" : "goal",
    dispatch: 1,
    usage: NO_USAGE,
    ...values,
  });
}

export async function aToolCall(
  database: Queryable,
  run: RunRow,
  values: Partial<ToolCallRow> & { status: ToolCallStatus },
): Promise<ToolCallRow> {
  const id = newId("toolCall");
  const name = values.name ?? "run_command";
  const args = values.arguments ?? { command: "ls" };
  return await insert(database, "tool_calls", {
    id,
    run_id: run.id,
    asked_by: newId("step"),
    provider_call_id: id,
    position: 1,
    name,
    arguments: args,
    action_hash: actionHash(name, args),
    effect: "write_workspace",
    idempotent: false,
    created_at: new Date(systemClock.now()),
    ...values,
  });
}

/** An entry that waits for a person; a call that waits for it is named by `call`. */
export async function anEntry(
  database: Queryable,
  values: Partial<InboxRow> & { kind: InboxEntry["kind"] },
  from: { run?: RunRow; call?: ToolCallRow; goal?: GoalRow } = {},
): Promise<InboxRow> {
  const { kind } = values;
  return await insert(database, "inbox", {
    id: newId(kind === "approval" || kind === "question" ? kind : "notice"),
    status: "pending",
    agent_id: from.run?.agent_id ?? from.goal?.agent_id ?? null,
    run_id: from.run?.id ?? null,
    thread_id: from.run?.thread_id ?? null,
    goal_id: from.goal?.id ?? from.run?.goal_id ?? null,
    goal_version: from.goal?.version ?? null,
    tool_call_id: from.call?.id ?? null,
    action_hash: from.call?.action_hash ?? null,
    title: "Run ls",
    detail: {},
    choices: [],
    ...values,
  });
}

/** Adds one row and returns it as the database keeps it. Columns that are not named take their defaults. */
async function insert<Row>(database: Queryable, table: string, values: object): Promise<Row> {
  const columns = Object.keys(values).join(", ");
  const { rows } = await database.query(
    `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM jsonb_populate_record(NULL::${table}, $1) RETURNING *`,
    [JSON.stringify(values)],
  );
  return rows[0] as Row;
}
