import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Database } from "@bureau/engine";
import { lineOf, type PlannedCall, planOf } from "./plan.ts";

/** What was found of one thing that must be true. */
export interface Finding {
  name: string;
  problems: string[];
}

interface CallRow {
  id: string;
  name: string;
  arguments: Record<string, unknown>;
  status: string;
  steps: number;
  results: string[];
}

/** Everything that must be true of a goal that is over, wherever processes were killed. */
export async function verifyGoal(database: Database, work: string, goal: number): Promise<Finding[]> {
  const { rows } = await database.query("SELECT id, status, thread_id FROM goals WHERE name = $1", [`goal${goal}`]);
  const row = rows[0] as { id: string; status: string; thread_id: string };
  const calls = await readCalls(database, row.id);
  const of = (name: string) => `goal ${goal}: ${name}`;
  return [
    { name: of("is done"), problems: row.status === "done" ? [] : [`It is ${row.status}.`] },
    { name: of("every answer once, in order, and none lost"), problems: compareCalls(calls, planOf(goal).flat()) },
    { name: of("every call has one step and one result"), problems: calls.flatMap(unsettled) },
    { name: of("no command twice, and unknown outcomes are said"), problems: await compareLedger(calls, work, goal) },
    { name: of("thread and steps without gaps"), problems: await findGaps(database, row.id, row.thread_id) },
    { name: of("charged once for each answer, nothing set aside"), problems: await compareCharges(database, row.id) },
  ];
}

async function readCalls(database: Database, goalId: string): Promise<CallRow[]> {
  const { rows } = await database.query(
    `SELECT c.id, c.name, c.arguments, c.status,
       (SELECT count(*)::int FROM steps s WHERE s.id = c.step_id) AS steps,
       ARRAY(SELECT i.content->>'status' FROM items i WHERE i.thread_id = r.thread_id AND i.type = 'tool_result'
             AND i.content->>'toolCallId' = c.id) AS results
     FROM tool_calls c JOIN runs r ON r.id = c.run_id WHERE r.goal_id = $1 ORDER BY r.created_at, c.position`,
    [goalId],
  );
  return rows as CallRow[];
}

function compareCalls(calls: CallRow[], plan: PlannedCall[]): string[] {
  const text = ({ name, arguments: values }: PlannedCall) => {
    const keys = Object.keys(values).toSorted();
    return `${name} ${JSON.stringify(keys.map((key) => [key, values[key]]))}`;
  };
  const made = calls.map(text);
  const wanted = plan.map(text);
  const problems = wanted.flatMap((call, index) =>
    made[index] === call ? [] : [`Call ${index + 1} is ${made[index]}.`],
  );
  if (made.length > wanted.length) problems.push(`${made.length - wanted.length} calls too many.`);
  return problems.slice(0, 3);
}

function unsettled(call: CallRow): string[] {
  const isFine = call.steps === 1 && call.results.length === 1 && call.results[0] === call.status;
  return isFine
    ? []
    : [`${call.id} (${call.name}) is ${call.status}; results: ${call.results.join(", ")}; steps: ${call.steps}.`];
}

async function compareLedger(calls: CallRow[], work: string, goal: number): Promise<string[]> {
  const text = await readFile(join(work, `goal${goal}`, "ledger.txt"), "utf8").catch(() => "");
  const lines = text.split("\n").filter((line) => line !== "");
  const problems: string[] = [];
  for (const call of calls) {
    const mayBeUnknown = call.name === "run_command" || call.name === "edit_file";
    if (call.status !== "completed" && !(mayBeUnknown && call.status === "interrupted")) {
      problems.push(`${call.id} (${call.name}) is ${call.status}.`);
    }
    if (call.name !== "run_command") continue;
    const times = lines.filter((line) => line === lineOf(call)).length;
    if (times > 1) problems.push(`The command of line ${lineOf(call)} ran ${times} times.`);
    if (times === 0 && call.status === "completed") problems.push(`The command of line ${lineOf(call)} never ran.`);
  }
  return problems;
}

async function findGaps(database: Database, goalId: string, threadId: string): Promise<string[]> {
  const { rows } = await database.query(
    `SELECT (SELECT count(*)::int FROM items WHERE thread_id = $2) AS items,
       (SELECT max(position) FROM items WHERE thread_id = $2) AS last_item,
       (SELECT item_count FROM threads WHERE id = $2) AS counted,
       (SELECT count(*)::int FROM steps s JOIN runs r ON r.id = s.run_id WHERE r.goal_id = $1) AS steps,
       (SELECT sum(step_count)::int FROM runs WHERE goal_id = $1) AS step_count,
       (SELECT count(*)::int FROM steps s JOIN runs r ON r.id = s.run_id WHERE r.goal_id = $1 AND s.status = 'running') AS open`,
    [goalId, threadId],
  );
  const row = rows[0] as Record<string, number>;
  const problems = [];
  if (row["items"] !== row["last_item"] || row["items"] !== row["counted"])
    problems.push(`Items: ${JSON.stringify(row)}`);
  if (row["steps"] !== row["step_count"] || row["open"] !== 0) problems.push(`Steps: ${JSON.stringify(row)}`);
  return problems;
}

async function compareCharges(database: Database, goalId: string): Promise<string[]> {
  const { rows } = await database.query(
    `SELECT (g.usage->>'inputTokens')::int AS charged, (g.usage->>'modelCalls')::int AS calls,
       (SELECT sum((s.usage->>'inputTokens')::int)::int FROM steps s JOIN runs r ON r.id = s.run_id
        WHERE r.goal_id = g.id) AS counted,
       (SELECT count(*)::int FROM steps s JOIN runs r ON r.id = s.run_id
        WHERE r.goal_id = g.id AND s.kind = 'model_call' AND s.status = 'completed') AS answers,
       (g.reserved_tokens + g.reserved_micros)::int AS reserved
     FROM goals g WHERE id = $1`,
    [goalId],
  );
  const row = rows[0] as Record<string, number>;
  const isFine = row["charged"] === row["counted"] && row["calls"] === row["answers"] && row["reserved"] === 0;
  return isFine ? [] : [JSON.stringify(row)];
}

/** Event numbers without gaps, and a database whose tables and indexes are sound. */
export async function verifyDatabase(database: Database): Promise<Finding[]> {
  const events = await database.query(
    "SELECT count(seq)::int AS count, coalesce(max(seq), 0)::int AS last FROM events",
  );
  const { count, last } = events.rows[0] as { count: number; last: number };
  const tables = await database.query(
    "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname IN ('public', 'dbos') ORDER BY 1",
  );
  const damaged: string[] = [];
  await database.query("CREATE EXTENSION IF NOT EXISTS amcheck");
  for (const { name } of tables.rows as { name: string }[]) {
    try {
      await database.query(`SELECT count(*) FROM ${name}`);
      const heap = await database.query("SELECT msg FROM verify_heapam($1::regclass)", [name]);
      damaged.push(...heap.rows.map((row) => `${name}: ${row.msg}`));
      await database.query(
        `SELECT bt_index_check(i.indexrelid::regclass, true) FROM pg_index i
         JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
         WHERE i.indrelid = $1::regclass AND a.amname = 'btree'`,
        [name],
      );
    } catch (error) {
      damaged.push(`${name}: ${String(error)}`);
    }
  }
  return [
    { name: "event numbers without gaps", problems: count === last ? [] : [`${count} events, the last is ${last}.`] },
    { name: `${tables.rows.length} tables and their indexes are sound`, problems: damaged },
  ];
}
