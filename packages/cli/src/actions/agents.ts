import { resolve } from "node:path";
import { type Ability, type Agent, GOAL_STATUSES } from "@bureau/protocol";
import { answer, argument } from "../answer.ts";
import type { Call } from "../command-line.ts";
import { connect, type Connection } from "../connect.ts";
import { renderTable } from "../present/table.ts";
import { count, oneLine, relativeTime } from "../present/text.ts";
import { goalStatus, runStatus } from "../present/words.ts";
import { resolveReference } from "../references.ts";

const MAX_AGENTS = 500;
const SHOWN = 10;

export async function addAgent(call: Call<{ name?: string }>): Promise<void> {
  const { client } = await connect(call);
  const folder = resolve(call.terminal.folder, argument(call, 0));
  const { name } = call.options;
  const agent = await client.addAgent({ body: { folder, ...(name === undefined ? {} : { name }) } });
  answer(call, agent, () => `${agent.name} works in ${agent.folder}.\n`);
}

export async function newAgent(call: Call<{ instructions?: string }>): Promise<void> {
  const { client } = await connect(call);
  const { instructions } = call.options;
  const name = argument(call, 0);
  const agent = await client.createAgent({ body: { name, ...(instructions === undefined ? {} : { instructions }) } });
  const next = instructions === undefined ? "\nSay in its AGENTS.md what it is for." : "";
  answer(call, agent, () => `${agent.name} works in ${agent.folder}.${next}\n`);
}

export async function listAgents(call: Call): Promise<void> {
  const { client } = await connect(call);
  const list = await client.listAgents({ query: { limit: MAX_AGENTS } });
  answer(call, list, () => renderAgents(call, list.agents));
}

function renderAgents(call: Call, agents: Agent[]): string {
  if (agents.length === 0) return "There are no agents yet. `bureau agent new NAME` makes one.\n";
  return renderTable(
    call.terminal,
    [
      { title: "NAME", value: (agent) => oneLine(agent.name) },
      { title: "STATUS", value: (agent) => agent.status },
      { title: "FOLDER", value: (agent) => oneLine(agent.folder, 500), flexible: true },
    ],
    agents,
  );
}

export async function showAgent(call: Call<{ abilities?: boolean }>): Promise<void> {
  const { terminal } = call;
  const { client } = await connect(call);
  if (call.options.abilities === true) return showAbilities(call, client);
  const id = await resolveReference(client, "agent", argument(call, 0));
  const [agent, { goals }, { runs }] = await Promise.all([
    client.getAgent({ params: { agent: id } }),
    client.listGoals({ query: { agent: id, limit: SHOWN, status: [...GOAL_STATUSES] } }),
    client.listRuns({ query: { agent: id, limit: SHOWN } }),
  ]);
  answer(call, { ...agent, goals, runs }, () => {
    const lines = [`${agent.name} (${agent.status}) works in ${agent.folder}`];
    lines.push("", `${count(goals.length, "goal")}:`);
    for (const goal of goals)
      lines.push(`  ${goal.name}  ${goalStatus(terminal, goal.status)}  ${oneLine(goal.sentence, 120)}`);
    lines.push("", `${count(runs.length, "run")}, newest first:`);
    for (const run of runs) {
      lines.push(`  ${run.id}  ${runStatus(terminal, run.status)}  ${relativeTime(terminal.now(), run.createdAt)}`);
    }
    return `${lines.join("\n")}\n`;
  });
}

export async function pauseAgent(call: Call): Promise<void> {
  const { client } = await connect(call);
  const id = await resolveReference(client, "agent", argument(call, 0));
  const agent = await client.pauseAgent({ params: { agent: id } });
  answer(call, agent, () => `${agent.name} is paused. \`bureau agent resume ${agent.name}\` lets it work again.\n`);
}

export async function resumeAgent(call: Call): Promise<void> {
  const { client } = await connect(call);
  const id = await resolveReference(client, "agent", argument(call, 0));
  const agent = await client.resumeAgent({ params: { agent: id } });
  answer(call, agent, () => `${agent.name} works again.\n`);
}

async function showAbilities(call: Call<{ abilities?: boolean }>, client: Connection["client"]): Promise<void> {
  const agent = await resolveReference(client, "agent", argument(call, 0));
  const abilities = await client.agentAbilities({ params: { agent } });
  const { doesByItself, asksFirst, never } = abilities;
  const part = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? "" : `${title}:\n${lines.map((line) => `  ${oneLine(line, 400)}\n`).join("")}`;
  const told = (list: readonly Ability[]) => list.map((each) => `${each.sentence} (${each.because})`);
  answer(call, abilities, () =>
    [
      part("By itself", told(doesByItself)),
      part("After a yes", told(asksFirst)),
      part("Never", told(never)),
      part("Budgets", abilities.budgets),
      part(
        "Only advice",
        abilities.advice.map(({ text }) => text),
      ),
      part("To know", abilities.notices),
    ]
      .filter((text) => text !== "")
      .join("\n"),
  );
}
