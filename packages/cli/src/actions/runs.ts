import { type Item, type Run, RUN_STATUSES, TERMINAL_RUN_STATUSES, type Step } from "@bureau/protocol";
import { answer, argument } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { connect, type Connection } from "../connect.ts";
import { endOfRun, follow } from "../follow.ts";
import { createPrinter } from "../present/printer.ts";
import { renderTable } from "../present/table.ts";
import { cleanText, count, money, oneLine, relativeTime, span } from "../present/text.ts";
import { runExit, runStatus } from "../present/words.ts";
import { resolveReference } from "../references.ts";
import type { Terminal } from "../terminal.ts";
import { readWorkFilter, type WorkFilter } from "../work-filter.ts";

const PAGE = 500;
const MAX_PAGES = 100;
/** Steps at the end of a run of which some may be at work. */
const LAST_STEPS = 50;

export async function listRuns(call: Call<WorkFilter>): Promise<void> {
  const { terminal, options } = call;
  const { client } = await connect(call);
  const list = await client.listRuns({ query: await readWorkFilter(client, options, RUN_STATUSES) });
  answer(call, list, () => {
    if (list.runs.length === 0) return 'There are no such runs. `bureau run "…"` starts one.\n';
    return renderTable(
      terminal,
      [
        { title: "RUN", value: (run) => run.id },
        { title: "STATUS", value: (run) => runStatus(terminal, run.status) },
        { title: "STARTED", value: (run) => relativeTime(terminal.now(), run.createdAt) },
        { title: "HOW IT STANDS", value: (run) => oneLine(run.sentence, 300), flexible: true },
      ],
      list.runs,
    );
  });
}

export async function showRun(call: Call<{ explain?: boolean }>): Promise<void> {
  const { client } = await connect(call);
  const runId = await resolveReference(client, "run", argument(call, 0));
  if (call.options.explain === true) return explain(call, client, runId);
  const [run, { steps }, { toolCalls }] = await Promise.all([
    client.getRun({ params: { runId } }),
    client.listSteps({ params: { runId }, query: { limit: PAGE } }),
    client.listToolCalls({ params: { runId }, query: { limit: PAGE } }),
  ]);
  answer(call, { ...run, steps, toolCalls }, () => renderRun(call.terminal, run, steps));
}

/** The paragraph, then a line for each step. */
async function explain(call: Pick<Call, "terminal" | "options">, client: Connection["client"], runId: string) {
  const explanation = await client.explainRun({ params: { runId }, query: { limit: PAGE } });
  for (let page = 1; page < MAX_PAGES && explanation.nextAfter !== null; page += 1) {
    const query = { after: explanation.nextAfter, limit: PAGE };
    const more = await client.explainRun({ params: { runId }, query });
    explanation.timeline.push(...more.timeline);
    explanation.nextAfter = more.nextAfter;
  }
  answer(call, explanation, () => {
    const lines = explanation.timeline.map((entry) => {
      const cost = entry.tokens === 0 ? "" : `, ${count(entry.tokens, "token")}, ${money(entry.micros)}`;
      const time = entry.durationMs === null ? "under way" : span(entry.durationMs);
      return `${String(entry.number).padStart(4)}  ${oneLine(entry.sentence, 300)} (${time}${cost})\n`;
    });
    return `${cleanText(explanation.text)}\n${lines.length === 0 ? "" : `\n${lines.join("")}`}`;
  });
}

function renderRun(terminal: Terminal, run: Run, steps: Step[]): string {
  const { usage } = run;
  const model =
    run.model === null
      ? ""
      : `Model: ${run.model}${run.rehearsal ? " (a rehearsal: the words were written beforehand)" : ""}\n`;
  const head = `${run.id}  ${runStatus(terminal, run.status)}\n${oneLine(run.sentence, 500)}\n${model}`;
  const used = `Used: ${count(usage.tokens, "token")}, ${money(usage.micros)}, ${span(usage.activeMs)}, ${count(usage.modelCalls, "model call")}, ${count(usage.toolCalls, "tool call")}\n`;
  if (steps.length === 0) return `${head}${used}`;
  const table = renderTable(
    terminal,
    [
      { title: "STEP", value: (step) => String(step.number) },
      { title: "KIND", value: (step) => step.kind.replace("_", " ") },
      { title: "STATUS", value: (step) => step.status },
      { title: "TOOK", value: (step) => took(step) },
      {
        title: "NAME",
        value: (step) => oneLine(step.error === null ? step.name : `${step.name}: ${step.error}`, 300),
        flexible: true,
      },
    ],
    steps,
  );
  return `${head}${used}\n${table}`;
}

