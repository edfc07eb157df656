import { AppError, type Task, TASK_STATUSES } from "@bureau/protocol";
import { answer, argument } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { connect } from "../connect.ts";
import { renderTable } from "../present/table.ts";
import { oneLine, relativeTime } from "../present/text.ts";
import { taskStatus } from "../present/words.ts";
import { resolveReference } from "../references.ts";
import { readWorkFilter, type WorkFilter } from "../work-filter.ts";
import { tail } from "./runs.ts";

export async function listTasks(call: Call<WorkFilter>): Promise<void> {
  const { terminal, options } = call;
  const { client } = await connect(call);
  const list = await client.listTasks({ query: await readWorkFilter(client, options, TASK_STATUSES) });
  answer(call, list, () => {
    if (list.tasks.length === 0) return "There are no such tasks.\n";
    return renderTable(
      terminal,
      [
        { title: "TASK", value: (task) => task.id },
        { title: "STATUS", value: (task) => taskStatus(terminal, task.status) },
        { title: "CHANGED", value: (task) => relativeTime(terminal.now(), task.updatedAt) },
        { title: "TITLE", value: (task) => oneLine(task.title, 300), flexible: true },
      ],
      list.tasks,
    );
  });
}

export async function showTask(call: Call): Promise<void> {
  const { client } = await connect(call);
  const taskId = await resolveReference(client, "task", argument(call, 0));
  const task = await client.getTask({ params: { taskId } });
  answer(call, task, () => taskText(call, task));
}

export async function cancelTask(call: Call): Promise<void> {
  const { client } = await connect(call);
  const taskId = await resolveReference(client, "task", argument(call, 0));
  const task = await client.cancelTask({ params: { taskId } });
  answer(call, task, () => `${task.id} is ${task.status}.\n`);
}

export async function steerTask(call: Call): Promise<void> {
  const { client } = await connect(call);
  const taskId = await resolveReference(client, "task", argument(call, 0));
  const reply = await client.steerTask({ params: { taskId }, body: { text: argument(call, 1) } });
  answer(call, reply, () =>
    reply.steered ? `${reply.run.id} will read it at its next safe point.\n` : `${reply.run.id} starts on it.\n`,
  );
}

/** Follows the newest run of the task. */
export async function tailTask(call: Call): Promise<number> {
  const connection = await connect(call);
  const { client } = connection;
  const taskId = await resolveReference(client, "task", argument(call, 0));
  const task = await client.getTask({ params: { taskId } });
  const { runs } =
    task.threadId === null ? { runs: [] } : await client.listRuns({ query: { thread: task.threadId, limit: 1 } });
  const run = runs[0];
  if (run !== undefined) return tail(call, connection, run.id);
  throw new AppError("not_found", `The task ${task.id} has no run yet.`, {
    hint: `\`bureau task show ${task.id}\` says how it stands.`,
  });
}

function taskText(call: Call, task: Task): string {
  const { terminal } = call;
  const lines = [
    oneLine(task.title, 500),
    `${task.id}  ${taskStatus(terminal, task.status)}  changed ${relativeTime(terminal.now(), task.updatedAt)}`,
  ];
  if (task.goalId !== null) lines.push(`Goal: ${task.goalId}`);
  if (task.threadId !== null) lines.push(`Thread: ${task.threadId}`);
  return `${lines.join("\n")}\n`;
}
