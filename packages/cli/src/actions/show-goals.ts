import { type Budget, type Evidence, type Goal, GOAL_STATUSES, type Run, type Usage } from "@bureau/protocol";
import { answer, argument, readLimit, readList } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { connect } from "../connect.ts";
import { checkLines } from "../present/evidence.ts";
import { renderTable } from "../present/table.ts";
import { cleanText, count, money, oneLine, relativeTime, span } from "../present/text.ts";
import { goalStatus, runStatus } from "../present/words.ts";
import { resolveReference } from "../references.ts";
import type { Terminal } from "../terminal.ts";

const SHOWN_RUNS = 10;
const SHOWN_EVIDENCE = 200;

export async function listGoals(call: Call<{ status?: string; agent?: string; limit?: string }>): Promise<void> {
  const { terminal, options } = call;
  const { client } = await connect(call);
  const agent = options.agent === undefined ? undefined : await resolveReference(client, "agent", options.agent);
  const status = readList("--status", options.status, GOAL_STATUSES);
  const list = await client.listGoals({
    query: {
      ...readLimit(options.limit),
      ...(status === undefined ? {} : { status }),
      ...(agent === undefined ? {} : { agent }),
    },
  });
  answer(call, list, () => {
    if (list.goals.length === 0) return 'There are no such goals. `bureau goal add "…"` sets one.\n';
    return renderTable(
      terminal,
      [
        { title: "NAME", value: (goal) => oneLine(goal.name, 40) },
        { title: "STATUS", value: (goal) => goalStatus(terminal, goal.status) },
        { title: "CHANGED", value: (goal) => relativeTime(terminal.now(), goal.updatedAt) },
        { title: "HOW IT STANDS", value: (goal) => oneLine(goal.sentence || goal.title, 300), flexible: true },
      ],
      list.goals,
    );
  });
}

export async function showGoal(call: Call): Promise<void> {
  const { client } = await connect(call);
  const id = await resolveReference(client, "goal", argument(call, 0));
  const [goal, { evidence }, { runs }] = await Promise.all([
    client.getGoal({ params: { goal: id } }),
    client.listEvidence({ params: { goal: id }, query: { limit: SHOWN_EVIDENCE } }),
    client.listGoalRuns({ params: { goal: id }, query: { limit: SHOWN_RUNS } }),
  ]);
  answer(call, { ...goal, evidence, runs }, () => renderGoal(call.terminal, goal, evidence, runs));
}

function renderGoal(terminal: Terminal, goal: Goal, evidence: Evidence[], runs: Run[]): string {
  const lines = [
    `${cleanText(goal.title)}`,
    `${goal.name}  ${goalStatus(terminal, goal.status)}  version ${goal.version}`,
    goal.sentence,
  ];
  if (goal.done !== null) lines.push("", `Done when: ${cleanText(goal.done)}`);
  lines.push("", "Checks:", ...checkLines(terminal, goal, evidence));
  if (goal.constraints.length > 0)
    lines.push("", "Constraints:", ...goal.constraints.map((one) => `  - ${cleanText(one)}`));
  lines.push("", `Used: ${usedText(goal.usage, goal.budget)}`);
  if (runs.length > 0) {
    lines.push("", "Runs, newest first:");
    for (const run of runs)
      lines.push(
        `  ${run.id}  ${runStatus(terminal, run.status)}  ${relativeTime(terminal.now(), run.createdAt)}  ${oneLine(run.sentence, 120)}`,
      );
  }
  if (goal.file !== null) lines.push("", `File: ${goal.file}`);
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

/** What was used, each of it beside its cap where it has one. */
export function usedText(usage: Usage, budget: Budget): string {
  const of = (cap: string | undefined) => (cap === undefined ? "" : ` of ${cap}`);
  return [
    `${count(usage.tokens, "token")}${of(budget.tokens?.toLocaleString("en-US"))}`,
    `${money(usage.micros)}${of(budget.micros === undefined ? undefined : money(budget.micros))}`,
    `${span(usage.activeMs)}${of(budget.timeMs === undefined ? undefined : span(budget.timeMs))}`,
    `${count(usage.turns, "turn")}${of(budget.turns?.toString())}`,
    `${count(usage.toolCalls, "tool call")}${of(budget.toolCalls?.toString())}`,
  ].join(", ");
}
