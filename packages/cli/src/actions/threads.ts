import { AppError, RUN_STATUSES, TERMINAL_RUN_STATUSES } from "@bureau/protocol";
import { answer, argument, readLimit, readWhole } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { connect, type Connection } from "../connect.ts";
import { renderTable } from "../present/table.ts";
import { count, oneLine, relativeTime } from "../present/text.ts";
import { resolveReference } from "../references.ts";
import { itemsOf, showItems, tail } from "./runs.ts";

const MAX_POSITION = 2_147_483_647;

interface ListOptions {
  goal?: string;
  agent?: string;
  limit?: string;
}

export async function listThreads(call: Call<ListOptions>): Promise<void> {
  const { terminal, options } = call;
  const { client } = await connect(call);
  const goal = options.goal === undefined ? undefined : await resolveReference(client, "goal", options.goal);
  const agent = options.agent === undefined ? undefined : await resolveReference(client, "agent", options.agent);
  const list = await client.listThreads({
    query: {
      ...readLimit(options.limit),
      ...(goal === undefined ? {} : { goal }),
      ...(agent === undefined ? {} : { agent }),
    },
  });
  answer(call, list, () => {
    if (list.threads.length === 0) return "There are no such threads.\n";
    return renderTable(
      terminal,
      [
        { title: "THREAD", value: (thread) => thread.id },
        { title: "ITEMS", value: (thread) => String(thread.itemCount) },
        { title: "CHANGED", value: (thread) => relativeTime(terminal.now(), thread.updatedAt) },
        { title: "TITLE", value: (thread) => oneLine(thread.title, 300), flexible: true },
      ],
      list.threads,
    );
  });
}

export async function showThread(call: Call<{ after?: string }>): Promise<void> {
  const connection = await connect(call);
  const threadId = await resolveReference(connection.client, "thread", argument(call, 0));
  const after = readWhole("--after", call.options.after, { min: 0, max: MAX_POSITION });
  const thread = await connection.client.getThread({ params: { threadId } });
  const items = await itemsOf(connection, threadId, () => true, after);
  if (call.options.json === true) {
    call.terminal.out(`${JSON.stringify({ ...thread, items })}\n`);
    return;
  }
  call.terminal.err(`${oneLine(thread.title, 300)} (${count(thread.itemCount, "item")})\n`);
  showItems(call, items);
}

/** The thread's items, then what its open run does until it ends. */
export async function tailThread(call: Call): Promise<number> {
  const connection = await connect(call);
  const threadId = await resolveReference(connection.client, "thread", argument(call, 0));
  const open = await openRun(connection, threadId);
  const items = await itemsOf(connection, threadId, (item) => open === null || item.runId !== open);
  showItems(call, items);
  return open === null ? 0 : tail(call, connection, open);
}

export async function cancelThread(call: Call): Promise<void> {
  const connection = await connect(call);
  const threadId = await resolveReference(connection.client, "thread", argument(call, 0));
  const open = await openRun(connection, threadId);
  if (open === null) {
    throw new AppError("conflict", `The thread ${threadId} has no run that could be stopped.`, {
      hint: "`bureau run list` shows the runs.",
    });
  }
  const run = await connection.client.cancelRun({ params: { runId: open } });
  answer(call, run, () => `${run.id} is asked to stop.\n`);
}

export async function steerThread(call: Call): Promise<void> {
  const { client } = await connect(call);
  const threadId = await resolveReference(client, "thread", argument(call, 0));
  const reply = await client.postMessage({ params: { threadId }, body: { text: argument(call, 1) } });
  answer(call, reply, () =>
    reply.steered ? `${reply.run.id} will read it at its next safe point.\n` : `${reply.run.id} starts on it.\n`,
  );
}

async function openRun(connection: Connection, threadId: string): Promise<string | null> {
  const status = RUN_STATUSES.filter((one) => !TERMINAL_RUN_STATUSES.includes(one));
  const { runs } = await connection.client.listRuns({ query: { thread: threadId, status, limit: 1 } });
  return runs[0]?.id ?? null;
}
