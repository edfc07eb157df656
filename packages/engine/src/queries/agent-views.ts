import type {
  Agent,
  AgentAbilities,
  AgentContextFiles,
  AgentMemory,
  AgentSkills,
  CapUse,
  PolicyRule,
} from "@bureau/protocol";
import { isAbsolute, relative, sep } from "node:path";
import { listMemory } from "../context/list-memory.ts";
import { listSkills } from "../context/list-skills.ts";
import { loadContextFiles } from "../context/load-context.ts";
import { abilitiesOf, type ToolFacts } from "../domain/abilities.ts";
import { moneyText, remaining, remainingText } from "../domain/budget.ts";
import { isPersonsFile } from "../domain/persons-files.ts";
import { clause, counted } from "../domain/plain-words.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { Queryable } from "../store/database.ts";
import type { GoalRow } from "../store/rows.ts";
import type { Tool } from "../tools/tool.ts";
import { getAgent } from "./agents.ts";
import { listRules } from "./policy.ts";

const MAX_TOOLS = 500;
const MAX_GOALS = 200;
const MAX_ADVICE = 200;

export interface AgentViewParts {
  database: Queryable;
  workspace: string;
  /** The rules of `bureau.yaml`. */
  settings: readonly PolicyRule[];
  tools: readonly Tool[];
  connectedTools(agent: { folder: string }): Promise<{ tools: readonly Tool[]; notices: readonly string[] }>;
  sandbox: Sandbox;
  caps(): Promise<CapUse[]>;
}

/** What an agent may do as rules, tools, servers and settings are now. Reads only, and runs nothing. */
export async function agentAbilities(parts: AgentViewParts, reference: string): Promise<AgentAbilities> {
  const agent = await getAgent(parts.database, reference);
  const [connected, { rules, advice }, caps, goals] = await Promise.all([
    parts.connectedTools(agent),
    listRules(parts.database, parts.settings),
    parts.caps(),
    openGoals(parts.database, agent),
  ]);
  const tools = [...parts.tools, ...connected.tools].slice(0, MAX_TOOLS);
  const facts = await Promise.all(tools.map((tool) => factsOf(tool, agent, parts.sandbox)));
  const hosts = hostsOf(tools, agent);
  const titles = Object.fromEntries(goals.map((goal) => [goal.id, goal.spec.title]));
  const all = abilitiesOf({ agent: agent.name, tools: facts, rules, goals: titles, hosts });
  return {
    agent: agent.name,
    doesByItself: all.filter((each) => each.verdict === "allow"),
    asksFirst: all.filter((each) => each.verdict === "ask"),
    never: all.filter((each) => each.verdict === "deny"),
    hosts,
    budgets: [...capSentences(caps, agent.name), ...goals.flatMap(budgetSentence)],
    advice: advice
      .filter((each) => Object.hasOwn(titles, each.goalId))
      .slice(0, MAX_ADVICE)
      .map(({ goalId, text }) => ({ goalId, text })),
    notices: [...connected.notices],
  };
}

async function openGoals(database: Queryable, agent: Agent): Promise<GoalRow[]> {
  const { rows } = await database.query<GoalRow>({
    name: "open_goals_of_agent",
    text: `SELECT * FROM goals WHERE agent_id = $1 AND status NOT IN ('done', 'abandoned')
           ORDER BY id DESC LIMIT ${MAX_GOALS}`,
    values: [agent.id],
  });
  return rows;
}

/** Arguments that no tool is called with: some tools say by them what their calls reach. */
const PROBE = { url: "https://somewhere.invalid/", command: "true", path: "x", query: "x" };

function describe(tool: Tool, agent: Agent) {
  try {
    return tool.describe?.(PROBE, { agent: agent.name }) ?? null;
  } catch {
    // It has arguments of its own, and says nothing without them.
    return null;
  }
}

async function factsOf(tool: Tool, agent: Agent, sandbox: Sandbox): Promise<ToolFacts> {
  const needsApproval = await tool.needsApproval?.(PROBE, { folder: agent.folder, sandbox }).catch(() => null);
  return {
    name: tool.name,
    kind: tool.kind ?? tool.name,
    effect: tool.effect,
    carriesOut: describe(tool, agent)?.carriesOut ?? false,
    needsApproval: needsApproval ?? null,
  };
}

function hostsOf(tools: readonly Tool[], agent: Agent): string[] {
  const command = tools.find((tool) => tool.name === "run_command");
  return command === undefined ? [] : [...(describe(command, agent)?.targets ?? [])];
}

function capSentences(caps: readonly CapUse[], agent: string): string[] {
  return caps
    .filter((cap) => cap.of === "workspace" || cap.scope === agent)
    .map((cap) => {
      const whose = cap.of === "workspace" ? "All agents together" : "It";
      const when = cap.period === "day" ? "a day" : "in all";
      const amount = (value: number) =>
        cap.limit === "micros" ? moneyText(value) : counted(value, cap.limit === "tokens" ? "token" : "run");
      return `${whose} may use ${amount(cap.cap)} ${when}; ${amount(cap.left)} ${cap.left === 1 ? "is" : "are"} left.`;
    });
}

function budgetSentence(goal: GoalRow): string[] {
  const left = remainingText(remaining(goal.usage, { tokens: 0, micros: 0 }, goal.spec.budget));
  return left === null ? [] : [`For the goal "${clause(goal.spec.title, 100)}" ${left} are left.`];
}

/** The context files that an agent reads, with their text. */
export async function agentContext(
  parts: Pick<AgentViewParts, "database" | "workspace">,
  reference: string,
): Promise<AgentContextFiles> {
  const agent = await getAgent(parts.database, reference);
  const { files, notices } = await loadContextFiles({ workspace: parts.workspace, folder: agent.folder });
  return {
    files: files.map(({ path, shownAs, bytes, text, hash }) => ({
      path: shownAs,
      bytes,
      text,
      hash,
      editors: isAgents(agent, path) ? "person_and_agent" : "person",
    })),
    notices: [...notices],
  };
}

/** An agent writes what lies in its folder, but for what is a person's. */
function isAgents(agent: Agent, path: string): boolean {
  const way = relative(agent.folder, path);
  return (
    way !== "" && !isAbsolute(way) && way !== ".." && !way.startsWith(`..${sep}`) && !isPersonsFile(way.split(sep))
  );
}

export async function agentSkills(
  { database, workspace }: Pick<AgentViewParts, "database" | "workspace">,
  reference: string,
): Promise<AgentSkills> {
  const { folder } = await getAgent(database, reference);
  return await listSkills({ workspace, folder });
}

export async function agentMemory(
  { database, workspace }: Pick<AgentViewParts, "database" | "workspace">,
  reference: string,
): Promise<AgentMemory> {
  const { folder } = await getAgent(database, reference);
  return await listMemory({ workspace, folder });
}