function took(step: Step): string {
  if (step.endedAt === null) return "-";
  return span(Date.parse(step.endedAt) - Date.parse(step.startedAt));
}

/** What the run did so far, then what it does until it ends. */
export async function tailRun(call: Call): Promise<number> {
  const connection = await connect(call);
  const runId = await resolveReference(connection.client, "run", argument(call, 0));
  return tail(call, connection, runId);
}

/** The same for a run that was found in another way. */
export async function tail(
  call: Pick<Call, "terminal" | "options">,
  connection: Connection,
  runId: string,
): Promise<number> {
  const { terminal, options } = call;
  const { lastSeq } = await connection.client.getStatus();
  const run = await connection.client.getRun({ params: { runId } });
  const items = await itemsOf(connection, run.threadId, (item) => item.runId === runId);
  showItems(call, items);
  if (isSettled(run)) {
    const exitCode = runExit(run);
    if (options.json === true) terminal.out(`${JSON.stringify({ type: "result", exitCode, run })}\n`);
    else terminal.err(`${runStatus(terminal, run.status)}: ${oneLine(run.sentence, 500)}\n`);
    return exitCode;
  }
  const { steps } = await connection.client.listSteps({
    params: { runId },
    query: { after: Math.max(0, run.stepCount - LAST_STEPS), limit: PAGE },
  });
  const begun = steps.filter((step) => step.status === "running").map((step) => step.id);
  const leave = new AbortController();
  const stopListening = terminal.onInterrupt(() => leave.abort());
  try {
    const followed = await follow({
      call,
      connection,
      filter: { run: runId },
      after: lastSeq,
      begun,
      end: endOfRun(runId),
      signal: leave.signal,
    });
    const now = await connection.client.getRun({ params: { runId } });
    const exitCode = followed.exitCode ?? 0;
    if (options.json === true) terminal.out(`${JSON.stringify({ type: "result", exitCode, run: now })}\n`);
    return exitCode;
  } finally {
    stopListening();
  }
}

function isSettled(run: Run): boolean {
  return TERMINAL_RUN_STATUSES.includes(run.status) || (run.status === "waiting" && run.waitReason !== "timer");
}

/** All items of a thread that fit, oldest first. */
export async function itemsOf(
  connection: Connection,
  threadId: string,
  fits: (item: Item) => boolean,
  from = 0,
): Promise<Item[]> {
  const items: Item[] = [];
  let after = from;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const part = await connection.client.listItems({ params: { threadId }, query: { after, limit: PAGE } });
    items.push(...part.items.filter(fits));
    if (part.nextAfter === null) break;
    after = part.nextAfter;
  }
  return items;
}

/** For people as a run writes them; in JSON one item a line. */
export function showItems(call: Pick<Call, "terminal" | "options">, items: readonly Item[]): void {
  if (call.options.json === true) {
    for (const item of items) call.terminal.out(`${JSON.stringify({ type: "item", item })}\n`);
    return;
  }
  const printer = createPrinter(call.terminal);
  for (const item of items) printer.item(item);
  printer.close();
}

export async function cancelRun(call: Call): Promise<void> {
  const { client } = await connect(call);
  const runId = await resolveReference(client, "run", argument(call, 0));
  const run = await client.cancelRun({ params: { runId } });
  answer(call, run, () =>
    run.status === "canceled" ? `${run.id} is canceled.\n` : `${run.id} is asked to stop; it is ${run.status} now.\n`,
  );
}

export async function steerRun(call: Call): Promise<void> {
  const { client } = await connect(call);
  const runId = await resolveReference(client, "run", argument(call, 0));
  const run = await client.steerRun({ params: { runId }, body: { text: argument(call, 1) } });
  answer(call, run, () => `${run.id} will read it at its next safe point.\n`);
}
